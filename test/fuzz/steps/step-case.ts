import type { LedgerEnvironment, ParentFacts } from "../../../ledger/environment.ts";
import { LedgerError } from "../../../ledger/errors.ts";
import { replayStep, type StepOutcome } from "../../../ledger/replay-step.ts";
import type { StepOpening } from "../../../ledger/step-witness.ts";

/** A checkpoint as the parent chain knows it. */
export interface CheckpointFact {
  readonly epoch: number;
  readonly root: Uint8Array;
  readonly absentHash: Uint8Array;
  /** Null while it is not settled. */
  readonly settledEpoch: number | null;
  /** Bit p: nothing may be read from position p. */
  readonly exceptions: bigint;
}

/** What the parent chain says in one case: of each kind one answer, to the one question that a step may ask. */
export interface Facts {
  readonly seed: { readonly epoch: number; readonly value: Uint8Array };
  readonly shardCount: { readonly asOfEpoch: number; readonly value: number };
  readonly inboxEntry: { readonly index: number; readonly digest: Uint8Array; readonly epoch: number } | null;
  readonly checkpoint: CheckpointFact | null;
}

/** Answers as `ParentFacts`; a question that no step has to ask is an error of the ledger. */
export class CaseFacts implements ParentFacts {
  readonly known: Facts;
  readonly #shardId: number;

  constructor(known: Facts, shardId: number) {
    this.known = known;
    this.#shardId = shardId;
  }

  seed(epoch: number): Uint8Array {
    const { seed } = this.known;
    if (epoch !== seed.epoch) throw new Error(`asked for the seed of ${epoch}, not of ${seed.epoch}`);
    return seed.value;
  }

  shardCount(asOfEpoch: number): number {
    const { shardCount } = this.known;
    if (asOfEpoch !== shardCount.asOfEpoch) throw new Error(`asked for the shards as of ${asOfEpoch}`);
    return shardCount.value;
  }

  inboxEntryDigest(shardId: number, index: number): { digest: Uint8Array; epoch: number } | null {
    if (shardId !== this.#shardId) throw new Error(`asked for the inbox of ${shardId}`);
    const { inboxEntry } = this.known;
    return inboxEntry?.index === index ? inboxEntry : null;
  }

  settledCheckpointRoot(checkpointEpoch: number, position: number, asOfEpoch: number): Uint8Array | null {
    const { checkpoint } = this.known;
    if (checkpoint === null || checkpoint.epoch !== checkpointEpoch) return null;
    const { settledEpoch, exceptions, root } = checkpoint;
    const isSettled = settledEpoch !== null && settledEpoch <= asOfEpoch;
    return isSettled && ((exceptions >> BigInt(position)) & 1n) === 0n ? root : null;
  }
}

/** One step of one block, with all that decides it. */
export interface StepCase {
  /** Kind of step, and what is special about it. */
  readonly name: string;
  readonly environment: LedgerEnvironment;
  readonly facts: Facts;
  readonly slot: number;
  readonly previousFees: bigint;
  readonly opening: StepOpening;
  /** State root after the same step on the whole state. */
  readonly rootAfter: Uint8Array;
}

/** The ledger's answer: the oracle of everybody else's. */
export function verdictOf({ environment, slot, previousFees, opening }: StepCase): StepOutcome | LedgerError {
  try {
    return replayStep(environment, slot, previousFees, opening);
  } catch (error) {
    if (error instanceof LedgerError) return error;
    throw error;
  }
}
