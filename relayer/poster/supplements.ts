import { setBits } from "../../protocol/bits.ts";
import type { AcceptedCheckpoint, CheckpointLink, ParentSource } from "../parent/parent-view.ts";

/** Votes of seats that were absent when their checkpoint was accepted, merged. */
export interface Supplement {
  /** Bitmap, one bit per seat. */
  readonly added: Uint8Array;
  /** 96 bytes */
  readonly signature: Uint8Array;
}

export interface SupplementsOptions {
  readonly source: ParentSource;
  /** What has come of the votes that are missing; null if nothing has. */
  readonly lateVotes: (target: CheckpointLink, absent: Uint8Array) => Supplement | null;
  readonly send: (checkpoint: AcceptedCheckpoint, votes: Supplement) => Promise<unknown>;
  /** As of the Poster: posters take turns. */
  readonly rank: number;
  readonly posters: number;
  readonly onError: (error: unknown) => void;
}

/** It pays from this part of the occupied seats on: fewer votes are not worth a transaction. */
const WORTHWHILE = 16;

/**
 * Brings votes that came too late for their submission: once for each checkpoint by each poster, in the second half of the
 * epoch in which the parent chain takes them, if they are many enough.
 */
export class Supplements {
  readonly #options: SupplementsOptions;
  /** Epochs of checkpoints that this poster has brought votes for. */
  readonly #brought = new Set<number>();
  #isBusy = false;

  constructor(options: SupplementsOptions) {
    this.#options = options;
  }

  /** Called at every block of the parent chain. */
  async onBlock(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (const checkpoint of this.#latest()) if (this.#isTime(checkpoint)) await this.#bring(checkpoint);
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#isBusy = false;
    }
  }

  async #bring(checkpoint: AcceptedCheckpoint): Promise<void> {
    const { source, lateVotes, send } = this.#options;
    const { epoch } = checkpoint.checkpoint.body;
    const votes = lateVotes({ epoch, root: checkpoint.root }, checkpoint.absent);
    if (votes === null || setBits(votes.added).length * WORTHWHILE < source.view.occupiedCount(epoch)) return;
    this.#brought.add(epoch);
    await send(checkpoint, votes);
  }

  /** Checkpoints that take votes still: one that was accepted late has a successor soon. */
  #latest(): AcceptedCheckpoint[] {
    const { view } = this.#options.source;
    const latest: AcceptedCheckpoint[] = [];
    let checkpoint = view.checkpoint(view.justified.epoch);
    while (checkpoint?.submission != null && view.head.timestamp < checkpoint.acceptedTime + this.#epochSeconds) {
      latest.push(checkpoint);
      checkpoint = view.checkpoint(checkpoint.checkpoint.body.sourceEpoch);
    }
    const oldest = latest.at(-1)?.checkpoint.body.epoch ?? 0;
    for (const epoch of this.#brought) if (epoch < oldest) this.#brought.delete(epoch);
    return latest;
  }

  get #epochSeconds(): number {
    const { slotsPerEpoch, secondsPerSlot } = this.#options.source.view.parameters;
    return slotsPerEpoch * secondsPerSlot;
  }

  #isTime({ checkpoint, acceptedTime, absent }: AcceptedCheckpoint): boolean {
    const { source, rank, posters } = this.#options;
    const { head, parameters } = source.view;
    const { epoch } = checkpoint.body;
    if (absent.length === 0 || this.#brought.has(epoch)) return false;
    const epochSeconds = this.#epochSeconds;
    const first = Math.floor(epochSeconds / 2);
    // What is sent now is in the next block.
    const last = epochSeconds - parameters.secondsPerSlot - 1;
    const place = (rank + epoch) % posters;
    const turn = first + Math.floor(((last - first) * place) / posters);
    return head.timestamp >= acceptedTime + turn && head.timestamp <= acceptedTime + last;
  }
}
