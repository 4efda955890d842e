import { appendLeaf } from "../protocol/append-tree.ts";
import { type Message, messageDigest } from "../protocol/message.ts";
import { decodeAccount, decodeHead, encodeAccount, headKey, outboxKey, outboxWord } from "../protocol/state.ts";
import { messageSentLog, type SendMessageArguments } from "../protocol/system-contracts.ts";
import type { AdmittedTransaction } from "./admission.ts";
import { LedgerError } from "./errors.ts";
import type { SentMessage, TransactionReceipt } from "./receipt.ts";
import type { StepContext } from "./step-context.ts";

export interface ExecutedTransaction {
  readonly receipt: TransactionReceipt;
  readonly sent: SentMessage | null;
}

const NO_LOGS: TransactionReceipt["logs"] = [];

/**
 * Executes an admitted transaction. Accesses: the sender's account; then a transfer's recipient, or for `sendMessage` the head
 * (unless the call fails by its arguments alone) and the outbox (unless the call fails).
 * @returns the error, with nothing written, when it is inadmissible by nonce or balance
 */
export function executeTransaction(
  context: StepContext,
  transaction: AdmittedTransaction,
): ExecutedTransaction | LedgerError {
  const { state } = context;
  const { nonce, value, fee, call } = transaction;
  const sender = state.open(transaction.senderKey);
  const account = decodeAccount(state.word(sender));
  if (nonce !== account.nonce) return new LedgerError("WrongNonce", { nonce, expected: account.nonce });
  if (account.balance < value + fee) {
    return new LedgerError("InsufficientBalance", { balance: account.balance, cost: value + fee });
  }
  const rest = account.balance - fee;

  if (call.name === "transfer") {
    state.write(sender, encodeAccount(nonce + 1n, rest - value));
    // Opened after the sender is written, since it may be the same account.
    const recipient = state.open(transaction.recipientKey);
    const before = decodeAccount(state.word(recipient));
    state.write(recipient, encodeAccount(before.nonce, before.balance + value));
    return { receipt: receiptOf(transaction, 1, NO_LOGS), sent: null };
  }

  if (call.arguments === null || !isDeliverable(context, call.arguments)) {
    state.write(sender, encodeAccount(nonce + 1n, rest));
    return { receipt: receiptOf(transaction, 0, NO_LOGS), sent: null };
  }
  state.write(sender, encodeAccount(nonce + 1n, rest - value));
  const sent = sendMessage(context, transaction, call.arguments);
  return { receipt: receiptOf(transaction, 1, [messageSentLog(sent.message)]), sent };
}

function isDeliverable({ environment, state }: StepContext, { destination, recipient }: SendMessageArguments): boolean {
  if (destination === environment.shardId || recipient.every((byte) => byte === 0)) return false;
  return destination <= decodeHead(state.word(state.open(headKey(environment.crypto)))).shardCount;
}

function sendMessage(
  { environment, state, outboxes }: StepContext,
  { sender, value }: AdmittedTransaction,
  { destination, recipient, data }: SendMessageArguments,
): SentMessage {
  const { crypto, domain, shardId } = environment;
  const handle = state.open(outboxKey(crypto, destination));
  const before = outboxes.open(destination, state.word(handle));
  const message: Message = { source: shardId, destination, index: before.count, sender, recipient, value, data };
  const digest = messageDigest(crypto, domain, message);
  const after = appendLeaf(crypto, before, digest);
  outboxes.set(destination, after);
  state.write(handle, outboxWord(crypto, after));
  return { message, digest };
}

function receiptOf(
  { hash, sender, recipient, nonce, gas, gasPrice }: AdmittedTransaction,
  status: 0 | 1,
  logs: TransactionReceipt["logs"],
): TransactionReceipt {
  return { hash, sender, recipient, nonce, status, gasUsed: gas, gasPrice, logs };
}
