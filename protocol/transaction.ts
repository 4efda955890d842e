import { concat, DecodeError } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";

/**
 * EIP-1559 transactions (docs/formats.md, section 5). Decoding is strict: one transaction has exactly one encoding, so that a
 * hash names a transaction and the verifier on the parent chain, which decodes the same bytes, never disagrees.
 */

/** First byte of the payload (EIP-2718). */
const TYPE_BYTE = 0x02;

/** The value that a nonce cannot have, since the account's next would not fit in 64 bits (EIP-2681). */
const NONCE_LIMIT = 0xffff_ffff_ffff_ffffn;

export interface UnsignedTransaction {
  readonly chainId: bigint;
  readonly nonce: bigint;
  /** wei per gas */
  readonly maxPriorityFeePerGas: bigint;
  /** wei per gas */
  readonly maxFeePerGas: bigint;
  readonly gasLimit: bigint;
  /** 20 bytes; null creates a contract, which no shard admits. */
  readonly to: Uint8Array | null;
  /** wei */
  readonly value: bigint;
  readonly data: Uint8Array;
}

export interface Transaction extends UnsignedTransaction {
  /** Whether the access list has an entry, which no shard admits; what stands in it is not decoded. */
  readonly hasAccessList: boolean;
  /** As signed: a canonical integer of at most 64 bits, valid are 0 and 1. */
  readonly yParity: bigint;
  /** Big endian without leading zeros, at most 32 bytes. */
  readonly r: Uint8Array;
  /** As r. */
  readonly s: Uint8Array;
  /** RLP of the fields before the signature, without list header: what `signingDigest` hashes. */
  readonly signedFields: Uint8Array;
}

const scratch = new DataView(new ArrayBuffer(8));

/** Reads RLP items of one list; every rule of canonical RLP (Yellow Paper, appendix B) is checked. */
class RlpCursor {
  readonly bytes: Uint8Array;
  offset: number;
  end: number;
  /** Start and length of the content of the item that was read last. */
  start = 0;
  length = 0;

  constructor(bytes: Uint8Array, offset: number) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = bytes.length;
  }

  /** Reads the header of an item whose first byte is at least `base`: 0x80 for strings, 0xc0 for lists. */
  #header(base: number): void {
    const first = this.bytes[this.offset] as number;
    if (first < base + 56) {
      this.start = this.offset + 1;
      this.length = first - base;
    } else {
      const lengthOfLength = first - base - 55;
      const at = this.offset + 1;
      // Four bytes of length are more than any payload has; a longer length is out of bounds or has leading zeros.
      if (lengthOfLength > 4 || at + lengthOfLength > this.end) throw new DecodeError("RLP length out of bounds");
      let length = 0;
      for (let i = 0; i < lengthOfLength; i++) length = length * 256 + (this.bytes[at + i] as number);
      if (this.bytes[at] === 0 || length < 56) throw new DecodeError("RLP length is not canonical");
      this.start = at + lengthOfLength;
      this.length = length;
    }
    this.offset = this.start + this.length;
    if (this.offset > this.end) throw new DecodeError("RLP item out of bounds");
  }

  string(): void {
    if (this.offset >= this.end) throw new DecodeError("RLP item missing");
    const first = this.bytes[this.offset] as number;
    if (first >= 0xc0) throw new DecodeError("RLP list where a string belongs");
    if (first < 0x80) {
      this.start = this.offset++;
      this.length = 1;
      return;
    }
    this.#header(0x80);
    if (first === 0x81 && (this.bytes[this.start] as number) < 0x80) throw new DecodeError("RLP byte is not canonical");
  }

  list(): void {
    if (this.offset >= this.end) throw new DecodeError("RLP item missing");
    if ((this.bytes[this.offset] as number) < 0xc0) throw new DecodeError("RLP string where a list belongs");
    this.#header(0xc0);
  }

  /** An integer string of at most `max` bytes, no leading zeros. */
  #integer(max: number): void {
    this.string();
    if (this.length > max) throw new DecodeError(`an integer of more than ${max} bytes`);
    if (this.length > 0 && this.bytes[this.start] === 0) throw new DecodeError("an integer has leading zeros");
  }

  u64(): bigint {
    this.#integer(8);
    return this.#bigint(this.start, this.length);
  }

  u128(): bigint {
    this.#integer(16);
    if (this.length <= 8) return this.#bigint(this.start, this.length);
    const high = this.length - 8;
    return (this.#bigint(this.start, high) << 64n) | this.#bigint(this.start + high, 8);
  }

  /** A 256-bit integer, as it stands. */
  u256(): Uint8Array {
    this.#integer(32);
    return this.content();
  }

  content(): Uint8Array {
    return this.bytes.subarray(this.start, this.start + this.length);
  }

  /** The big-endian integer of at most 8 bytes at `start`. */
  #bigint(start: number, length: number): bigint {
    let high = 0;
    let low = 0;
    for (let i = 0; i < length; i++) {
      high = ((high << 8) | (low >>> 24)) >>> 0;
      low = ((low << 8) | (this.bytes[start + i] as number)) >>> 0;
    }
    if (high === 0) return BigInt(low);
    scratch.setUint32(0, high);
    scratch.setUint32(4, low);
    return scratch.getBigUint64(0);
  }
}

/**
 * Decodes a signed transaction as sent: 0x02 ‖ RLP. Byte fields are views of `payload`.
 * @throws DecodeError when it is not the canonical encoding of an EIP-1559 transaction, or a field is out of range
 */
export function decodeTransaction(payload: Uint8Array): Transaction {
  if (payload[0] !== TYPE_BYTE) throw new DecodeError("not an EIP-1559 transaction");
  const cursor = new RlpCursor(payload, 1);
  cursor.list();
  if (cursor.offset !== payload.length) throw new DecodeError("bytes after the transaction");
  cursor.offset = cursor.start;
  const fields = cursor.start;

  const chainId = cursor.u64();
  const nonce = cursor.u64();
  if (nonce === NONCE_LIMIT) throw new DecodeError("the nonce is above 2^64 - 2");
  const maxPriorityFeePerGas = cursor.u64();
  const maxFeePerGas = cursor.u64();
  const gasLimit = cursor.u64();
  cursor.string();
  if (cursor.length !== 0 && cursor.length !== 20) throw new DecodeError("the recipient is not an address");
  const to = cursor.length === 0 ? null : cursor.content();
  const value = cursor.u128();
  cursor.string();
  const data = cursor.content();
  cursor.list();
  const hasAccessList = cursor.length > 0;
  const signedFields = payload.subarray(fields, cursor.offset);
  const yParity = cursor.u64();
  const r = cursor.u256();
  const s = cursor.u256();
  if (cursor.offset !== payload.length) throw new DecodeError("more fields than a transaction has");

  return {
    chainId,
    nonce,
    maxPriorityFeePerGas,
    maxFeePerGas,
    gasLimit,
    to,
    value,
    data,
    hasAccessList,
    yParity,
    r,
    s,
    signedFields,
  };
}

/** What the sender signs: keccak256(0x02 ‖ RLP of the fields before the signature). */
export function signingDigest(crypto: Crypto, signedFields: Uint8Array): Uint8Array {
  const header = lengthHeader(0xc0, signedFields.length);
  const preimage = new Uint8Array(1 + header.length + signedFields.length);
  preimage[0] = TYPE_BYTE;
  preimage.set(header, 1);
  preimage.set(signedFields, 1 + header.length);
  return crypto.keccak256(preimage);
}

/** The signer's address (20 bytes), or null when the signature is invalid. */
export function recoverSender(crypto: Crypto, transaction: Transaction): Uint8Array | null {
  if (transaction.yParity > 1n) return null;
  const digest = signingDigest(crypto, transaction.signedFields);
  return crypto.recoverAddress(digest, padded(transaction.r), padded(transaction.s), Number(transaction.yParity));
}

/** An integer of at most 32 bytes in 32. */
function padded(integer: Uint8Array): Uint8Array {
  if (integer.length === 32) return integer;
  const out = new Uint8Array(32);
  out.set(integer, 32 - integer.length);
  return out;
}

function lengthHeader(base: number, length: number): Uint8Array {
  if (length < 56) return Uint8Array.of(base + length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.of(base + 55 + bytes.length, ...bytes);
}

function encodeString(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 1 && (bytes[0] as number) < 0x80) return bytes;
  return concat(lengthHeader(0x80, bytes.length), bytes);
}

function encodeInteger(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 0xffn));
  return encodeString(Uint8Array.from(bytes));
}

function encodeFields(transaction: UnsignedTransaction): Uint8Array {
  return concat(
    encodeInteger(transaction.chainId),
    encodeInteger(transaction.nonce),
    encodeInteger(transaction.maxPriorityFeePerGas),
    encodeInteger(transaction.maxFeePerGas),
    encodeInteger(transaction.gasLimit),
    encodeString(transaction.to ?? new Uint8Array(0)),
    encodeInteger(transaction.value),
    encodeString(transaction.data),
    Uint8Array.of(0xc0),
  );
}

function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? new Uint8Array(0) : bytes.subarray(first);
}

/**
 * The signed payload, with an empty access list, of a transaction and its signature.
 * @param signature r and s with or without leading zeros
 */
export function encodeTransaction(
  transaction: UnsignedTransaction,
  signature: { readonly r: Uint8Array; readonly s: Uint8Array; readonly yParity: number },
): Uint8Array {
  const body = concat(
    encodeFields(transaction),
    encodeInteger(BigInt(signature.yParity)),
    encodeString(withoutLeadingZeros(signature.r)),
    encodeString(withoutLeadingZeros(signature.s)),
  );
  return concat(Uint8Array.of(TYPE_BYTE), lengthHeader(0xc0, body.length), body);
}

/** Signs and encodes. */
export function signTransaction(crypto: Crypto, transaction: UnsignedTransaction, secretKey: Uint8Array): Uint8Array {
  const digest = signingDigest(crypto, encodeFields(transaction));
  return encodeTransaction(transaction, crypto.signDigest(digest, secretKey));
}
