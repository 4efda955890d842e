import type { Block } from "./block.ts";
import { BlockExecution, type BlockOutcome } from "./block-execution.ts";
import { type BlockPlace, checkHeader, checkOutcome } from "./check-header.ts";
import type { LedgerEnvironment } from "./environment.ts";
import { prepareSteps } from "./execute-step.ts";
import type { ShardState } from "./shard-state.ts";

/**
 * Executes a block on the whole state, as a full node does; the witness is not looked at.
 * @param senders of `recoverSenders` for the steps that are transactions, in order
 * @throws LedgerError when the block is unsound; the state is as it was
 */
export function executeBlock(
  environment: LedgerEnvironment,
  state: ShardState,
  place: Omit<BlockPlace, "previous">,
  block: Block,
  senders?: Uint8Array,
): BlockOutcome {
  const { header, operatorSignature, steps } = block;
  checkHeader(environment, { ...place, previous: state.header }, header, operatorSignature);
  const execution = new BlockExecution(environment, state.tree, state.outboxes, state.header, header.slot);
  try {
    for (const step of execution.readingAhead(prepareSteps(environment, steps, senders))) execution.apply(step);
  } catch (error) {
    execution.rollback();
    throw error;
  }
  const { outcome, undo } = execution.commit(header.generation);
  state.advance(outcome.header, undo);
  try {
    checkOutcome(header, outcome);
  } catch (error) {
    state.undoBlock();
    throw error;
  }
  return outcome;
}
