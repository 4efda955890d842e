/** Byte strings: comparison, hexadecimal, and strict big-endian readers and writers for the formats of docs/formats.md. */

/** 32 zero bytes: the empty subtree, the missing entry. Never written to. */
export const ZERO_HASH: Uint8Array = new Uint8Array(32);

/** Input that does not decode: too short, too long, out of range or not canonical. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Order of byte strings of one length, as unsigned big-endian numbers. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

const HEX_OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hexadecimal with 0x. */
export function toHex(bytes: Uint8Array): `0x${string}` {
  let hex = "";
  for (const byte of bytes) hex += HEX_OF_BYTE[byte];
  return `0x${hex}`;
}

/** @throws DecodeError unless `hex` is 0x and an even number of hexadecimal digits. */
export function fromHex(hex: string): Uint8Array {
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(hex)) throw new DecodeError(`not a hexadecimal byte string: ${hex.slice(0, 80)}`);
  const out = new Uint8Array((hex.length - 2) / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(hex.slice(2 + 2 * i, 4 + 2 * i), 16);
  return out;
}

/** The unsigned big-endian number that the bytes write. */
export function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes));
}

/** `value` in `length` big-endian bytes. @throws RangeError when it does not fit. */
export function fromBigInt(value: bigint, length: number): Uint8Array {
  if (value < 0n || value >= 1n << BigInt(8 * length)) throw new RangeError(`${value} does not fit in ${length} bytes`);
  const out = new Uint8Array(length);
  for (let i = length - 1, rest = value; i >= 0 && rest > 0n; i--, rest >>= 8n) out[i] = Number(rest & 0xffn);
  return out;
}

/** A 32-byte ABI word of a number. */
export function word(value: bigint | number): Uint8Array {
  return fromBigInt(BigInt(value), 32);
}

/** Appends big-endian fields. Grows as needed. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  #reserve(length: number): number {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return start;
  }

  /** `value` as an unsigned integer of 8 * `length` bits (`length` at most 8). */
  uint(value: number, length: number): this {
    if (!Number.isSafeInteger(value) || value < 0 || value >= 256 ** length) {
      throw new RangeError(`${value} does not fit in ${length} bytes`);
    }
    let offset = this.#reserve(length) + length;
    for (let i = 0, rest = value; i < length; i++, rest = Math.floor(rest / 256)) this.#bytes[--offset] = rest % 256;
    return this;
  }

  u8(value: number): this {
    return this.uint(value, 1);
  }

  u16(value: number): this {
    return this.uint(value, 2);
  }

  u32(value: number): this {
    return this.uint(value, 4);
  }

  u64(value: number): this {
    return this.uint(value, 8);
  }

  u128(value: bigint): this {
    return this.bytes(fromBigInt(value, 16));
  }

  bytes(value: Uint8Array): this {
    const start = this.#reserve(value.length);
    this.#bytes.set(value, start);
    return this;
  }

  /** `value`, which must have `length` bytes. */
  fixed(value: Uint8Array, length: number): this {
    if (value.length !== length) throw new RangeError(`${value.length} bytes where ${length} belong`);
    return this.bytes(value);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Reads big-endian fields; every read checks the bound. The arrays it returns are views of the input. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  get offset(): number {
    return this.#offset;
  }

  /** An unsigned integer of 8 * `length` bits, at most 2^53 - 1. */
  uint(length: number): number {
    const bytes = this.bytes(length);
    let value = 0;
    for (const byte of bytes) value = value * 256 + byte;
    if (!Number.isSafeInteger(value)) throw new DecodeError("an integer is larger than 2^53 - 1");
    return value;
  }

  u8(): number {
    return this.uint(1);
  }

  u16(): number {
    return this.uint(2);
  }

  u32(): number {
    return this.uint(4);
  }

  u64(): number {
    return this.uint(8);
  }

  u128(): bigint {
    return toBigInt(this.bytes(16));
  }

  bytes(length: number): Uint8Array {
    if (length > this.remaining) throw new DecodeError(`${length} bytes expected, ${this.remaining} left`);
    const start = this.#offset;
    this.#offset += length;
    return this.#bytes.subarray(start, this.#offset);
  }

  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  /** @throws DecodeError when bytes are left over. */
  end(): void {
    if (this.remaining !== 0) throw new DecodeError(`${this.remaining} bytes too many`);
  }
}
