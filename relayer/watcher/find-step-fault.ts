import {
  type BelowOpening,
  type Fault,
  type HeaderOpening,
  type LeafOpening,
  siblingsBefore,
} from "../../ledger/dispute-evidence.ts";
import type { LedgerEnvironment } from "../../ledger/environment.ts";
import type { ShardState } from "../../ledger/shard-state.ts";
import { decodeImportMessage, STEP_KIND, type Step } from "../../ledger/step.ts";
import { openStepOn } from "../../ledger/step-witness.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import { DecodeError, equal, ZERO_HASH } from "../../protocol/bytes.ts";
import { paddedTreeLevels } from "../../protocol/padded-tree.ts";
import { MAX_PAYLOAD_BYTES } from "../../protocol/presets.ts";
import { type RawTraceLeaf, rawTraceLeaf, readTraceWord, type TraceLeaf, traceLeafHash } from "../../protocol/trace.ts";
import { CHUNK_STEPS, type ClaimedTrace } from "./claimed-trace.ts";
import type { Finding } from "./finding.ts";
import { type BlockRun, runBlock } from "./run-block.ts";

/** A block of an anchored crosslink whose header, and all that is below it, is sound. */
export interface JudgedBlock {
  readonly environment: LedgerEnvironment;
  /** After the block below. */
  readonly state: ShardState;
  /** In its crosslink, from 0. */
  readonly index: number;
  readonly header: BlockHeader;
  readonly open: () => HeaderOpening;
  /** null on the genesis crosslink */
  readonly openBelow: () => BelowOpening | null;
  /** What was published as its steps: only the trace root says whether they are. */
  readonly copies: readonly (readonly Step[])[];
  readonly claimed: ClaimedTrace;
  readonly commitmentOf: CommitmentOf;
}

/** Root and absent hash of an accepted checkpoint, null when there is none of that epoch. */
export type CommitmentOf = (epoch: number) => { readonly root: Uint8Array; readonly absentHash: Uint8Array } | null;

/** Level of chunk roots in a trace of that many levels, counted from the leaves. */
const CHUNK_LEVEL = Math.log2(CHUNK_STEPS);

/**
 * Re-executes a block. "sound" has executed it on the state; for everything else that is as it was.
 * @throws LedgerError FactsUnavailable
 */
export function findStepFault(block: JudgedBlock): Finding {
  let run: BlockRun | null = null;
  for (const steps of candidates(block)) {
    const next = runBlock(block.environment, block.state, block.header, steps);
    if (next.isTrace) return boundaryOf(block, next.trace);
    // The copy that goes furthest is the likeliest.
    if (run === null || next.trace.length > run.trace.length) run = next;
  }
  if (run === null) return missing(block, hiddenChunks(block.claimed));
  return compare(block, run);
}

/** What is shown on chain is what the trace root holds; what is not is taken from the copies. */
function candidates({ copies, claimed, header }: JudgedBlock): Step[][] {
  const shown = Array.from({ length: header.stepCount }, (_, i) => {
    const step = claimed.step(i);
    return step === null ? null : { kind: readTraceWord(step.leaf.word).kind, payload: step.payload };
  });
  const bodies = shown.every((step) => step !== null) ? [shown] : copies.filter((copy) => copy.length === shown.length);
  return bodies.map((body) => body.map((step, i) => shown[i] ?? (step as Step)));
}

function hiddenChunks(claimed: ClaimedTrace): number[] {
  return Array.from({ length: claimed.chunkCount }, (_, chunk) => chunk).filter((chunk) => !claimed.isRevealed(chunk));
}

function missing({ index }: JudgedBlock, chunks: readonly number[]): Finding {
  return { kind: "missing", what: "steps", index, chunks };
}

/** The trace is what it should be: whether the header repeats its end. */
function boundaryOf(block: JudgedBlock, trace: readonly TraceLeaf[]): Finding {
  const { header, index, state } = block;
  const last = trace.at(-1) as TraceLeaf;
  const { stateRoot, fees } = header;
  const isState = equal(stateRoot, last.stateRoot);
  if (isState && fees === last.fees) return { kind: "sound" };
  state.undoBlock();
  const levels = levelsOf(block, trace);
  const siblings = levels.slice(0, -1).map((level, k) => hashAt(level, ((trace.length - 1) >> k) ^ 1));
  const leaf = { ...rawTraceLeaf(last), siblings };
  const fault = isState ? "HeaderFeesMismatch" : "HeaderStateMismatch";
  return { kind: "fault", fault, index, evidence: { predicate: "Boundary", index, header: block.open(), leaf } };
}

/** The trace is another one: what of it has to be shown, or where it parts from the honest one. */
function compare(block: JudgedBlock, run: BlockRun): Finding {
  const { claimed } = block;
  const { chunkRoots } = claimed;
  const sound = run.trace.length;
  // Any answer shows the roots of all chunks: until there is one, that of the first inadmissible step is as good as any.
  if (chunkRoots === null) return missing(block, [run.error === null ? 0 : Math.floor(sound / CHUNK_STEPS)]);
  const levels = levelsOf(block, run.trace);
  const honestRoots = levels[Math.min(CHUNK_LEVEL, levels.length - 1)] as Uint8Array;
  for (let chunk = 0; chunk < claimed.chunkCount; chunk++) {
    const end = Math.min((chunk + 1) * CHUNK_STEPS, claimed.stepCount);
    if (end <= sound && equal(hashAt(honestRoots, chunk), chunkRoots[chunk] as Uint8Array)) continue;
    if (!claimed.isRevealed(chunk)) return missing(block, [chunk]);
    for (let step = chunk * CHUNK_STEPS; step < end; step++) {
      const fault = leafFault(block, run, step);
      if (fault !== null) return showLeaf(block, run, levels, step, fault);
    }
  }
  // All leaves are honest, so there are more than the header counts.
  return paddingFault(block, run.trace.at(-1) as TraceLeaf, levels);
}

/** What is wrong with a leaf that is shown, by itself or by re-execution of its step; the leaves before are honest. */
function leafFault({ claimed }: JudgedBlock, run: BlockRun, step: number): Fault | null {
  const shown = claimed.step(step);
  if (shown === null) return null;
  const { leaf, payload } = shown;
  const { index, kind, length, fees, isPadded } = readTraceWord(leaf.word);
  if (index !== step) return "WrongLeafIndex";
  if (kind > STEP_KIND.importMessage) return "UnknownStepKind";
  if (length > MAX_PAYLOAD_BYTES) return "PayloadTooLong";
  if ((kind === STEP_KIND.blockStart) !== (step === 0)) return "MisplacedBlockStart";
  if (!isPadded) return "LeafPadding";
  if (length !== payload.length) return "WrongPayloadLength";
  const honest = run.trace[step];
  if (honest === undefined) return "StepInadmissible";
  if (fees !== honest.fees) return "WrongStepFees";
  return equal(leaf.stateRoot, honest.stateRoot) ? null : "WrongStepState";
}

const STEP_FAULTS: ReadonlySet<Fault> = new Set([
  "StepInadmissible",
  "WrongPayloadLength",
  "WrongStepFees",
  "WrongStepState",
]);

function showLeaf(
  block: JudgedBlock,
  run: BlockRun,
  levels: readonly Uint8Array[],
  step: number,
  fault: Fault,
): Finding {
  const { environment, state, index, claimed, commitmentOf } = block;
  const open = (leaf: RawTraceLeaf, at: number): LeafOpening => ({ ...leaf, siblings: claimed.path(at, levels) });
  const before = (at: number): LeafOpening => {
    const { siblings, ...previous } = open(rawTraceLeaf(run.trace[at - 1] as TraceLeaf), at - 1);
    return { ...previous, siblings: siblingsBefore(at, siblings) };
  };
  const shown = claimed.step(step) as NonNullable<ReturnType<ClaimedTrace["step"]>>;
  const leaf = open(shown.leaf, step);
  const header = block.open();
  if (!STEP_FAULTS.has(fault)) {
    return { kind: "fault", fault, index, evidence: { predicate: "Leaf", index, header, step, leaf } };
  }
  const { witness } = openStepOn(environment, state, block.header.slot, run.steps, step);
  return {
    kind: "fault",
    fault,
    index,
    evidence: {
      predicate: "Step",
      index,
      header,
      step,
      leaf,
      previous: step === 0 ? null : before(step),
      below: step === 0 ? block.openBelow() : null,
      payload: shown.payload,
      witness: { ...witness, checkpoint: checkpointNamed(environment, run.steps[step] as Step, commitmentOf) },
    },
  };
}

function checkpointNamed(
  { shardId, parameters }: LedgerEnvironment,
  { kind, payload }: Step,
  commitmentOf: CommitmentOf,
): ReturnType<CommitmentOf> {
  if (kind !== STEP_KIND.importMessage) return null;
  try {
    return commitmentOf(decodeImportMessage(shardId, parameters.shardCount, payload).checkpointEpoch);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

function paddingFault(block: JudgedBlock, last: TraceLeaf, levels: readonly Uint8Array[]): Finding {
  const { index, claimed } = block;
  const header = block.open();
  const leaf = { ...rawTraceLeaf(last), siblings: claimed.path(last.index, levels) };
  return { kind: "fault", fault: "TracePadding", index, evidence: { predicate: "Boundary", index, header, leaf } };
}

/** Of the tree over honest leaves, as far as there are any, padded to the header's count. */
function levelsOf({ environment: { crypto }, header }: JudgedBlock, trace: readonly TraceLeaf[]): Uint8Array[] {
  const leaves = new Array<Uint8Array>(header.stepCount).fill(ZERO_HASH);
  trace.forEach((leaf, i) => {
    leaves[i] = traceLeafHash(crypto, leaf);
  });
  return paddedTreeLevels(crypto, leaves);
}

function hashAt(level: Uint8Array, index: number): Uint8Array {
  return level.slice(32 * index, 32 * index + 32);
}
