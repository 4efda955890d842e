import { word } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";
import { addressWord, cachedTypeHash, type Domain, digest, hashStruct, u128Word } from "./eip712.ts";

export const INBOX_DEPOSIT = 0;
export const INBOX_FORCED_TRANSACTION = 1;

/** What the parent chain hands to a shard. */
export interface InboxEntry {
  readonly shardId: number;
  readonly index: number;
  /** Epoch of the parent chain at which it was recorded; 0 before genesis. */
  readonly epoch: number;
  /** INBOX_DEPOSIT or INBOX_FORCED_TRANSACTION */
  readonly kind: number;
  readonly sender: Uint8Array;
  /** zero for a forced transaction */
  readonly recipient: Uint8Array;
  /** wei, at most 2^128 - 1; 0 for a forced transaction */
  readonly value: bigint;
  /** the signed transaction; empty for a deposit */
  readonly data: Uint8Array;
}

const TYPE = cachedTypeHash(
  "InboxEntry(uint32 shardId,uint64 index,uint64 epoch,uint8 kind,address sender,address recipient,uint128 value,bytes data)",
);

/** What Inbox stores of an entry. */
export function inboxEntryDigest(crypto: Crypto, domain: Domain, entry: InboxEntry): Uint8Array {
  return digest(
    crypto,
    domain,
    hashStruct(crypto, TYPE(crypto), [
      word(entry.shardId),
      word(entry.index),
      word(entry.epoch),
      word(entry.kind),
      addressWord(entry.sender),
      addressWord(entry.recipient),
      u128Word(entry.value),
      crypto.keccak256(entry.data),
    ]),
  );
}
