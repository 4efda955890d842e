import { DecodeError, equal, ZERO_HASH } from "../protocol/bytes.ts";
import { type Block, decodeBlock } from "./block.ts";
import { BlockExecution, type BlockOutcome } from "./block-execution.ts";
import { type BlockWitness, decodeWitness } from "./block-witness.ts";
import { type BlockPlace, checkHeader, checkOutcome } from "./check-header.ts";
import type { LedgerEnvironment } from "./environment.ts";
import { LedgerError } from "./errors.ts";
import { prepareSteps } from "./execute-step.ts";
import { OutboxBook } from "./outbox-book.ts";

export type BlockVerdict =
  | { readonly ok: true; readonly block: Block; readonly outcome: BlockOutcome }
  /** `step` is the index of the inadmissible step, null when the fault is not in one. */
  | { readonly ok: false; readonly error: LedgerError; readonly step: number | null };

/**
 * Checks a block by its witness alone, as a validator does. An error FactsUnavailable says nothing about the block.
 * @param bytes the encoded block
 * @param senders of `recoverSenders` for the steps that are transactions, in order
 */
export function verifyBlock(
  environment: LedgerEnvironment,
  place: BlockPlace,
  bytes: Uint8Array,
  senders?: Uint8Array,
): BlockVerdict {
  let step: number | null = null;
  try {
    const block = decodeBlock(bytes);
    const { header } = block;
    // Before the witness is parsed: only what the operator signed is worth the work.
    checkHeader(environment, place, header, block.operatorSignature);
    const witness = openWitness(environment, place, block);
    const outboxes = new OutboxBook(environment.crypto, witness.outboxes);
    const execution = new BlockExecution(environment, witness.tree, outboxes, place.previous, header.slot);
    for (const prepared of prepareSteps(environment, block.steps, senders)) {
      step = execution.stepCount;
      execution.apply(prepared);
    }
    step = null;
    if (!equal(execution.witness(), block.witness)) throw new LedgerError("NonCanonicalWitness");
    const { outcome } = execution.commit(header.generation);
    checkOutcome(header, outcome);
    return { ok: true, block, outcome };
  } catch (error) {
    if (error instanceof LedgerError) return { ok: false, error, step };
    throw error;
  }
}

/**
 * The witness of a block, opened against the state root below it.
 * @throws LedgerError MalformedWitness, WrongPreStateRoot
 */
export function openWitness(
  { crypto }: LedgerEnvironment,
  { previous }: Pick<BlockPlace, "previous">,
  block: Block,
): BlockWitness {
  let witness: BlockWitness;
  try {
    witness = decodeWitness(crypto, block.witness, block.header.stepCount);
  } catch (error) {
    if (error instanceof DecodeError) throw new LedgerError("MalformedWitness", { reason: error.message });
    throw error;
  }
  if (!equal(witness.tree.root, previous?.stateRoot ?? ZERO_HASH)) throw new LedgerError("WrongPreStateRoot");
  return witness;
}
