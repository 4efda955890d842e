import { expect } from "chai";
import { bitsFrom } from "../../protocol/bits.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import { accountKey, encodeAccount } from "../../protocol/state.ts";
import {
  type Beacon,
  deployBeacon,
  depositAll,
  newKeys,
  openShards,
  passGenesis,
  passToEpoch,
} from "../support/beacon.ts";
import { Voters } from "../support/checkpoints.ts";
import { ShardState } from "../support/shard-state.ts";

/** Shard 2 of four stands in the settled checkpoint of epoch 1, where seat 5 was absent, with an account and three messages to the parent chain. */
describe("CrosslinkAnchors: reads of settled state", () => {
  const ALICE = new Uint8Array(20).fill(0xa1);
  const BOB = new Uint8Array(20).fill(0xb0);

  let beacon: Beacon;
  let state: ShardState;
  let checkpoint: Checkpoint;
  let crosslink: Crosslink;
  let voters: Voters;

  before(async () => {
    beacon = await deployBeacon();
    const keys = newKeys(beacon.crypto, 16);
    await depositAll(beacon, keys);
    await openShards(beacon, 2);
    await passGenesis(beacon);

    state = new ShardState(beacon.crypto, beacon.domain, 2);
    state.setAccount(ALICE, 1n, 10n ** 18n);
    state.setAccount(BOB, 0n, 5n);
    for (const value of [1n, 2n, 3n]) state.send({ destination: 0, sender: ALICE, recipient: BOB, value });
    state.send({ destination: 1, sender: BOB, recipient: ALICE, value: 9n });

    voters = new Voters(beacon, keys);
    const change = (stateRoot: Uint8Array, block: number) => ({
      position: 1,
      shardId: 2,
      record: { generation: 0, firstBlock: block, lastBlock: block, blocksRoot: new Uint8Array(32).fill(7), stateRoot },
    });
    await passToEpoch(beacon, 2);
    await voters.justify(1, { changes: [change(state.root(), 1)], absent: [5] });
    checkpoint = voters.source;
    crosslink = voters.crosslinks.get(1) as Crosslink;
    await passToEpoch(beacon, 3);
    await voters.justify(2, { changes: [change(new Uint8Array(32).fill(9), 2)] });
  });

  const proof = (overrides: object = {}) => ({
    ...voters.proof(checkpoint, 1, crosslink, bitsFrom([5], 16)),
    ...overrides,
  });

  it("refuses everything before settlement, and then shows the crosslink", async () => {
    const { anchors } = beacon;
    await expect(anchors.verifyCrosslink(proof()))
      .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NotSettled")
      .withArgs(1);
    await passToEpoch(beacon, 5);
    await anchors.settle(1);
    expect(await anchors.verifyCrosslink(proof())).to.equal(
      toHex(crosslinkHash(beacon.crypto, beacon.domain, crosslink)),
    );
  });

  it("reads a word of the state", async () => {
    const { anchors, crypto } = beacon;
    const key = accountKey(crypto, ALICE);
    const siblings = state.path(key).map(toHex);
    const word = toHex(encodeAccount(1n, 10n ** 18n));
    await anchors.verifyState(proof(), key, word, { siblings });
  });

  it("finds every message in its outbox", async () => {
    const { anchors } = beacon;
    for (const [destination, count] of [
      [0, 3],
      [1, 1],
    ] as const) {
      for (let index = 0; index < count; index++) {
        const { message, ...path } = state.messageProof(destination, index);
        await anchors.verifyMessage(message, { crosslink: proof(), ...path });
        console.log(
          `      gas: verifyMessage ${await anchors.verifyMessage.estimateGas(message, { crosslink: proof(), ...path })}`,
        );
      }
    }
  });
});
