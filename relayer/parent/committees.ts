import type { Crypto } from "../../protocol/crypto.ts";
import type { Sizes } from "../../protocol/presets.ts";
import { committeeCount } from "../../protocol/quorum.ts";
import { committeeSlice, computeShuffledList } from "../../protocol/swap-or-not-shuffle.ts";

/** Epochs whose committees are kept: the one that is judged, its neighbours and a few older ones that are disputed. */
const CACHED_EPOCHS = 16;

/** The committees of one epoch. */
interface Epoch {
  readonly shuffle: Uint32Array;
  /** By position, those that were asked for. */
  readonly committees: Map<number, readonly number[]>;
}

/** Committees of all epochs, each computed once. */
export class Committees {
  readonly #crypto: Crypto;
  readonly #sizes: Sizes;
  readonly #epochs = new Map<number, Epoch>();

  constructor(crypto: Crypto, sizes: Sizes) {
    this.#crypto = crypto;
    this.#sizes = sizes;
  }

  /** Seats in the shuffle's order; empty when so few seats make no committee of that position. The same array each time. */
  committee(position: number, epoch: number, seatCount: number, seed: Uint8Array): readonly number[] {
    const count = committeeCount(this.#sizes, seatCount);
    if (position < 0 || position >= count) return [];
    const { shuffle, committees } = this.#epoch(epoch, seatCount, seed);
    let committee = committees.get(position);
    if (committee === undefined) {
      const { start, end } = committeeSlice(position, count, seatCount);
      committee = [...shuffle.subarray(start, end)];
      committees.set(position, committee);
    }
    return committee;
  }

  /** Once the seed of an epoch is known, neither it nor the seats change any more. */
  #epoch(epoch: number, seatCount: number, seed: Uint8Array): Epoch {
    let known = this.#epochs.get(epoch);
    if (known === undefined) {
      const shuffle = computeShuffledList(this.#crypto, seatCount, seed, this.#sizes.shuffleRounds);
      known = { shuffle, committees: new Map() };
      if (this.#epochs.size >= CACHED_EPOCHS) this.#epochs.delete(this.#epochs.keys().next().value as number);
      this.#epochs.set(epoch, known);
    }
    return known;
  }
}
