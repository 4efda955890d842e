/** The weight of the votes that an epoch's processing counts, in validators. */
export interface TargetBalances {
  readonly total: number;
  /** Voted for the previous epoch's checkpoint. */
  readonly previous: number;
  /** Voted for the current epoch's checkpoint. */
  readonly current: number;
}

/**
 * Justification and finality as consensus-specs have them (phase 0, `weigh_justification_and_finalization`), line by
 * line. Checkpoints are given by their epochs: on one chain an epoch has one.
 */
export class CasperReference {
  /** Whether the last four epochs are justified, the latest first. */
  justificationBits: readonly boolean[] = [false, false, false, false];
  previousJustified = 0;
  currentJustified = 0;
  finalized = 0;
  readonly #genesisEpoch: number;

  /** @param genesisEpoch up to the epoch after it nothing is justified, since genesis has no root to vote from */
  constructor(genesisEpoch = 0) {
    this.#genesisEpoch = genesisEpoch;
  }

  /** The end of `epoch`. */
  process(epoch: number, { total, previous, current }: TargetBalances): void {
    if (epoch <= this.#genesisEpoch + 1) return;
    const oldPrevious = this.previousJustified;
    const oldCurrent = this.currentJustified;

    this.previousJustified = oldCurrent;
    const bits = [false, ...this.justificationBits.slice(0, 3)];
    if (previous * 3 >= total * 2) {
      this.currentJustified = epoch - 1;
      bits[1] = true;
    }
    if (current * 3 >= total * 2) {
      this.currentJustified = epoch;
      bits[0] = true;
    }
    this.justificationBits = bits;

    const justified = (from: number, to: number) => bits.slice(from, to).every((bit) => bit);
    if (justified(1, 4) && oldPrevious + 3 === epoch) this.finalized = oldPrevious;
    if (justified(1, 3) && oldPrevious + 2 === epoch) this.finalized = oldPrevious;
    if (justified(0, 3) && oldCurrent + 2 === epoch) this.finalized = oldCurrent;
    if (justified(0, 2) && oldCurrent + 1 === epoch) this.finalized = oldCurrent;
  }
}
