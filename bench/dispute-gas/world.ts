import { buildBlock } from "../../ledger/build-block.ts";
import type { Fault } from "../../ledger/dispute-evidence.ts";
import { createLedgerEnvironment, type LedgerEnvironment, type ParentFacts } from "../../ledger/environment.ts";
import type { SentMessage } from "../../ledger/receipt.ts";
import { ShardState } from "../../ledger/shard-state.ts";
import { encodeImportInbox, encodeImportMessage, STEP_KIND, type Step } from "../../ledger/step.ts";
import { openStepOn, type StepAccess, type StepWitness } from "../../ledger/step-witness.ts";
import { appendTreeProof } from "../../protocol/append-tree.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import { fromHex, toHex, word, ZERO_HASH } from "../../protocol/bytes.ts";
import { type Checkpoint, entryProof } from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import type { CrosslinkProof } from "../../protocol/crosslink-proof.ts";
import { INBOX_DEPOSIT, INBOX_FORCED_TRANSACTION, type InboxEntry } from "../../protocol/inbox-entry.ts";
import { addressOfKey } from "../../protocol/operator-signature.ts";
import { MAX_STEPS, parametersFor } from "../../protocol/presets.ts";
import { cursorKey, encodeAccount, outboxKey, writeAccountKeyPreimage } from "../../protocol/state.ts";
import { encodeSendMessage, MESSENGER_ADDRESS } from "../../protocol/system-contracts.ts";
import type { TraceLeaf } from "../../protocol/trace.ts";
import { signTransaction } from "../../protocol/transaction.ts";
import { depositAll, newKeys, openShards, passGenesis, passToEpoch } from "../../test/support/beacon.ts";
import { type Change, Voters } from "../../test/support/checkpoints.ts";
import { deployDisputingBeacon } from "../../test/support/judges.ts";
import { type LyingCrosslink, lie, type SoundBlock, type SoundCrosslink } from "../../test/support/liars.ts";
import { SeededRandom } from "../../test/support/random.ts";

/** A lie that is told on a shard of its own. */
export interface AnchoredLie {
  readonly name: string;
  readonly fault: Fault;
  /** Position of the step that it is about, in the first block of the crosslink. */
  readonly step: number;
}

export const ACCOUNTS = 1_000_000;
export const BLOCKS = 64;
const COMMITTEE = 4;

/** Sizes of mainnet, but small committees: who votes makes no difference. Slots of a minute leave room for transactions. */
const PARAMETERS = {
  ...parametersFor("mainnet", "devnet"),
  secondsPerSlot: 60,
  committeeSize: COMMITTEE,
  minOccupied: COMMITTEE,
  maxBlocks: BLOCKS,
};

/** Of the first crosslinks, which are settled; of those that are disputed, when every duty is due. */
const FIRST_EPOCH = 1;
const DISPUTED_EPOCH = 14;

/** Shard 1 sends messages to these two; all others send to shard 1. */
const SOURCE = 1;
export const IMPORTER = 2;
export const DEMANDED = 3;
const MESSAGES = 4;

const GWEI = 10n ** 9n;
const ETHER = 10n ** 18n;
const ALICE = word(77);

export type DisputeWorld = Awaited<ReturnType<typeof createWorld>>;

/** A lying crosslink on the parent chain, and what its disputed step reads. */
export interface Anchored {
  readonly lying: LyingCrosslink;
  readonly proof: CrosslinkProof;
  readonly witness: StepWitness;
  /** Of the inbox and of shard 1, in the state below and in the crosslink's. */
  readonly cursors: Readonly<Record<0 | 1, readonly [before: StepAccess, after: StepAccess]>>;
}

/** Parent-chain facts as they stand on the chain. */
class ChainFacts implements ParentFacts {
  readonly seeds = new Map<number, Uint8Array>();
  readonly entries = new Map<string, { readonly digest: Uint8Array; readonly epoch: number }>();
  settled: { readonly epoch: number; readonly root: Uint8Array; readonly settledEpoch: number } | null = null;

  seed(epoch: number): Uint8Array | null {
    return this.seeds.get(epoch) ?? null;
  }

  shardCount(): number {
    return PARAMETERS.shardCount;
  }

  inboxEntryDigest(shardId: number, index: number) {
    return this.entries.get(`${shardId}/${index}`) ?? null;
  }

  settledCheckpointRoot(epoch: number, _: number, asOfEpoch: number): Uint8Array | null {
    if (this.settled?.epoch !== epoch || this.settled.settledEpoch > asOfEpoch) return null;
    return this.settled.root;
  }
}

/**
 * For every case a shard of its own with a lying crosslink that is accepted and not settled: 64 blocks, the first of them of
 * 16,384 steps, on a state of a million accounts. Only the first steps of that block are real.
 */
export async function createWorld(cases: readonly AnchoredLie[], say: (line: string) => void) {
  const random = new SeededRandom("dispute-gas");
  const beacon = await deployDisputingBeacon(PARAMETERS);
  const { crypto, domain, registry, inbox, anchors, networkHelpers, stranger } = beacon;
  await networkHelpers.setBalance(beacon.launcher.address, 10_000n * ETHER);
  const keys = newKeys(crypto, COMMITTEE * PARAMETERS.shardCount, random);
  await depositAll(beacon, keys, 64);
  await openShards(beacon, PARAMETERS.shardCount);

  const facts = new ChainFacts();
  const environmentOf = (shardId: number): LedgerEnvironment =>
    createLedgerEnvironment({ crypto, domain, parameters: PARAMETERS, facts, shardId });
  const addressAt = (i: number) => crypto.sha256(word(i)).subarray(12);
  const sign = (shardId: number, nonce: bigint, to: Uint8Array, data: Uint8Array = new Uint8Array()) => {
    const { chainId } = environmentOf(shardId);
    const fees = { maxPriorityFeePerGas: GWEI, maxFeePerGas: 2n * GWEI, gasLimit: 100_000n };
    return signTransaction(crypto, { chainId, nonce, ...fees, to, value: 5n, data }, ALICE);
  };
  const message = (shardId: number, nonce: bigint, destination: number): Step => {
    const data = encodeSendMessage({ destination, recipient: addressAt(5), data: new Uint8Array(256).fill(1) });
    return { kind: STEP_KIND.transaction, payload: sign(shardId, nonce, MESSENGER_ADDRESS, data) };
  };
  const firstMessages = (shardId: number): Step[] => {
    const last = shardId === SOURCE ? DEMANDED : SOURCE;
    const destinations = [...new Array<number>(MESSAGES - 1).fill(shardId === SOURCE ? IMPORTER : SOURCE), last];
    return destinations.map((destination, nonce) => message(shardId, BigInt(nonce), destination));
  };
  /** Alice's next nonce after block 1. */
  const nonce = BigInt(MESSAGES);

  // Every shard has one entry, from before genesis: a deposit, or a forced transaction where a case imports one.
  const entries = new Map<number, InboxEntry>();
  for (const [i, { name }] of cases.entries()) {
    const shardId = i + 1;
    const isForced = name === "forced-transaction";
    const data = isForced ? sign(shardId, nonce, addressAt(9)) : new Uint8Array();
    const recipient = isForced ? new Uint8Array(20) : addressAt(9);
    const value = isForced ? 0n : 7n;
    const depositor = inbox.connect(stranger);
    if (isForced) await depositor.force(shardId, toHex(data));
    else await depositor.deposit(shardId, toHex(recipient), { value });
    const kind = isForced ? INBOX_FORCED_TRANSACTION : INBOX_DEPOSIT;
    const sender = fromHex(stranger.address);
    entries.set(shardId, { shardId, index: 0, epoch: 0, kind, sender, recipient, value, data });
    facts.entries.set(`${shardId}/0`, { digest: fromHex(await inbox.entry(shardId, 0)), epoch: 0 });
  }
  await passGenesis(beacon);

  const state = loadState();
  say(`a state of ${ACCOUNTS} accounts is there`);
  const voters = new Voters(beacon, keys);

  /** As many accounts as in a shard with a history; nothing that is shown tells the difference. */
  function loadState(): ShardState {
    const owners = [addressOfKey(crypto, ALICE), ...Array.from({ length: ACCOUNTS - 1 }, (_, i) => addressAt(i))];
    const preimages = new Uint8Array(64 * ACCOUNTS);
    for (const [i, owner] of owners.entries()) writeAccountKeyPreimage(preimages, 64 * i, owner);
    const accountKeys = new Uint8Array(32 * ACCOUNTS);
    crypto.sha256Pairs(preimages, accountKeys);
    const balance = encodeAccount(0n, ETHER);
    const words = new Uint8Array(32 * ACCOUNTS);
    for (let i = 0; i < ACCOUNTS; i++) words.set(balance, 32 * i);
    return ShardState.load(crypto, { header: null, leaves: { keys: accountKeys, words }, outboxes: [] }, 4);
  }

  const slotOf = (epoch: number) => epoch * PARAMETERS.slotsPerEpoch;
  const firstBlock = (shardId: number) =>
    buildBlock(environmentOf(shardId), state, {
      slot: slotOf(FIRST_EPOCH),
      generation: 0,
      candidates: firstMessages(shardId),
    });
  const knowSeed = async (epoch: number) => facts.seeds.set(epoch, fromHex(await registry.seed(epoch)));
  const accessOf = (key: Uint8Array): StepAccess => {
    const { end, leaf, siblings } = state.tree.path(key);
    if (leaf === null) return { key, end, siblings };
    if (end === 0) return { key, end, word: leaf.word, siblings };
    return { key, end, otherKey: leaf.key, otherWord: leaf.word, siblings };
  };

  // ------------------------------------------------------------------ first crosslinks, settled

  await passToEpoch(beacon, FIRST_EPOCH + 1);
  await knowSeed(FIRST_EPOCH);
  const firsts = new Map<number, BlockHeader>();
  let sent: readonly SentMessage[] = [];
  let outboxPaths: Record<number, readonly Uint8Array[]> = {};
  const changes: Change[] = [];
  for (const [i] of cases.entries()) {
    const shardId = i + 1;
    const { header, blockHash, messages } = firstBlock(shardId);
    firsts.set(shardId, header);
    if (shardId === SOURCE) {
      sent = messages;
      const pathTo = (destination: number) => state.tree.path(outboxKey(crypto, destination)).siblings;
      outboxPaths = { [IMPORTER]: pathTo(IMPORTER), [DEMANDED]: pathTo(DEMANDED) };
    }
    const record = { generation: 0, firstBlock: 1, lastBlock: 1, blocksRoot: blockHash, stateRoot: header.stateRoot };
    changes.push({ position: i, shardId, record });
    state.undoBlock();
  }
  await voters.justify(FIRST_EPOCH, { changes });
  const [settled, parents] = [voters.source, voters.crosslinks];
  await passToEpoch(beacon, FIRST_EPOCH + 2);
  await voters.justify(FIRST_EPOCH + 1);
  await passToEpoch(beacon, FIRST_EPOCH + 3 + PARAMETERS.challengeEpochs);
  await networkHelpers.mine(PARAMETERS.challengeBlocks);
  await anchors.settle(1);
  const { settledEpoch } = await anchors.settlement(FIRST_EPOCH);
  facts.settled = { epoch: FIRST_EPOCH, root: voters.root(settled), settledEpoch: Number(settledEpoch) };

  /** A message of shard 1 with its proof. */
  function proven(destination: number, index: number) {
    const all = sent.filter(({ message: { destination: to } }) => to === destination);
    return {
      message: (all[index] as SentMessage).message,
      checkpointEpoch: FIRST_EPOCH,
      bodyRoot: voters.bodyRoot(settled),
      position: SOURCE - 1,
      entrySiblings: entryProof(crypto, settled, SOURCE - 1),
      crosslink: parents.get(SOURCE - 1) as Crosslink,
      stateSiblings: outboxPaths[destination] as readonly Uint8Array[],
      count: all.length,
      outboxSiblings: appendTreeProof(
        crypto,
        all.map(({ digest }) => digest),
        index,
      ),
    };
  }
  const demanded = proven(DEMANDED, 0);
  await inbox.demand(
    {
      ...demanded.message,
      sender: toHex(demanded.message.sender),
      recipient: toHex(demanded.message.recipient),
      data: toHex(demanded.message.data),
    },
    {
      crosslink: voters.proof(settled, SOURCE - 1, demanded.crosslink),
      stateSiblings: demanded.stateSiblings.map(toHex),
      count: demanded.count,
      siblings: demanded.outboxSiblings.map(toHex),
    },
  );

  // ------------------------------------------------------------------ lying crosslinks, accepted

  await passToEpoch(beacon, DISPUTED_EPOCH + 1);
  await knowSeed(DISPUTED_EPOCH);

  /** What a block holds after BlockStart, by the kind of the step that is disputed. */
  function stepsFor(name: string, shardId: number): Step[] {
    switch (name) {
      case "message":
        return [message(shardId, nonce, shardId === SOURCE ? IMPORTER : SOURCE)];
      case "import-inbox":
      case "forced-transaction":
        return [{ kind: STEP_KIND.importInbox, payload: encodeImportInbox(entries.get(shardId) as InboxEntry) }];
      case "import-message":
        return [{ kind: STEP_KIND.importMessage, payload: encodeImportMessage(proven(IMPORTER, 0)) }];
      default:
        return [{ kind: STEP_KIND.transaction, payload: sign(shardId, nonce, addressAt(11)) }];
    }
  }

  /** The block with so many more steps, of which nothing is real but their place. */
  function filled(header: BlockHeader, trace: readonly TraceLeaf[], steps: readonly Step[], count: number): SoundBlock {
    const { fees, stateRoot } = header;
    const more = Array.from({ length: count - trace.length }, (_, i) => ({
      index: trace.length + i,
      kind: STEP_KIND.transaction,
      length: 0,
      payloadHash: random.bytes(32),
      stateRoot,
      fees,
    }));
    const nothing = more.map(() => ({ kind: STEP_KIND.transaction, payload: new Uint8Array() }));
    return { header: { ...header, stepCount: count }, trace: [...trace, ...more], steps: [...steps, ...nothing] };
  }

  const anchored: Anchored[] = [];
  const lies: LyingCrosslink[] = [];
  const opened: Pick<Anchored, "witness" | "cursors">[] = [];
  for (const [i, { name, fault, step: at }] of cases.entries()) {
    const shardId = i + 1;
    const environment = environmentOf(shardId);
    const slot = slotOf(DISPUTED_EPOCH);
    const below = firsts.get(shardId) as BlockHeader;
    firstBlock(shardId);
    const before = [accessOf(cursorKey(crypto, 0)), accessOf(cursorKey(crypto, SOURCE))] as const;
    const built = buildBlock(environment, state, { slot, generation: 0, candidates: stepsFor(name, shardId) });
    if (built.skipped.length > 0) throw built.skipped[0]?.error;
    const after = [accessOf(cursorKey(crypto, 0)), accessOf(cursorKey(crypto, SOURCE))] as const;
    state.undoBlock();
    const { witness } = openStepOn(environment, state, slot, built.steps, at);
    state.undoBlock();

    const first = filled(built.header, built.trace, built.steps, MAX_STEPS);
    const others = Array.from({ length: BLOCKS - 1 }, (_, j) =>
      filled({ ...built.header, number: 3 + j, slot: slot + 1 + j }, [], [], 1),
    );
    const parent = parents.get(i) as Crosslink;
    const sound: SoundCrosslink = {
      crosslink: {
        shardId,
        generation: 0,
        epoch: DISPUTED_EPOCH,
        parent: crosslinkHash(crypto, domain, parent),
        firstBlock: 2,
        lastBlock: BLOCKS + 1,
        blocksRoot: ZERO_HASH,
        stateRoot: built.header.stateRoot,
      },
      parent,
      below: { header: below, siblings: [] },
      blocks: [first, ...others],
    };
    const { slotsPerEpoch } = PARAMETERS;
    lies.push(lie(fault, sound, { crypto, domain, slotsPerEpoch, index: 0, step: at }));
    opened.push({ witness, cursors: { 0: [before[0], after[0]], 1: [before[1], after[1]] } });
  }
  await voters.justify(DISPUTED_EPOCH, {
    changes: lies.map(({ crosslink: { generation, firstBlock: first, lastBlock, blocksRoot, stateRoot } }, i) => ({
      position: i,
      shardId: i + 1,
      record: { generation, firstBlock: first, lastBlock, blocksRoot, stateRoot },
    })),
  });
  const checkpoint: Checkpoint = voters.source;
  for (const [i, lying] of lies.entries()) {
    const proof: CrosslinkProof = {
      checkpointEpoch: DISPUTED_EPOCH,
      bodyRoot: voters.bodyRoot(checkpoint),
      absentHash: ZERO_HASH,
      position: i,
      crosslink: lying.crosslink,
      siblings: entryProof(crypto, checkpoint, i),
    };
    anchored.push({ lying, proof, ...(opened[i] as (typeof opened)[number]) });
  }
  return { beacon, random, anchored, entries, settled: { root: facts.settled.root, absentHash: ZERO_HASH } };
}
