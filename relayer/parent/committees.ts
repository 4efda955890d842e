import type { Crypto } from "../../protocol/crypto.ts";
import type { Sizes } from "../../protocol/presets.ts";
import { committeeCount } from "../../protocol/quorum.ts";
import { committeeSlice, computeShuffledList } from "../../protocol/swap-or-not-shuffle.ts";

/** Shuffles that are kept: the epoch that is judged, its neighbours and a few older ones that are disputed. */
const CACHED_SHUFFLES = 16;

/** Committees of all epochs, each epoch's permutation computed once. */
export class Committees {
  readonly #crypto: Crypto;
  readonly #sizes: Sizes;
  readonly #shuffles = new Map<number, Uint32Array>();

  constructor(crypto: Crypto, sizes: Sizes) {
    this.#crypto = crypto;
    this.#sizes = sizes;
  }

  /** Seats in the shuffle's order; empty when so few seats make no committee of that position. */
  committee(position: number, epoch: number, seatCount: number, seed: Uint8Array): readonly number[] {
    const count = committeeCount(this.#sizes, seatCount);
    if (position < 0 || position >= count) return [];
    const { start, end } = committeeSlice(position, count, seatCount);
    return [...this.#shuffle(epoch, seatCount, seed).subarray(start, end)];
  }

  /** Once the seed of an epoch is known, neither it nor the seats change any more. */
  #shuffle(epoch: number, seatCount: number, seed: Uint8Array): Uint32Array {
    let shuffle = this.#shuffles.get(epoch);
    if (shuffle === undefined) {
      shuffle = computeShuffledList(this.#crypto, seatCount, seed, this.#sizes.shuffleRounds);
      if (this.#shuffles.size >= CACHED_SHUFFLES) this.#shuffles.delete(this.#shuffles.keys().next().value as number);
      this.#shuffles.set(epoch, shuffle);
    }
    return shuffle;
  }
}
