import type { Message } from "../protocol/message.ts";
import type { Log } from "../protocol/system-contracts.ts";
import type { LedgerError } from "./errors.ts";

/** What became of a transaction, included or forced. */
export interface TransactionReceipt {
  /** keccak256 of the signed transaction */
  readonly hash: Uint8Array;
  readonly sender: Uint8Array;
  readonly recipient: Uint8Array;
  readonly nonce: bigint;
  /** 0 when the call failed and only nonce and fee changed. */
  readonly status: 0 | 1;
  readonly gasUsed: bigint;
  /** wei per gas paid */
  readonly gasPrice: bigint;
  readonly logs: readonly Log[];
}

/** A message that a block put into an outbox, with its leaf there. */
export interface SentMessage {
  readonly message: Message;
  /** 32 bytes */
  readonly digest: Uint8Array;
}

/** What one step did, beyond its writes to the state. */
export interface StepReceipt {
  /** One of STEP_KIND. */
  readonly kind: number;
  /** keccak256 of the step's payload */
  readonly payloadHash: Uint8Array;
  /** Of a Transaction, or of an ImportInbox whose forced transaction was executed; else null. */
  readonly transaction: TransactionReceipt | null;
  /** Why the forced transaction of an ImportInbox was a no-op; else null. */
  readonly rejection: LedgerError | null;
  /** All logs of the step. */
  readonly logs: readonly Log[];
  readonly sent: SentMessage | null;
}
