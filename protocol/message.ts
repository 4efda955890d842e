import { word } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";
import { addressWord, cachedTypeHash, type Domain, digest, hashStruct, u128Word } from "./eip712.ts";

/** Value and data from a shard to another or to the parent chain; (source, destination, index) is its identity for ever. */
export interface Message {
  readonly source: number;
  /** 0 is the parent chain. */
  readonly destination: number;
  readonly index: number;
  readonly sender: Uint8Array;
  readonly recipient: Uint8Array;
  /** wei, at most 2^128 - 1 */
  readonly value: bigint;
  readonly data: Uint8Array;
}

const TYPE = cachedTypeHash(
  "Message(uint32 source,uint32 destination,uint64 index,address sender,address recipient,uint128 value,bytes data)",
);

/** The message's leaf in `outbox[destination]` of its source. */
export function messageDigest(crypto: Crypto, domain: Domain, message: Message): Uint8Array {
  return digest(
    crypto,
    domain,
    hashStruct(crypto, TYPE(crypto), [
      word(message.source),
      word(message.destination),
      word(message.index),
      addressWord(message.sender),
      addressWord(message.recipient),
      u128Word(message.value),
      crypto.keccak256(message.data),
    ]),
  );
}
