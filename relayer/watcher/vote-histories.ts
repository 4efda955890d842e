import { toHex } from "../../protocol/bytes.ts";
import type { SignedVote } from "../../protocol/evidence.ts";
import type { Offence } from "./offences.ts";

interface Held {
  readonly digest: string;
  readonly signed: SignedVote;
}

/**
 * What each validator has voted for, by target. The history of a validator that has done nothing wrong has one vote per
 * target and is ascending by source, too: otherwise a later vote would lie inside an earlier one. So a new vote that
 * contradicts any of it contradicts the vote for its own target, or that for the next lower or the next higher one.
 */
export class VoteHistories {
  /** By validator, ascending by target. */
  readonly #histories = new Map<number, Held[]>();
  /** One proof is enough: nothing more is kept of these. */
  readonly #guilty = new Set<number>();

  /** Whether one of the signers is not known to have signed this. */
  isNews(targetEpoch: number, digest: Uint8Array, signers: Iterable<number>): boolean {
    const name = toHex(digest);
    for (const validator of signers) {
      if (this.#guilty.has(validator)) continue;
      const history = this.#histories.get(validator) ?? [];
      if (at(history, firstFrom(history, targetEpoch), targetEpoch)?.digest !== name) return true;
    }
    return false;
  }

  /**
   * Keeps the vote for each of its signers; returns what it proves together with what they have signed before.
   * @param signers everybody whom `signed` names; the signature has been verified
   */
  add(signed: SignedVote, digest: Uint8Array, signers: Iterable<number>): Offence[] {
    const held: Held = { digest: toHex(digest), signed };
    const guilty = new Map<Held, number[]>();
    for (const validator of signers) {
      if (this.#guilty.has(validator)) continue;
      const contradicted = this.#addTo(validator, held);
      if (contradicted === null) continue;
      this.#guilty.add(validator);
      this.#histories.delete(validator);
      guilty.set(contradicted, [...(guilty.get(contradicted) ?? []), validator]);
    }
    return [...guilty].map(([{ signed: a }, validators]) => ({
      evidence: { kind: "votes", a, b: signed },
      guilty: validators.sort((x, y) => x - y),
    }));
  }

  /** Forgets votes for targets before the epoch. */
  forgetBefore(epoch: number): void {
    for (const [validator, history] of this.#histories) {
      const kept = firstFrom(history, epoch);
      if (kept === history.length) this.#histories.delete(validator);
      else if (kept > 0) history.splice(0, kept);
    }
  }

  /** Votes that are kept, counted for each of their signers. */
  get size(): number {
    let size = 0;
    for (const history of this.#histories.values()) size += history.length;
    return size;
  }

  /** The vote that it contradicts, or null when it has its place now. */
  #addTo(validator: number, held: Held): Held | null {
    const { sourceEpoch, targetEpoch } = held.signed.vote;
    let history = this.#histories.get(validator);
    if (history === undefined) {
      history = [];
      this.#histories.set(validator, history);
    }
    const place = firstFrom(history, targetEpoch);
    const same = at(history, place, targetEpoch);
    if (same !== undefined) {
      if (same.digest !== held.digest) return same;
      // The aggregate that many share takes the place of what each of them sent.
      if (held.signed.signers.absent !== undefined) history[place] = held;
      return null;
    }
    const before = history[place - 1];
    if (before !== undefined && before.signed.vote.sourceEpoch > sourceEpoch) return before;
    const after = history[place];
    if (after !== undefined && after.signed.vote.sourceEpoch < sourceEpoch) return after;
    history.splice(place, 0, held);
    return null;
  }
}

/** Index of the first vote for that target or a later one. */
function firstFrom(history: readonly Held[], targetEpoch: number): number {
  let low = 0;
  let high = history.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((history[middle] as Held).signed.vote.targetEpoch < targetEpoch) low = middle + 1;
    else high = middle;
  }
  return low;
}

function at(history: readonly Held[], place: number, targetEpoch: number): Held | undefined {
  const held = history[place];
  return held?.signed.vote.targetEpoch === targetEpoch ? held : undefined;
}
