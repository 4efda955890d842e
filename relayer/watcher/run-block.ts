import { BlockExecution } from "../../ledger/block-execution.ts";
import type { LedgerEnvironment } from "../../ledger/environment.ts";
import { LedgerError } from "../../ledger/errors.ts";
import { prepareSteps } from "../../ledger/execute-step.ts";
import type { ShardState } from "../../ledger/shard-state.ts";
import type { Step } from "../../ledger/step.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import { equal } from "../../protocol/bytes.ts";
import type { TraceLeaf } from "../../protocol/trace.ts";

/** What steps lead to on a watcher's own state. */
export interface BlockRun {
  readonly steps: readonly Step[];
  /** Sound leaves, up to the first inadmissible step. */
  readonly trace: readonly TraceLeaf[];
  /** The first inadmissible step's; its index is the length of `trace`. null when there is none. */
  readonly error: LedgerError | null;
  /** The steps lead to the header's trace root, and stay executed. Otherwise the state is as it was. */
  readonly isTrace: boolean;
}

/**
 * Executes steps on the state, by the header's slot.
 * @throws LedgerError FactsUnavailable; the state is as it was
 */
export function runBlock(
  environment: LedgerEnvironment,
  state: ShardState,
  header: BlockHeader,
  steps: readonly Step[],
): BlockRun {
  const { tree, outboxes } = state;
  const execution = new BlockExecution(environment, tree, outboxes, state.header, header.slot);
  let error: LedgerError | null = null;
  try {
    for (const step of execution.readingAhead(prepareSteps(environment, steps))) execution.apply(step);
  } catch (caught) {
    if (!(caught instanceof LedgerError) || caught.code === "FactsUnavailable") {
      execution.rollback();
      throw caught;
    }
    error = caught;
  }
  // A BlockStart may have written before it was found inadmissible.
  if (execution.stepCount === 0) {
    execution.rollback();
    return { steps, trace: [], error, isTrace: false };
  }
  const { outcome, undo } = execution.commit(header.generation);
  const isTrace = error === null && equal(outcome.header.traceRoot, header.traceRoot);
  if (isTrace) state.advance(header, undo);
  else {
    tree.undo(undo.tree);
    outboxes.restore(undo.outboxes);
  }
  return { steps, trace: outcome.trace, error, isTrace };
}
