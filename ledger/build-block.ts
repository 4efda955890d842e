import { BLOCK_HEADER_BYTES } from "../protocol/block-header.ts";
import { MAX_PAYLOAD_BYTES, MAX_STEPS } from "../protocol/presets.ts";
import { MAX_BLOCK_BYTES } from "./block.ts";
import { BlockExecution, type BlockOutcome } from "./block-execution.ts";
import { expectedBlockStart } from "./block-start.ts";
import type { LedgerEnvironment } from "./environment.ts";
import { LedgerError } from "./errors.ts";
import { type PreparedStep, prepareSteps } from "./execute-step.ts";
import type { ShardState } from "./shard-state.ts";
import { encodeBlockStart, STEP_KIND, type Step } from "./step.ts";

export interface BlockRequest {
  readonly slot: number;
  readonly generation: number;
  /** In the order wanted, without BlockStart. */
  readonly candidates: readonly Step[];
  /** Of `recoverSenders` for the candidates that are transactions, in order; without it they are recovered here. */
  readonly senders?: Uint8Array;
  /** Steps that the block may have, BlockStart included; at most and by default MAX_STEPS. */
  readonly maxSteps?: number;
  /** Bytes that the encoded block may have; at most and by default MAX_BLOCK_BYTES. */
  readonly maxBytes?: number;
}

export interface SkippedCandidate {
  /** In the candidates. */
  readonly index: number;
  readonly error: LedgerError;
}

export interface BuiltBlock extends BlockOutcome {
  /** BlockStart and the candidates that were admitted, in order. */
  readonly steps: readonly Step[];
  /** Encoded. */
  readonly witness: Uint8Array;
  /** Candidates that were inadmissible here. */
  readonly skipped: readonly SkippedCandidate[];
  /** Candidates from this index on were not tried: the block was full. */
  readonly nextCandidate: number;
}

/** Header, signature, and the length of each step around the payloads. */
const FRAME_BYTES = BLOCK_HEADER_BYTES + 65;
const STEP_FRAME_BYTES = 5;

/**
 * Builds the next block on `state`, which is then the state after it.
 * @throws LedgerError when not even BlockStart is admissible (SlotNotLater, FactsUnavailable) or fits (BlockTooLong); the state
 * is as it was
 */
export function buildBlock(environment: LedgerEnvironment, state: ShardState, request: BlockRequest): BuiltBlock {
  const prepared = prepareSteps(environment, request.candidates, request.senders);
  const maxBytes = Math.min(request.maxBytes ?? MAX_BLOCK_BYTES, MAX_BLOCK_BYTES);
  let maxSteps = Math.min(request.maxSteps ?? MAX_STEPS, MAX_STEPS);
  for (;;) {
    const attempt = tryToBuild(environment, state, request, prepared, maxSteps, maxBytes);
    if ("built" in attempt) return attempt.built;
    // The length of a witness is only known when it is there: too long a block is built again with fewer steps.
    if (attempt.steps === 1) throw new LedgerError("BlockTooLong", { length: attempt.length });
    maxSteps = Math.max(1, Math.floor((attempt.steps * maxBytes * 0.9) / attempt.length));
  }
}

function tryToBuild(
  environment: LedgerEnvironment,
  state: ShardState,
  request: BlockRequest,
  candidates: readonly PreparedStep[],
  maxSteps: number,
  maxBytes: number,
): { readonly built: BuiltBlock } | { readonly steps: number; readonly length: number } {
  const execution = new BlockExecution(environment, state.tree, state.outboxes, state.header, request.slot);
  try {
    const payload = encodeBlockStart(expectedBlockStart(execution.context));
    const steps: Step[] = [{ kind: STEP_KIND.blockStart, payload }];
    for (const start of prepareSteps(environment, steps)) execution.apply(start);
    let length = FRAME_BYTES + STEP_FRAME_BYTES + payload.length;
    const skipped: SkippedCandidate[] = [];
    let next = 0;
    for (const step of execution.readingAhead(candidates)) {
      const withStep = length + STEP_FRAME_BYTES + step.payload.length;
      // A payload that no block may hold ends nothing: it is skipped with whatever else is inadmissible.
      const isFull = withStep > maxBytes && step.payload.length <= MAX_PAYLOAD_BYTES;
      if (steps.length === maxSteps || isFull) break;
      try {
        execution.apply(step);
        steps.push({ kind: step.kind, payload: step.payload });
        length = withStep;
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error;
        skipped.push({ index: next, error });
      }
      next++;
    }
    const witness = execution.witness();
    if (length + witness.length > maxBytes) {
      execution.rollback();
      return { steps: steps.length, length: length + witness.length };
    }
    const { outcome, undo } = execution.commit(request.generation);
    state.advance(outcome.header, undo);
    return { built: { ...outcome, steps, witness, skipped, nextCandidate: next } };
  } catch (error) {
    execution.rollback();
    throw error;
  }
}
