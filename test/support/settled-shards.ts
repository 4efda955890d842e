import { bitsFrom } from "../../protocol/bits.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import { ANY, type BadInput, type Refusal } from "./bad-inputs.ts";
import { deployBeacon, depositAll, impersonate, newKeys, openShards, passGenesis, passToEpoch } from "./beacon.ts";
import { Voters } from "./checkpoints.ts";
import { ShardState } from "./shard-state.ts";

export const ALICE = new Uint8Array(20).fill(0xa1);
export const BOB = new Uint8Array(20).fill(0xb0);
/** The seats that did not vote for the checkpoint of epoch 1. */
const ABSENT = [5];
const SEATS = 16;

export type CrosslinkProof = ReturnType<Voters["proof"]>;
export type SettledShards = Awaited<ReturnType<typeof settledShards>>;

/**
 * Shards 1 and 2 in the checkpoints of epochs 1 and 2, which are settled, and 3, which is not. From epoch 2 on the entry
 * of shard 2 is of a generation that it has left. Each shard has sent three messages to the parent chain in epoch 1, one to
 * the other shard, and one more to the parent chain in each later epoch.
 */
export async function settledShards() {
  const beacon = await deployBeacon();
  const { anchors, shards, crypto, domain } = beacon;
  const keys = newKeys(crypto, SEATS);
  await depositAll(beacon, keys);
  await openShards(beacon, 2);
  await beacon.vault.lock({ value: 10n ** 18n });
  await passGenesis(beacon);

  function stateOf(shardId: number, epoch: number): ShardState {
    const state = new ShardState(crypto, domain, shardId);
    state.setAccount(ALICE, 1n, 10n ** 18n * BigInt(shardId));
    state.setAccount(BOB, 0n, BigInt(epoch));
    const value = (n: number) => BigInt(100 * shardId + n);
    for (let n = 1; n <= 2 + epoch; n++) state.send({ destination: 0, sender: ALICE, recipient: BOB, value: value(n) });
    state.send({ destination: 3 - shardId, sender: BOB, recipient: ALICE, value: value(9) });
    return state;
  }

  const voters = new Voters(beacon, keys);
  const checkpoints = new Map<number, Checkpoint>();
  const crosslinks = new Map<number, ReadonlyMap<number, Crosslink>>();
  for (const epoch of [1, 2, 3]) {
    await passToEpoch(beacon, epoch + 1);
    if (epoch === 2) await shards.connect(await impersonate(beacon, anchors)).advanceGeneration(2);
    const changes = [1, 2].map((shardId) => ({
      position: shardId - 1,
      shardId,
      record: {
        generation: 0,
        firstBlock: epoch,
        lastBlock: epoch,
        blocksRoot: new Uint8Array(32).fill(epoch),
        stateRoot: stateOf(shardId, epoch).root(),
      },
    }));
    await voters.justify(epoch, { changes, absent: epoch === 1 ? ABSENT : [] });
    checkpoints.set(epoch, voters.source);
    crosslinks.set(epoch, voters.crosslinks);
  }
  await passToEpoch(beacon, 7);
  await anchors.settle(9);

  const commitments = new Map<number, string>();
  for (const epoch of [1, 2]) commitments.set(epoch, (await anchors.checkpoint(epoch)).commitment);

  const crosslinkOf = (shardId: number, epoch: number) => crosslinks.get(epoch)?.get(shardId - 1) as Crosslink;

  function crosslinkProof(shardId: number, epoch: number): CrosslinkProof {
    const checkpoint = checkpoints.get(epoch) as Checkpoint;
    const absent = epoch === 1 ? bitsFrom(ABSENT, SEATS) : new Uint8Array();
    return voters.proof(checkpoint, shardId - 1, crosslinkOf(shardId, epoch), absent);
  }

  /** A message and all that shows it. */
  function claim(shardId: number, epoch: number, index: number, destination = 0) {
    return {
      ...stateOf(shardId, epoch).messageProof(destination, index),
      crosslink: crosslinkProof(shardId, epoch),
    };
  }

  return {
    beacon,
    stateOf,
    crosslink: crosslinkOf,
    crosslinkProof,
    claim,
    /** What the contract keeps of the epoch's checkpoint, which is settled. */
    commitment: (epoch: number) => commitments.get(epoch) as string,
  };
}

export const HASH = toHex(new Uint8Array(32).fill(0x99));

/** The same hashes, each a place down. */
export function rotated(siblings: readonly string[]): string[] {
  return [...siblings.slice(1), ...siblings.slice(0, 1)];
}

/** Everything that is wrong with the proof of shard 1's crosslink in epoch 1, whatever it is shown for. */
export function badCrosslinks<Input extends { readonly crosslink: CrosslinkProof }>(
  shards: () => SettledShards,
): readonly BadInput<Input>[] {
  const row = (name: string, wrong: (good: CrosslinkProof) => Partial<CrosslinkProof>, refusal: Refusal | null) => ({
    name,
    change: ({ crosslink }: Input) => ({ crosslink: { ...crosslink, ...wrong(crosslink) } }) as Partial<Input>,
    refusal: ({ crosslink }: Input): Refusal =>
      refusal ?? ["CrosslinkAnchors_WrongCrosslink", ANY, shards().commitment(Number(crosslink.checkpointEpoch))],
  });
  const within = (name: string, wrong: Partial<CrosslinkProof["crosslink"]>) =>
    row(`a crosslink of another ${name}`, ({ crosslink }) => ({ crosslink: { ...crosslink, ...wrong } }), null);
  const length = (n: number): Refusal => ["PaddedTree_ProofLength", n, 2];
  return [
    within("generation", { generation: 1 }),
    within("epoch", { epoch: 2 }),
    within("parent", { parent: HASH }),
    within("first block", { firstBlock: 0 }),
    within("last block", { lastBlock: 2 }),
    within("list of blocks", { blocksRoot: HASH }),
    within("state", { stateRoot: HASH }),
    row("another position", () => ({ position: 1 }), null),
    row("the last position", () => ({ position: 3 }), null),
    row("a position that is not there", () => ({ position: 4 }), ["PaddedTree_IndexOutOfRange", 4, 4]),
    row("a far position", () => ({ position: 65_535 }), ["PaddedTree_IndexOutOfRange", 65_535, 4]),
    row("another body", () => ({ bodyRoot: HASH }), null),
    row("the body of another epoch", () => ({ bodyRoot: shards().crosslinkProof(1, 2).bodyRoot }), null),
    row("others absent", () => ({ absentHash: HASH }), null),
    row("nobody absent", () => ({ absentHash: `0x${"00".repeat(32)}` }), null),
    row("an entry's siblings changed", ({ siblings }) => ({ siblings: [HASH, ...siblings.slice(1)] }), null),
    row("an entry's siblings rotated", ({ siblings }) => ({ siblings: rotated(siblings) as typeof siblings }), null),
    row("the siblings of another shard", () => ({ siblings: shards().crosslinkProof(2, 1).siblings }), null),
    row("the siblings of another epoch", () => ({ siblings: shards().crosslinkProof(1, 2).siblings }), null),
    row("no siblings of the entry", () => ({ siblings: [] }), length(0)),
    row("a sibling of the entry too few", ({ siblings }) => ({ siblings: siblings.slice(1) }), length(1)),
    row("a sibling of the entry too many", ({ siblings }) => ({ siblings: [...siblings, HASH] }), length(3)),
    row("the entry for the root", ({ siblings }) => ({ siblings: new Array(33).fill(siblings[0]) }), length(33)),
    row("the proof for another settled epoch", () => ({ checkpointEpoch: 2 }), null),
    ...[0n, 4n, 2n ** 64n - 1n].map((epoch) =>
      row(`the proof for epoch ${epoch}`, () => ({ checkpointEpoch: epoch as never }), [
        "CrosslinkAnchors_NotSettled",
        epoch,
      ]),
    ),
    row("what is not settled yet", () => shards().crosslinkProof(1, 3), ["CrosslinkAnchors_NotSettled", 3]),
  ];
}
