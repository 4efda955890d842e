import { createHash } from "node:crypto";

/** Fast reproducible random draws: sfc32, seeded from any text. */
export class Draws {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    const digest = createHash("sha256").update(seed).digest();
    this.#a = digest.readInt32BE(0);
    this.#b = digest.readInt32BE(4);
    this.#c = digest.readInt32BE(8);
  }

  u32(): number {
    const out = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + out;
    return out >>> 0;
  }

  /** A number in [0, bound), bound at most 2^53. */
  below(bound: number): number {
    const wide = (this.u32() & 0x1f_ffff) * 2 ** 32 + this.u32();
    return wide % bound;
  }

  /** A number in [low, high]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True in `percent` of a hundred draws. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  /** One of the keys, each as often as its weight. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    throw new RangeError("no weight is positive");
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i += 4) {
      const word = this.u32();
      for (let k = i; k < i + 4 && k < length; k++) out[k] = word >>> (8 * (k - i));
    }
    return out;
  }

  /** A number of at most `bits` bits, of any length. */
  bits(bits: number): bigint {
    const length = this.between(0, bits);
    const bytes = this.bytes(Math.ceil(length / 8));
    let value = 0n;
    for (const byte of bytes) value = (value << 8n) | BigInt(byte);
    return value & ((1n << BigInt(length)) - 1n);
  }
}

/** The bytes with one bit of them changed. */
export function flipped(draws: Draws, bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  const at = draws.below(bytes.length);
  changed[at] = (changed[at] as number) ^ (1 << draws.below(8));
  return changed;
}
