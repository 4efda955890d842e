import { equal } from "../protocol/bytes.ts";
import { INBOX_DEPOSIT, type InboxEntry, inboxEntryDigest } from "../protocol/inbox-entry.ts";
import { accountKey, cursorKey, decodeAccount, decodeCursor, encodeAccount, encodeCursor } from "../protocol/state.ts";
import { type AdmittedTransaction, admitTransactions } from "./admission.ts";
import { LedgerError } from "./errors.ts";
import { type ExecutedTransaction, executeTransaction } from "./execute-transaction.ts";
import { factsEpochOf, type StepContext } from "./step-context.ts";

/** Cursor of the parent's inbox. */
const PARENT = 0;

/**
 * Executes ImportInbox. Accesses: the cursor; then a deposit's recipient, or those of the forced transaction as far as it gets.
 * @returns what became of a forced transaction, the error when it was a no-op; null for a deposit
 * @throws LedgerError
 */
export function executeImportInbox(context: StepContext, entry: InboxEntry): ExecutedTransaction | LedgerError | null {
  const { environment, state } = context;
  const { crypto, domain, facts, shardId } = environment;
  const cursor = state.open(cursorKey(crypto, PARENT));
  const next = decodeCursor(state.word(cursor));
  if (entry.index !== next) throw new LedgerError("WrongCursor", { index: entry.index, expected: next });
  const recorded = facts.inboxEntryDigest(shardId, entry.index);
  if (recorded === null) throw new LedgerError("UnknownInboxEntry", { index: entry.index });
  if (!equal(recorded.digest, inboxEntryDigest(crypto, domain, entry))) {
    throw new LedgerError("WrongInboxEntry", { index: entry.index });
  }
  const factsEpoch = factsEpochOf(context);
  if (recorded.epoch > factsEpoch) throw new LedgerError("InboxEntryTooRecent", { epoch: recorded.epoch, factsEpoch });
  state.write(cursor, encodeCursor(next + 1));

  if (entry.kind === INBOX_DEPOSIT) {
    const recipient = state.open(accountKey(crypto, entry.recipient));
    const { nonce, balance } = decodeAccount(state.word(recipient));
    state.write(recipient, encodeAccount(nonce, balance + entry.value));
    return null;
  }
  const [forced] = admitTransactions(environment, [entry.data]) as [AdmittedTransaction | LedgerError];
  return forced instanceof LedgerError ? forced : executeTransaction(context, forced);
}
