import type { Crypto } from "./crypto.ts";

/**
 * The swap-or-not shuffle of the seats and the committees cut from it (consensus-specs phase 0, `compute_shuffled_index`
 * and `compute_committee`). The permutation maps a position to a seat.
 */

/** Largest list the specification shuffles; block numbers within a list must fit 32 bits. */
export const MAX_SHUFFLE_COUNT = 2 ** 40;

/** Positions decided by the 256 bits of one digest. */
const POSITIONS_PER_DIGEST = 256;

/** Writes the hashed buffer of consensus-specs: seed (32 bytes) ‖ round (1) ‖ block of positions (4, little endian). */
class RoundHasher {
  readonly #crypto: Crypto;
  readonly #buffer = new Uint8Array(37);
  readonly #view = new DataView(this.#buffer.buffer);

  constructor(crypto: Crypto, seed: Uint8Array) {
    if (seed.length !== 32) throw new RangeError(`a seed has 32 bytes, not ${seed.length}`);
    this.#crypto = crypto;
    this.#buffer.set(seed);
  }

  pivot(round: number, count: number): number {
    this.#buffer[32] = round;
    const digest = this.#crypto.sha256(this.#buffer.subarray(0, 33));
    const word = new DataView(digest.buffer, digest.byteOffset).getBigUint64(0, true);
    return Number(word % BigInt(count));
  }

  /** Digest of the block of 256 positions that holds `position`. */
  source(round: number, position: number): Uint8Array {
    this.#buffer[32] = round;
    this.#view.setUint32(33, Math.floor(position / POSITIONS_PER_DIGEST), true);
    return this.#crypto.sha256(this.#buffer);
  }
}

function assertShuffle(count: number, rounds: number): void {
  if (!Number.isSafeInteger(count) || count < 0 || count > MAX_SHUFFLE_COUNT) {
    throw new RangeError(`cannot shuffle a list of ${count}`);
  }
  if (!Number.isSafeInteger(rounds) || rounds < 0 || rounds > 256) {
    throw new RangeError(`a shuffle has 0 to 256 rounds, not ${rounds}`);
  }
}

function assertIndex(index: number, count: number): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= count) {
    throw new RangeError(`index ${index} of ${count}`);
  }
}

/**
 * Image of `index` in the permutation of `count` elements under the 32-byte `seed`.
 * @throws RangeError when an argument is out of range
 */
export function computeShuffledIndex(
  crypto: Crypto,
  index: number,
  count: number,
  seed: Uint8Array,
  rounds: number,
): number {
  assertShuffle(count, rounds);
  assertIndex(index, count);
  const hasher = new RoundHasher(crypto, seed);
  let shuffled = index;
  for (let round = 0; round < rounds; round++) {
    const flip = (hasher.pivot(round, count) + count - shuffled) % count;
    const position = Math.max(shuffled, flip);
    const source = hasher.source(round, position);
    const byte = source[(position % POSITIONS_PER_DIGEST) >> 3] as number;
    if ((byte >> (position & 7)) & 1) shuffled = flip;
  }
  return shuffled;
}

/**
 * The whole permutation: element i is `computeShuffledIndex(i)`. One digest serves 256 positions, so it takes
 * rounds * (count / 256 + 1) hashes instead of 2 * rounds * count.
 * @throws RangeError when an argument is out of range
 */
export function computeShuffledList(crypto: Crypto, count: number, seed: Uint8Array, rounds: number): Uint32Array {
  assertShuffle(count, rounds);
  if (count > 2 ** 32) throw new RangeError(`cannot hold a permutation of ${count}`);
  const hasher = new RoundHasher(crypto, seed);
  const list = Uint32Array.from({ length: count }, (_, i) => i);
  const sources = new Uint8Array(32 * Math.ceil(count / POSITIONS_PER_DIGEST));
  for (let round = 0; round < rounds && count > 0; round++) {
    const pivot = hasher.pivot(round, count);
    for (let position = 0; position < count; position += POSITIONS_PER_DIGEST) {
      sources.set(hasher.source(round, position), position >>> 3);
    }
    for (let i = 0; i < count; i++) {
      const index = list[i] as number;
      const flip = pivot < index ? pivot + count - index : pivot - index;
      const position = Math.max(index, flip);
      if (((sources[position >>> 3] as number) >> (position & 7)) & 1) list[i] = flip;
    }
  }
  return list;
}

/**
 * Shuffled positions [start, end) of the committee at `position` among `committeeCount`, over `seatCount` seats.
 * @throws RangeError when there is no such committee
 */
export function committeeSlice(
  position: number,
  committeeCount: number,
  seatCount: number,
): { start: number; end: number } {
  assertIndex(position, committeeCount);
  return {
    start: Math.floor((seatCount * position) / committeeCount),
    end: Math.floor((seatCount * (position + 1)) / committeeCount),
  };
}
