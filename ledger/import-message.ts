import { APPEND_TREE_DEPTH, zeroSubtreeHashes } from "../protocol/append-tree.ts";
import { equal } from "../protocol/bytes.ts";
import { crosslinkHash } from "../protocol/crosslink.ts";
import { messageDigest } from "../protocol/message.ts";
import { hashNode, rootFromPath } from "../protocol/padded-tree.ts";
import {
  accountKey,
  cursorKey,
  decodeAccount,
  decodeCursor,
  encodeAccount,
  encodeCursor,
  outboxKey,
  outboxWordOf,
} from "../protocol/state.ts";
import { type Log, messageReceivedLog } from "../protocol/system-contracts.ts";
import type { LedgerEnvironment } from "./environment.ts";
import { LedgerError } from "./errors.ts";
import { verifyStateProof } from "./state-proof.ts";
import type { ImportMessage } from "./step.ts";
import { factsEpochOf, type StepContext } from "./step-context.ts";

/**
 * Executes ImportMessage. Accesses: the source's cursor, the recipient's account.
 * @throws LedgerError
 */
export function executeImportMessage(context: StepContext, step: ImportMessage): Log {
  const { environment, state } = context;
  const { crypto, facts, shardId } = environment;
  const { message, checkpointEpoch, position } = step;
  if (message.source === 0 || message.source === shardId)
    throw new LedgerError("WrongSource", { source: message.source });
  const cursor = state.open(cursorKey(crypto, message.source));
  const next = decodeCursor(state.word(cursor));
  if (message.index !== next) throw new LedgerError("WrongCursor", { index: message.index, expected: next });

  const factsEpoch = factsEpochOf(context);
  const root = factsEpoch < 0 ? null : facts.settledCheckpointRoot(checkpointEpoch, position, factsEpoch);
  if (root === null) throw new LedgerError("CheckpointNotSettled", { checkpointEpoch, factsEpoch });
  if (!equal(root, checkpointRootOf(environment, step))) {
    throw new LedgerError("WrongCheckpointRoot", { checkpointEpoch });
  }
  if (!isInOutbox(environment, step)) throw new LedgerError("WrongMessageProof", { index: message.index });
  if (message.index >= step.count) {
    throw new LedgerError("MessageIndexOutOfRange", { index: message.index, count: step.count });
  }

  state.write(cursor, encodeCursor(next + 1));
  const recipient = state.open(accountKey(crypto, message.recipient));
  const { nonce, balance } = decodeAccount(state.word(recipient));
  state.write(recipient, encodeAccount(nonce, balance + message.value));
  return messageReceivedLog(message);
}

/** The checkpoint root that the crosslink's path leads to. */
function checkpointRootOf({ crypto, domain }: LedgerEnvironment, step: ImportMessage): Uint8Array {
  const entry = crosslinkHash(crypto, domain, step.crosslink);
  return hashNode(crypto, rootFromPath(crypto, entry, step.position, step.entrySiblings), step.bodyRoot);
}

/** Whether the crosslink's state has an outbox for this shard of `count` messages, with the message in it at its index. */
function isInOutbox({ crypto, domain, shardId }: LedgerEnvironment, step: ImportMessage): boolean {
  const { message, count, outboxSiblings, stateSiblings, crosslink } = step;
  const upper = zeroSubtreeHashes(crypto).slice(outboxSiblings.length, APPEND_TREE_DEPTH);
  const digest = messageDigest(crypto, domain, message);
  const root = rootFromPath(crypto, digest, message.index, [...outboxSiblings, ...upper]);
  const word = outboxWordOf(crypto, count, root);
  return verifyStateProof(crypto, crosslink.stateRoot, outboxKey(crypto, shardId), word, stateSiblings);
}
