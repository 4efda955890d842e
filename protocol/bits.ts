import { type ByteReader, type ByteWriter, DecodeError } from "./bytes.ts";

/** Bit fields: bit i is bit (i mod 8) of byte floor(i / 8), least significant first; padding bits are zero. */

export function bitsFrom(indices: Iterable<number>, count: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(count / 8));
  for (const index of indices) {
    if (index < 0 || index >= count) throw new RangeError(`bit ${index} of ${count}`);
    bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
  }
  return bits;
}

export function hasBit(bits: Uint8Array, index: number): boolean {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

/** Indices of the set bits, ascending. */
export function setBits(bits: Uint8Array): number[] {
  const indices: number[] = [];
  for (let i = 0; i < 8 * bits.length; i++) if (hasBit(bits, i)) indices.push(i);
  return indices;
}

/** The bits that are set in the first and not in the second; empty when there are none. Both are as long. */
export function withoutBits(bits: Uint8Array, others: Uint8Array): Uint8Array {
  if (others.length !== bits.length) throw new RangeError(`${others.length} bytes of bits, not ${bits.length}`);
  const rest = bits.map((byte, i) => byte & ~(others[i] as number));
  return rest.every((byte) => byte === 0) ? new Uint8Array() : rest;
}

/** A bit field with its number of bits, for the wire. */
export interface BitField {
  readonly count: number;
  readonly bits: Uint8Array;
}

export function writeBits(writer: ByteWriter, field: BitField): ByteWriter {
  return writer.u16(field.count).fixed(field.bits, Math.ceil(field.count / 8));
}

/** @throws DecodeError when a padding bit is set */
export function readBits(reader: ByteReader): BitField {
  const count = reader.u16();
  const bits = reader.bytes(Math.ceil(count / 8));
  for (let i = count; i < 8 * bits.length; i++) if (hasBit(bits, i)) throw new DecodeError("a padding bit is set");
  return { count, bits };
}
