import type { LedgerEnvironment } from "../../../ledger/environment.ts";
import { rootAbove } from "../../../ledger/state-proof.ts";
import { encodeImportMessage, type ImportMessage } from "../../../ledger/step.ts";
import { APPEND_TREE_DEPTH, zeroSubtreeHashes } from "../../../protocol/append-tree.ts";
import { concat } from "../../../protocol/bytes.ts";
import { crosslinkHash } from "../../../protocol/crosslink.ts";
import { messageDigest } from "../../../protocol/message.ts";
import { hashNode, paddedTreeDepth, rootFromPath } from "../../../protocol/padded-tree.ts";
import { outboxKey, outboxWordOf, stateLeafHash } from "../../../protocol/state.ts";
import { type Draws, flipped } from "./draws.ts";
import type { CheckpointFact } from "./step-case.ts";

/** Imports of messages out of checkpoints that were made up from the message upwards, and such that do not hold. */

export interface RandomImport {
  readonly payload: Uint8Array;
  readonly source: number;
  /** Index of the message. */
  readonly index: number;
  readonly recipient: Uint8Array;
  readonly checkpoint: CheckpointFact | null;
  readonly twists: readonly string[];
}

const MAX_SAFE = Number.MAX_SAFE_INTEGER;

type Twist = (draws: Draws, step: ImportMessage) => ImportMessage;

/** What stands in a proof, changed after it was made. */
const PROOF_TWISTS: Readonly<Record<string, Twist>> = {
  value: (_, step) => ({ ...step, message: { ...step.message, value: step.message.value ^ 1n } }),
  sender: (draws, step) => ({ ...step, message: { ...step.message, sender: flipped(draws, step.message.sender) } }),
  recipient: (draws, step) => ({ ...step, message: { ...step.message, recipient: draws.bytes(20) } }),
  data: (draws, step) => ({
    ...step,
    message: { ...step.message, data: draws.bytes(draws.pick([0, 1, 255, 256, 257])) },
  }),
  bodyRoot: (draws, step) => ({ ...step, bodyRoot: flipped(draws, step.bodyRoot) }),
  entrySibling: (draws, step) => ({ ...step, entrySiblings: withOther(draws, step.entrySiblings) }),
  entrySiblings: (draws, step) => ({ ...step, entrySiblings: resized(draws, step.entrySiblings) }),
  stateSibling: (draws, step) => ({ ...step, stateSiblings: withOther(draws, step.stateSiblings) }),
  stateSiblings: (draws, step) => ({ ...step, stateSiblings: resized(draws, step.stateSiblings) }),
  outboxSibling: (draws, step) => ({ ...step, outboxSiblings: withOther(draws, step.outboxSiblings) }),
  outboxSiblings: (draws, step) => ({ ...step, outboxSiblings: resized(draws, step.outboxSiblings) }),
  count: (draws, step) => ({
    ...step,
    count: draws.pick([0, 1, step.count + 1, Math.max(0, step.count - 1), 2 ** 32 - 1, 2 ** 32, MAX_SAFE]),
  }),
  checkpointEpoch: (draws, step) => ({
    ...step,
    checkpointEpoch: draws.pick([0, step.checkpointEpoch + 1, 2 ** 32, MAX_SAFE]),
  }),
  generation: (draws, step) => ({
    ...step,
    crosslink: { ...step.crosslink, generation: draws.pick([step.crosslink.generation ^ 1, 2 ** 32 - 1]) },
  }),
  crosslinkEpoch: (draws, step) => ({
    ...step,
    crosslink: { ...step.crosslink, epoch: draws.pick([step.crosslink.epoch + 1, MAX_SAFE]) },
  }),
  firstBlock: (_, step) => ({ ...step, crosslink: { ...step.crosslink, firstBlock: step.crosslink.firstBlock + 1 } }),
  stateRoot: (draws, step) => ({
    ...step,
    crosslink: { ...step.crosslink, stateRoot: flipped(draws, step.crosslink.stateRoot) },
  }),
};

function withOther(draws: Draws, siblings: readonly Uint8Array[]): readonly Uint8Array[] {
  if (siblings.length === 0) return siblings;
  const at = draws.below(siblings.length);
  return siblings.with(at, draws.chance(30) ? new Uint8Array(32) : flipped(draws, siblings[at] as Uint8Array));
}

function resized(draws: Draws, siblings: readonly Uint8Array[]): readonly Uint8Array[] {
  const at = draws.below(siblings.length + 1);
  return draws.chance(50)
    ? siblings.toSpliced(at, 1)
    : siblings.toSpliced(at, 0, draws.chance(50) ? new Uint8Array(32) : draws.bytes(32));
}

/** Where integers of 64 bits stand in a payload whose data has so many bytes. */
function integersAt(dataLength: number, entrySiblings: number): readonly number[] {
  const afterMessage = 4 + 8 + 20 + 20 + 16 + 2 + dataLength;
  const crosslink = afterMessage + 8 + 32 + 2 + 32 * entrySiblings;
  return [4, afterMessage, crosslink + 4, crosslink + 44, crosslink + 52];
}

const LENGTHS = [0, 0, 1, 31, 32, 33, 255, 256];
const COUNTS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 1000, 2 ** 16, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1];
const DEPTHS = [0, 0, 1, 2, 5, 12, 20];

/**
 * @param factsEpoch up to which the block knows the parent chain; may be negative
 * @param twisted rules to break or to come near, in percent of the imports
 */
export function randomImport(
  draws: Draws,
  environment: LedgerEnvironment,
  { factsEpoch, twisted }: { readonly factsEpoch: number; readonly twisted: number },
): RandomImport {
  const { crypto, domain, shardId, parameters } = environment;
  const twist = draws.chance(twisted)
    ? draws.weighted({ proof: 10, source: 2, index: 3, settlement: 5, position: 3, bytes: 3, integer: 2, longPath: 1 })
    : "";
  const twists: string[] = twist === "" ? [] : [twist];
  let count = draws.pick(COUNTS);
  if (count === 0 && draws.chance(90)) count = draws.between(1, 300);
  const beyond = [count, count + 1, 2 ** paddedTreeDepth(count), 2 ** 32 - 1, 2 ** 32, 2 ** 40, MAX_SAFE - 1];
  const index =
    twist === "index" ? draws.pick(beyond) : draws.pick([0, Math.max(0, count - 1), draws.below(Math.max(1, count))]);
  const source = twist === "source" ? draws.pick([0, shardId]) : other(draws, shardId);
  const message = {
    source,
    destination: shardId,
    index,
    sender: draws.bytes(20),
    recipient: draws.chance(5) ? new Uint8Array(20) : draws.bytes(20),
    value: draws.chance(10) ? 2n ** 128n - 1n : draws.bits(100),
    data: draws.bytes(draws.pick(LENGTHS)),
  };
  const hashes = (length: number) =>
    Array.from({ length }, () => (draws.chance(20) ? new Uint8Array(32) : draws.bytes(32)));
  const outboxSiblings = hashes(paddedTreeDepth(count));
  const upper = zeroSubtreeHashes(crypto).slice(outboxSiblings.length, APPEND_TREE_DEPTH);
  const outboxRoot = rootFromPath(crypto, messageDigest(crypto, domain, message), index, [...outboxSiblings, ...upper]);
  const key = outboxKey(crypto, shardId);
  const stateSiblings = hashes(twist === "longPath" ? draws.pick([200, 255]) : draws.pick(DEPTHS));
  const leaf = stateLeafHash(crypto, key, outboxWordOf(crypto, count, outboxRoot));
  // Nothing is settled in epoch 0, whose number stands for "not yet" on chain.
  const settles = draws.chance(80) ? Math.max(1, factsEpoch) : 1 + draws.below(Math.max(1, factsEpoch));
  const epoch = draws.below(settles + 1);
  const crosslink = {
    shardId: source,
    generation: draws.below(3),
    epoch: draws.below(epoch + 1),
    parent: draws.bytes(32),
    firstBlock: draws.below(1000),
    lastBlock: draws.chance(5) ? MAX_SAFE : draws.below(1000),
    blocksRoot: draws.bytes(32),
    stateRoot: rootAbove(crypto, key, leaf, stateSiblings),
  };
  const entrySiblings = hashes(paddedTreeDepth(parameters.shardCount));
  const position = draws.below(parameters.shardCount);
  const entriesRoot = rootFromPath(crypto, crosslinkHash(crypto, domain, crosslink), position, entrySiblings);
  const bodyRoot = draws.bytes(32);
  let checkpoint: CheckpointFact | null = {
    epoch,
    root: hashNode(crypto, entriesRoot, bodyRoot),
    absentHash: draws.chance(50) ? new Uint8Array(32) : draws.bytes(32),
    settledEpoch: settles,
    exceptions: draws.chance(80) ? 0n : draws.bits(parameters.shardCount) & ~(1n << BigInt(position)),
  };
  if (twist === "settlement") checkpoint = otherSettlement(draws, checkpoint, position, factsEpoch);
  let step: ImportMessage = {
    message,
    checkpointEpoch: epoch,
    bodyRoot,
    position,
    entrySiblings,
    crosslink,
    stateSiblings,
    count,
    outboxSiblings,
  };
  if (twist === "position") {
    step = {
      ...step,
      position: draws.pick([position ^ 1, parameters.shardCount, parameters.shardCount + 1, 2 ** 16 - 1]),
    };
  }
  if (twist === "proof") {
    const [name, change] = draws.pick(Object.entries(PROOF_TWISTS));
    step = change(draws, step);
    twists.push(name);
  }
  let payload = encodeImportMessage(step);
  if (twist === "bytes") {
    payload = draws.pick([
      () => flipped(draws, payload),
      () => payload.subarray(0, draws.below(payload.length)),
      () => concat(payload, draws.bytes(draws.pick([1, 31, 32, 64]))),
    ])();
  }
  if (twist === "integer") {
    payload = payload.slice();
    const at = draws.pick(integersAt(message.data.length, entrySiblings.length));
    new DataView(payload.buffer).setBigUint64(at, draws.pick([2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]));
  }
  return { payload, source, index, recipient: step.message.recipient, checkpoint, twists };
}

function otherSettlement(
  draws: Draws,
  checkpoint: CheckpointFact,
  position: number,
  factsEpoch: number,
): CheckpointFact | null {
  switch (draws.below(5)) {
    case 0:
      return null;
    case 1:
      return { ...checkpoint, settledEpoch: null };
    case 2:
      return { ...checkpoint, settledEpoch: Math.max(1, factsEpoch + draws.between(0, 2)) };
    case 3:
      return { ...checkpoint, exceptions: checkpoint.exceptions | (1n << BigInt(position)) };
    default:
      return { ...checkpoint, root: draws.bytes(32) };
  }
}

function other(draws: Draws, shardId: number): number {
  const source = draws.pick([1, 2, 3, 64, 1000, 2 ** 32 - 1]);
  return source === shardId ? 5 : source;
}
