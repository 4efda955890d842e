import { FAULTS, type Fault, PREDICATES, siblingsBefore } from "../../../ledger/dispute-evidence.ts";
import { LedgerError } from "../../../ledger/errors.ts";
import { type BlockHeader, blockHash } from "../../../protocol/block-header.ts";
import { concat, equal, word, ZERO_HASH } from "../../../protocol/bytes.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink } from "../../../protocol/crosslink.ts";
import { type TraceLeaf, traceLeafHash, writeTraceWord } from "../../../protocol/trace.ts";
import { bytesOf, type Encoded, fixed, hashes, number, tuple } from "./abi.ts";
import { type Draws, flipped } from "./draws.ts";
import { sparseTree } from "./sparse-tree.ts";
import { witnessArgument } from "./step-call.ts";
import { type StepCase, verdictOf } from "./step-case.ts";

/** Crosslinks around single steps: one that claims of the step what it gives, or something else. */

/** What a crosslink claims of its step, as `InvalidStep` finds it; null: of such a leaf it does not judge. */
export type Finding = Extract<
  Fault,
  "None" | "StepInadmissible" | "WrongPayloadLength" | "WrongStepFees" | "WrongStepState"
> | null;

const LIES = ["None", "None", "WrongPayloadLength", "WrongStepFees", "WrongStepState"] as const;
const MAX_STEPS = 16_384;
const NO_BLOCK = 0xffff;

export interface Claim {
  readonly finding: Finding;
  /** Input of `judge`. */
  readonly input: Uint8Array;
  /** Bytes of the evidence at the end of it. */
  readonly evidenceLength: number;
  /** What `judge` returns. */
  readonly output: Uint8Array | null;
}

const EMPTY_HEADER: BlockHeader = {
  shardId: 0,
  generation: 0,
  number: 0,
  parentHash: ZERO_HASH,
  slot: 0,
  stepCount: 0,
  traceRoot: ZERO_HASH,
  stateRoot: ZERO_HASH,
  fees: 0n,
};
const EMPTY_LEAF = tuple(fixed(ZERO_HASH, ZERO_HASH, ZERO_HASH), hashes([]));

function crosslinkWords(it: Crosslink): Uint8Array {
  const { shardId, generation, epoch, parent, firstBlock, lastBlock, blocksRoot, stateRoot } = it;
  const numbers = [shardId, generation, epoch].map(word);
  return concat(...numbers, parent, word(firstBlock), word(lastBlock), blocksRoot, stateRoot);
}

function headerOpening(header: BlockHeader, siblings: readonly Uint8Array[]): Encoded {
  const { shardId, generation, number: height, parentHash, slot, stepCount, traceRoot, stateRoot, fees } = header;
  const first = concat(word(shardId), word(generation), word(height), parentHash, word(slot), word(stepCount));
  return tuple(fixed(first, traceRoot, stateRoot, word(fees)), hashes(siblings));
}

function leafOpening(leaf: TraceLeaf, siblings: readonly Uint8Array[]): Encoded {
  const first = new Uint8Array(32);
  writeTraceWord(first, 0, leaf);
  return tuple(fixed(first, leaf.payloadHash, leaf.stateRoot), hashes(siblings));
}

/** What an honest block claims of the step; anything where there is no honest one. */
function honestLeaf(draws: Draws, one: StepCase): TraceLeaf {
  const { index, step, feesBefore } = one.opening;
  const verdict = verdictOf(one);
  const isRefused = verdict instanceof LedgerError;
  return {
    index,
    kind: step.kind,
    length: step.payload.length,
    payloadHash: step.payloadHash,
    stateRoot: isRefused ? draws.bytes(32) : verdict.stateRoot,
    fees: isRefused ? feesBefore : verdict.fees,
  };
}

function withLie(draws: Draws, leaf: TraceLeaf, lie: (typeof LIES)[number]): TraceLeaf {
  switch (lie) {
    case "None":
      return leaf;
    case "WrongPayloadLength":
      return { ...leaf, length: draws.pick([leaf.length + 1, Math.max(0, leaf.length - 1), 0, 8192]) };
    case "WrongStepFees":
      return { ...leaf, fees: draws.pick([leaf.fees + 1n, leaf.fees ^ 1n, 2n ** 128n - 1n]) };
    case "WrongStepState":
      return { ...leaf, stateRoot: draws.chance(20) ? ZERO_HASH : flipped(draws, leaf.stateRoot) };
  }
}

/** What the judge finds, from the definition: the leaf first, then its length, then the execution. */
function findingOf(one: StepCase, leaf: TraceLeaf, honest: TraceLeaf): Finding {
  const isMisplaced = (leaf.kind === 0) !== (leaf.index === 0);
  if (isMisplaced || leaf.kind > 3 || leaf.length > 8192) return null;
  if (leaf.length !== honest.length) return "WrongPayloadLength";
  if (verdictOf(one) instanceof LedgerError) return "StepInadmissible";
  if (leaf.fees !== honest.fees) return "WrongStepFees";
  return !equal(leaf.stateRoot, honest.stateRoot) ? "WrongStepState" : "None";
}

/**
 * A crosslink that has the step somewhere, and the evidence that shows it.
 * @param selector of `judge`
 * @param isHonest whether it claims nothing but the truth
 */
export function randomClaim(draws: Draws, selector: Uint8Array, one: StepCase, isHonest: boolean): Claim {
  const { environment, slot, previousFees, opening } = one;
  const { crypto, domain, shardId } = environment;
  const { index: step, preRoot, feesBefore } = opening;
  const honest = honestLeaf(draws, one);
  const leaf = withLie(draws, honest, isHonest ? "None" : draws.pick(LIES));
  const finding = findingOf(one, leaf, honest);

  const stepCount = Math.min(MAX_STEPS, step + 1 + draws.pick([0, 1, 2, draws.below(20), draws.below(MAX_STEPS)]));
  const previous: TraceLeaf = {
    index: step - 1,
    kind: 1,
    length: 111,
    payloadHash: draws.bytes(32),
    stateRoot: preRoot,
    fees: feesBefore,
  };
  const leaves = new Map([[step, traceLeafHash(crypto, leaf)]]);
  if (step > 0) leaves.set(step - 1, traceLeafHash(crypto, previous));
  const trace = sparseTree(crypto, draws, stepCount, leaves);

  const generation = draws.below(3);
  const blocks = draws.pick([1, 1, 2, 3, 128]);
  const index = draws.below(blocks);
  const firstBlock = 1 + draws.below(1000);
  const height = firstBlock + index;
  const below: BlockHeader = {
    shardId,
    generation,
    number: height - 1,
    parentHash: draws.bytes(32),
    slot: Math.max(0, slot - 1),
    stepCount: 1 + draws.below(MAX_STEPS),
    traceRoot: draws.bytes(32),
    stateRoot: preRoot,
    fees: previousFees,
  };
  const parentBlocks = draws.pick([1, 2, 5]);
  const last = new Map([[parentBlocks - 1, blockHash(crypto, domain, below)]]);
  const inParent = sparseTree(crypto, draws, parentBlocks, last);
  const epoch = draws.below(2 ** 40);
  const isOnGenesis = previousFees === 0n && equal(preRoot, ZERO_HASH);
  const parent: Crosslink = isOnGenesis
    ? genesisCrosslink(shardId)
    : {
        shardId,
        generation,
        epoch: Math.max(0, epoch - 1),
        parent: draws.bytes(32),
        firstBlock: 1,
        lastBlock: parentBlocks,
        blocksRoot: inParent.root,
        stateRoot: preRoot,
      };
  const isFirst = index === 0 && isOnGenesis;
  const belowHash = isFirst ? crosslinkHash(crypto, domain, parent) : blockHash(crypto, domain, below);
  const namesOther = !isHonest && draws.chance(20);
  const header: BlockHeader = {
    ...below,
    number: height,
    parentHash: namesOther ? draws.bytes(32) : belowHash,
    slot,
    stepCount,
    traceRoot: trace.root,
    stateRoot: draws.bytes(32),
    fees: draws.bits(100),
  };
  const known = new Map([[index, blockHash(crypto, domain, header)]]);
  if (index > 0) known.set(index - 1, blockHash(crypto, domain, below));
  const tree = sparseTree(crypto, draws, blocks, known);

  const crosslink: Crosslink = {
    shardId,
    generation,
    epoch,
    parent: crosslinkHash(crypto, domain, parent),
    firstBlock,
    lastBlock: firstBlock + blocks - 1,
    blocksRoot: tree.root,
    stateRoot: draws.bytes(32),
  };

  const nothing = fixed(new Uint8Array(256));
  const nobody = tuple(nothing, headerOpening(EMPTY_HEADER, []));
  const inCrosslink = tuple(nothing, headerOpening(below, tree.siblings.get(index - 1) ?? []));
  const parentsLast = headerOpening(below, inParent.siblings.get(parentBlocks - 1) ?? []);
  const isBelowAsked = step === 0 && !isFirst;
  const evidence = tuple(
    tuple(
      number(index),
      headerOpening(header, tree.siblings.get(index) ?? []),
      number(step),
      leafOpening(leaf, trace.siblings.get(step) ?? []),
      step > 0 ? leafOpening(previous, siblingsBefore(step, trace.siblings.get(step - 1) ?? [])) : EMPTY_LEAF,
      !isBelowAsked ? nobody : index > 0 ? inCrosslink : tuple(fixed(crosslinkWords(parent)), parentsLast),
      bytesOf(opening.step.payload),
      witnessArgument(one),
    ),
  ).bytes;
  const call = tuple(number(PREDICATES.indexOf("Step")), fixed(crosslinkWords(crosslink)), bytesOf(evidence));
  // Of a first step the operator is to blame who has signed on what it stands; its length needs nothing below.
  const isElsewhere = step === 0 && namesOther && finding !== "WrongPayloadLength";
  return {
    finding,
    input: concat(selector, call.bytes),
    evidenceLength: evidence.length,
    output: finding === null ? null : concat(word(FAULTS.indexOf(finding)), word(isElsewhere ? NO_BLOCK : index)),
  };
}
