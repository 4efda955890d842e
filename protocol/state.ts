import { type AppendTree, appendTreeRoot } from "./append-tree.ts";
import { ByteReader, ByteWriter, ZERO_HASH } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";

/** Keys and words of a shard's state (docs/formats.md, section 4, "State keys and words"). All are 32 bytes. */

const TYPE = { account: 1, head: 2, seed: 3, cursor: 4, outbox: 5 } as const;

/** u256 type ‖ u256 field, written at `offset` of `out`, for hashing many keys at once. */
export function writeAccountKeyPreimage(out: Uint8Array, offset: number, address: Uint8Array): void {
  out[offset + 31] = TYPE.account;
  out.set(address, offset + 44);
}

/** SHA-256(u256 type ‖ u256 field) */
function stateKey(crypto: Crypto, type: number, field: number): Uint8Array {
  const preimage = new Uint8Array(64);
  preimage[31] = type;
  new DataView(preimage.buffer).setUint32(60, field);
  return crypto.sha256(preimage);
}

export function accountKey(crypto: Crypto, address: Uint8Array): Uint8Array {
  const preimage = new Uint8Array(64);
  writeAccountKeyPreimage(preimage, 0, address);
  return crypto.sha256(preimage);
}

export function headKey(crypto: Crypto): Uint8Array {
  return stateKey(crypto, TYPE.head, 0);
}

export function seedKey(crypto: Crypto): Uint8Array {
  return stateKey(crypto, TYPE.seed, 0);
}

/** `source`: a shard, or 0 for the parent chain's inbox. */
export function cursorKey(crypto: Crypto, source: number): Uint8Array {
  return stateKey(crypto, TYPE.cursor, source);
}

/** `destination`: a shard, or 0 for the parent chain. */
export function outboxKey(crypto: Crypto, destination: number): Uint8Array {
  return stateKey(crypto, TYPE.outbox, destination);
}

export interface Account {
  readonly nonce: bigint;
  /** wei, below 2^192 */
  readonly balance: bigint;
}

const scratch = new DataView(new ArrayBuffer(32));
const scratchBytes = new Uint8Array(scratch.buffer);

/** u64 nonce ‖ u192 balance; a word that is absent reads as zero, an account with nonce and balance 0. */
export function decodeAccount(word: Uint8Array): Account {
  scratchBytes.set(word);
  const balance = scratch.getBigUint64(24);
  const high = scratch.getBigUint64(16);
  const top = scratch.getBigUint64(8);
  return {
    nonce: scratch.getBigUint64(0),
    balance: high === 0n && top === 0n ? balance : (top << 128n) | (high << 64n) | balance,
  };
}

const BALANCE_LIMIT = 1n << 192n;
const LOW_64 = (1n << 64n) - 1n;

/** @throws RangeError when the balance does not fit in 192 bits, which no amount of native coin reaches */
export function encodeAccount(nonce: bigint, balance: bigint): Uint8Array {
  if (balance < 0n || balance >= BALANCE_LIMIT) throw new RangeError(`a balance of ${balance}`);
  const isSmall = balance <= LOW_64;
  scratch.setBigUint64(0, nonce);
  scratch.setBigUint64(8, isSmall ? 0n : balance >> 128n);
  scratch.setBigUint64(16, isSmall ? 0n : (balance >> 64n) & LOW_64);
  scratch.setBigUint64(24, isSmall ? balance : balance & LOW_64);
  return scratchBytes.slice();
}

/** Where the shard stands after its last block. */
export interface Head {
  /** Of the last block; 0 before block 1. */
  readonly number: number;
  readonly slot: number;
  readonly epoch: number;
  /** Shards opened, as known to the block: the highest destination of a message. */
  readonly shardCount: number;
}

export function decodeHead(word: Uint8Array): Head {
  const reader = new ByteReader(word);
  return { number: reader.u64(), slot: reader.u64(), epoch: reader.u64(), shardCount: reader.u32() };
}

export function encodeHead(head: Head): Uint8Array {
  return new ByteWriter().u64(head.number).u64(head.slot).u64(head.epoch).u32(head.shardCount).u32(0).finish();
}

/** The index that the next import from this source must have. */
export function decodeCursor(word: Uint8Array): number {
  return new ByteReader(word).u64();
}

export function encodeCursor(next: number): Uint8Array {
  return new ByteWriter().u64(next).bytes(ZERO_HASH.subarray(0, 24)).finish();
}

/** SHA-256(u256 count ‖ append tree root) */
export function outboxWord(crypto: Crypto, outbox: AppendTree): Uint8Array {
  return outboxWordOf(crypto, outbox.count, appendTreeRoot(crypto, outbox));
}

export function outboxWordOf(crypto: Crypto, count: number, root: Uint8Array): Uint8Array {
  const preimage = new Uint8Array(64);
  const view = new DataView(preimage.buffer);
  view.setBigUint64(24, BigInt(count));
  preimage.set(root, 32);
  return crypto.sha256(preimage);
}

/** SHA-256(0x00 ‖ key ‖ word): a leaf of the state tree. 65 bytes, so that it is never taken for an inner node. */
export function stateLeafHash(crypto: Crypto, key: Uint8Array, word: Uint8Array): Uint8Array {
  const preimage = new Uint8Array(65);
  preimage.set(key, 1);
  preimage.set(word, 33);
  return crypto.sha256(preimage);
}
