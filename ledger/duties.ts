import { inboxQuota, MESSAGE_QUOTA, type Parameters } from "../protocol/presets.ts";

/**
 * What a shard has to import (docs/formats.md, section 9): twin of contracts/disputes/IgnoredDuties.sol. It is asked of
 * crosslinks; an operator who asks it of every block can end a crosslink with any of them.
 */

export type DutyParameters = Pick<Parameters, "forceEpochs" | "inboxEntriesPerEpoch">;

/** A shard's inbox, and what else was demanded of it. */
export interface WaitingImports {
  inboxEntry(shardId: number, index: number): { readonly epoch: number } | null;
  demand(destination: number, source: number, index: number): { readonly epoch: number } | null;
}

export interface DutyFacts {
  /** A shard, or 0 for the parent's inbox. */
  readonly source: number;
  /** The source's cursor below the first block and after the last one. */
  readonly before: number;
  readonly after: number;
  /** Epoch of the last block's slot. */
  readonly lastEpoch: number;
  /** When what stands at the cursor after the last block was recorded in the inbox, or demanded there; null if it was not. */
  readonly cameIn: number | null;
}

/** Imports of one source that are enough, however many are waiting. */
export function quotaOf(parameters: DutyParameters, source: number): number {
  return source === 0 ? inboxQuota(parameters) : MESSAGE_QUOTA;
}

/** Since which epoch import `index` of a source waits; null if nothing does. */
export function waitingSince(waiting: WaitingImports, shardId: number, source: number, index: number): number | null {
  const next = source === 0 ? waiting.inboxEntry(shardId, index) : waiting.demand(shardId, source, index);
  return next?.epoch ?? null;
}

/** Whether blocks leave lying what they have to import. */
export function leavesLying(parameters: DutyParameters, facts: DutyFacts): boolean {
  const { source, before, after, lastEpoch, cameIn } = facts;
  if (cameIn === null || cameIn + parameters.forceEpochs > lastEpoch) return false;
  return Math.max(0, after - before) < quotaOf(parameters, source);
}
