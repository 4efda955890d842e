import type { LedgerEnvironment } from "./environment.ts";
import type { OutboxBook } from "./outbox-book.ts";
import type { StateAccess } from "./state-access.ts";

/** All that the execution of one step can see. */
export interface StepContext {
  readonly environment: LedgerEnvironment;
  readonly state: StateAccess;
  readonly outboxes: OutboxBook;
  /** Slot of the block, from its header. */
  readonly slot: number;
  /** Fees of the block before this one, wei; 0 for block 1. */
  readonly previousFees: bigint;
}

/** Epoch of the block. */
export function epochOf({ environment, slot }: StepContext): number {
  return Math.floor(slot / environment.parameters.slotsPerEpoch);
}

/** The epoch up to which facts of the parent chain count for the block; negative when none do. */
export function factsEpochOf(context: StepContext): number {
  return epochOf(context) - context.environment.parameters.inputDelay;
}
