import { DecodeError } from "../protocol/bytes.ts";
import { MAX_PAYLOAD_BYTES } from "../protocol/presets.ts";
import { type AdmittedTransaction, admitTransactions } from "./admission.ts";
import { executeBlockStart } from "./block-start.ts";
import type { LedgerEnvironment } from "./environment.ts";
import { LedgerError } from "./errors.ts";
import { type ExecutedTransaction, executeTransaction } from "./execute-transaction.ts";
import { executeImportInbox } from "./import-inbox.ts";
import { executeImportMessage } from "./import-message.ts";
import type { StepReceipt } from "./receipt.ts";
import { decodeBlockStart, decodeImportInbox, decodeImportMessage, STEP_KIND, type Step } from "./step.ts";
import type { StepContext } from "./step-context.ts";

/** A step with all that is known of it without state. */
export interface PreparedStep extends Step {
  /** keccak256 of the payload */
  readonly payloadHash: Uint8Array;
  /** For a Transaction: judged by the rules that need no state. */
  readonly transaction: AdmittedTransaction | LedgerError | null;
}

/**
 * Does for many steps at once what needs no state: hashing, decoding and judging transactions, and their state keys.
 * @param senders of `recoverSenders` for the payloads of the steps that are transactions, in order
 */
export function prepareSteps(
  environment: LedgerEnvironment,
  steps: readonly Step[],
  senders?: Uint8Array,
): PreparedStep[] {
  const payloads = steps.filter((step) => step.kind === STEP_KIND.transaction).map((step) => step.payload);
  const transactions = admitTransactions(environment, payloads, senders);
  let next = 0;
  return steps.map(({ kind, payload }) => {
    const transaction = kind === STEP_KIND.transaction ? (transactions[next++] ?? null) : null;
    const isAdmitted = transaction !== null && !(transaction instanceof LedgerError);
    const payloadHash = isAdmitted ? transaction.hash : environment.crypto.keccak256(payload);
    return { kind, payload, payloadHash, transaction };
  });
}

export interface ExecutedStep {
  readonly receipt: StepReceipt;
  /** What the step adds to the fees of the block, wei. */
  readonly fee: bigint;
}

/**
 * Executes one step by docs/formats.md, section 5, "Rules of the steps".
 * @param index of the step in its block
 * @throws LedgerError when the step is inadmissible. Nothing is written then, unless it is a BlockStart.
 */
export function executeStep(context: StepContext, index: number, step: PreparedStep): ExecutedStep {
  const { kind, payload } = step;
  if ((kind === STEP_KIND.blockStart) !== (index === 0)) throw new LedgerError("MisplacedBlockStart", { index });
  if (payload.length > MAX_PAYLOAD_BYTES) throw new LedgerError("PayloadTooLong", { length: payload.length });
  const { shardId, parameters } = context.environment;
  switch (kind) {
    case STEP_KIND.blockStart:
      executeBlockStart(
        context,
        decoded(() => decodeBlockStart(payload)),
      );
      return plain(step);
    case STEP_KIND.transaction: {
      const { transaction } = step;
      if (transaction === null || transaction instanceof LedgerError) throw transaction ?? new LedgerError("Malformed");
      const executed = executeTransaction(context, transaction);
      if (executed instanceof LedgerError) throw executed;
      return withTransaction(step, executed);
    }
    case STEP_KIND.importInbox: {
      const entry = decoded(() => decodeImportInbox(shardId, payload));
      const forced = executeImportInbox(context, entry);
      if (forced === null) return plain(step);
      return forced instanceof LedgerError ? plain(step, { rejection: forced }) : withTransaction(step, forced);
    }
    case STEP_KIND.importMessage: {
      const message = decoded(() => decodeImportMessage(shardId, parameters.shardCount, payload));
      return plain(step, { logs: [executeImportMessage(context, message)] });
    }
    default:
      throw new LedgerError("UnknownStepKind", { kind });
  }
}

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) throw new LedgerError("Malformed", { reason: error.message });
    throw error;
  }
}

function plain(
  { kind, payloadHash }: PreparedStep,
  what: Partial<Pick<StepReceipt, "rejection" | "logs">> = {},
): ExecutedStep {
  return { receipt: { kind, payloadHash, transaction: null, rejection: null, logs: [], sent: null, ...what }, fee: 0n };
}

function withTransaction({ kind, payloadHash }: PreparedStep, { receipt, sent }: ExecutedTransaction): ExecutedStep {
  return {
    receipt: { kind, payloadHash, transaction: receipt, rejection: null, logs: receipt.logs, sent },
    fee: receipt.gasUsed * receipt.gasPrice,
  };
}
