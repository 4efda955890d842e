import type { BlockHeader } from "../protocol/block-header.ts";
import type { Block } from "./block.ts";
import { BlockExecution } from "./block-execution.ts";
import type { LedgerEnvironment } from "./environment.ts";
import { LedgerError, type LedgerErrorCode } from "./errors.ts";
import { executeStep, type PreparedStep, prepareSteps } from "./execute-step.ts";
import { OutboxBook, type OutboxOpening } from "./outbox-book.ts";
import type { ShardState } from "./shard-state.ts";
import type { StateAccess } from "./state-access.ts";
import type { PathEnd, StateTree, TreeUndo } from "./state-tree.ts";
import type { Step } from "./step.ts";
import type { StepContext } from "./step-context.ts";
import { openWitness } from "./verify-block.ts";

/** One access of a step, with its path against the state root at that moment (docs/formats.md, section 5). */
export interface StepAccess {
  readonly key: Uint8Array;
  /** 0 the key's leaf, 1 nothing, 2 another key's leaf */
  readonly end: PathEnd;
  /** Of the key, at end 0. */
  readonly word?: Uint8Array;
  /** Of the other leaf, at end 2. */
  readonly otherKey?: Uint8Array;
  readonly otherWord?: Uint8Array;
  /** Bottom up. */
  readonly siblings: readonly Uint8Array[];
}

/** Errors that are not a verdict on the step. */
const WITNESS_FAULTS: ReadonlySet<LedgerErrorCode> = new Set([
  "MissingWitness",
  "WrongOutboxOpening",
  "FactsUnavailable",
]);

/** All of the state that one step needs, in the order in which it needs it. */
export interface StepWitness {
  readonly accesses: readonly StepAccess[];
  /** The outbox that the step appends to, as it was before, unless that was absent. */
  readonly outboxOpening?: OutboxOpening;
}

/** A step out of a block, ready to be executed alone. */
export interface StepOpening {
  readonly index: number;
  readonly step: PreparedStep;
  /** State root before the step, 32 bytes. */
  readonly preRoot: Uint8Array;
  /** Fees of the block before the step, wei. */
  readonly feesBefore: bigint;
  readonly witness: StepWitness;
}

/** Records every access with its path; each write is committed before the next access, so that paths are the running ones. */
class RecordingState implements StateAccess {
  readonly accesses: StepAccess[] = [];
  readonly #tree: StateTree;
  readonly #undos: TreeUndo[] = [];
  #isDirty = false;

  constructor(tree: StateTree) {
    this.#tree = tree;
    tree.beginStep(0);
  }

  open(key: Uint8Array): number {
    if (this.#isDirty) {
      this.#undos.push(this.#tree.commit(1).undo);
      this.#tree.beginStep(0);
      this.#isDirty = false;
    }
    const { end, leaf, siblings } = this.#tree.path(key);
    this.accesses.push({
      key: key.slice(),
      end,
      siblings,
      ...(end === 0 && leaf !== null ? { word: leaf.word } : {}),
      ...(end === 2 && leaf !== null ? { otherKey: leaf.key, otherWord: leaf.word } : {}),
    });
    return this.#tree.open(key);
  }

  word(handle: number): Uint8Array {
    return this.#tree.word(handle);
  }

  write(handle: number, word: Uint8Array): void {
    this.#tree.write(handle, word);
    this.#isDirty = true;
  }

  /** Takes the tree back to where it stood before. */
  takeBack(): void {
    this.#tree.rollback();
    for (let undo = this.#undos.pop(); undo !== undefined; undo = this.#undos.pop()) this.#tree.undo(undo);
  }
}

/** @returns accesses of the step, as far as its execution goes: an inadmissible one has those that lead to the verdict */
function recordStep(
  state: RecordingState,
  context: Omit<StepContext, "state">,
  index: number,
  step: PreparedStep,
): StepWitness {
  try {
    executeStep({ ...context, state }, index, step);
  } catch (error) {
    if (!(error instanceof LedgerError) || WITNESS_FAULTS.has(error.code)) throw error;
  }
  const [outboxOpening] = context.outboxes.touched();
  return { accesses: state.accesses, ...(outboxOpening === undefined ? {} : { outboxOpening }) };
}

/**
 * Takes step `index` out of a block, with its witness, by the block's witness alone. The steps before it must be sound; of
 * the step itself the witness goes as far as its execution does.
 * @param previous header of the block below, null for block 1
 * @throws LedgerError when the witness does not open or a step before is inadmissible
 */
export function openStep(
  environment: LedgerEnvironment,
  previous: BlockHeader | null,
  block: Block,
  index: number,
): StepOpening {
  const { tree, outboxes: openings } = openWitness(environment, { previous }, block);
  const prepared = prepareSteps(environment, block.steps.slice(0, index + 1));
  const step = prepared[index];
  if (step === undefined) throw new RangeError(`no step ${index} among ${block.steps.length}`);

  const outboxes = new OutboxBook(environment.crypto, openings);
  const execution = new BlockExecution(environment, tree, outboxes, previous, block.header.slot);
  for (const before of prepared.slice(0, index)) execution.apply(before);
  const feesBefore = execution.fees;
  tree.commit(index);
  outboxes.commit();

  const preRoot = tree.root;
  return { index, step, preRoot, feesBefore, witness: witnessStep(execution.context, tree, index, step) };
}

/**
 * The witness of a step on a state that is committed, as far as its execution goes. What the step writes stays in the tree,
 * the last of it uncommitted.
 * @param context what the step is executed in, but for its state; nothing may be uncommitted in its outboxes
 */
export function witnessStep(
  context: Omit<StepContext, "state">,
  tree: StateTree,
  index: number,
  step: PreparedStep,
): StepWitness {
  return recordStep(new RecordingState(tree), context, index, step);
}

/**
 * Takes step `index` out of a block on top of a whole state, which is as before then. The steps before it must be sound.
 * @param slot of the block
 * @throws LedgerError when a step before is inadmissible, and FactsUnavailable
 */
export function openStepOn(
  environment: LedgerEnvironment,
  { tree, outboxes, header }: ShardState,
  slot: number,
  steps: readonly Step[],
  index: number,
): StepOpening {
  const prepared = prepareSteps(environment, steps.slice(0, index + 1));
  const step = prepared[index];
  if (step === undefined) throw new RangeError(`no step ${index} among ${steps.length}`);
  const execution = new BlockExecution(environment, tree, outboxes, header, slot);
  try {
    for (const before of prepared.slice(0, index)) execution.apply(before);
  } catch (error) {
    execution.rollback();
    throw error;
  }
  const feesBefore = execution.fees;
  const { undo } = tree.commit(index);
  const outboxesBefore = outboxes.commit();

  const preRoot = tree.root;
  const state = new RecordingState(tree);
  try {
    const witness = recordStep(state, execution.context, index, step);
    return { index, step, preRoot, feesBefore, witness };
  } finally {
    outboxes.rollback();
    state.takeBack();
    outboxes.restore(outboxesBefore);
    tree.undo(undo);
  }
}
