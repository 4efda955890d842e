import { equal } from "../../protocol/bytes.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";

/** An entry that was accepted, at the epoch of its crosslink. */
export interface AcceptedEntry {
  readonly position: number;
  readonly crosslink: Crosslink;
  readonly hash: Uint8Array;
  /** The checkpoint that took it in. */
  readonly checkpoint: Checkpoint;
  /** Its shard had left the generation already. */
  readonly isDead: boolean;
}

interface Hold {
  readonly epoch: number;
  readonly untilTime: number;
  readonly untilBlock: number;
}

interface Settled {
  readonly epoch: number;
  readonly exceptions: readonly number[];
}

/**
 * What CrosslinkAnchors works out from ranges of epochs, worked out by walking from entry to entry: all that were
 * accepted are kept, each knows its parent, and nothing is remembered of what follows from that.
 */
export class EntryLines {
  readonly entries: AcceptedEntry[] = [];
  readonly settled: Settled[] = [];
  readonly #disputed = new Set<AcceptedEntry>();
  readonly #holds = new Map<number, Hold>();

  at(position: number): readonly AcceptedEntry[] {
    return this.entries.filter((entry) => entry.position === position);
  }

  /** What stands at the position in the checkpoint of that epoch. */
  standing(position: number, epoch: number): AcceptedEntry | undefined {
    return this.at(position).findLast(({ crosslink }) => crosslink.epoch <= epoch);
  }

  parentOf(entry: AcceptedEntry): AcceptedEntry | undefined {
    return this.at(entry.position).find(({ hash }) => equal(hash, entry.crosslink.parent));
  }

  /** Because of itself, or of anything that it builds on. */
  isVoidEntry(entry: AcceptedEntry): boolean {
    const parent = this.parentOf(entry);
    return entry.isDead || this.#disputed.has(entry) || (parent !== undefined && this.isVoidEntry(parent));
  }

  isVoid(position: number, epoch: number): boolean {
    const entry = this.standing(position, epoch);
    return entry !== undefined && this.isVoidEntry(entry);
  }

  /** Whether anything that is no exception of a settled checkpoint is the entry or builds on it. */
  isSettled(entry: AcceptedEntry): boolean {
    return this.settled.some(({ epoch, exceptions }) => {
      if (exceptions.includes(entry.position)) return false;
      let ancestor = this.standing(entry.position, epoch);
      while (ancestor !== undefined && ancestor !== entry) ancestor = this.parentOf(ancestor);
      return ancestor === entry;
    });
  }

  isDisputable(entry: AcceptedEntry): boolean {
    return !this.isVoidEntry(entry) && !this.isSettled(entry);
  }

  /** The hash that the next entry builds on if the latest one is void; null if it is not. */
  resume(position: number): Uint8Array | null {
    let entry = this.at(position).at(-1);
    if (entry === undefined || !this.isVoidEntry(entry)) return null;
    for (let parent = this.parentOf(entry); ; parent = this.parentOf(entry)) {
      if (parent === undefined || !this.isVoidEntry(parent)) return entry.crosslink.parent;
      entry = parent;
    }
  }

  accept(entry: AcceptedEntry): void {
    this.entries.push(entry);
  }

  void(entry: AcceptedEntry): void {
    this.#disputed.add(entry);
  }

  hold(position: number, hold: Hold, now: { readonly time: number; readonly block: number }): void {
    const before = this.#holds.get(position);
    const isHeld = before !== undefined && (now.time < before.untilTime || now.block < before.untilBlock);
    this.#holds.set(position, {
      epoch: isHeld ? Math.min(before.epoch, hold.epoch) : hold.epoch,
      untilTime: Math.max(before?.untilTime ?? 0, hold.untilTime),
      untilBlock: Math.max(before?.untilBlock ?? 0, hold.untilBlock),
    });
  }

  /** Positions at which the checkpoint of that epoch has exceptions if it settles now. */
  exceptions(epoch: number, positions: number, now: { readonly time: number; readonly block: number }): number[] {
    return Array.from({ length: positions }, (_, position) => position).filter((position) => {
      const hold = this.#holds.get(position);
      const isHeld =
        hold !== undefined && hold.epoch <= epoch && (now.time < hold.untilTime || now.block < hold.untilBlock);
      return isHeld || this.isVoid(position, epoch);
    });
  }

  /** The latest checkpoint that has settled without an exception at the position. */
  settledEpoch(position: number): number {
    return this.settled.findLast(({ exceptions }) => !exceptions.includes(position))?.epoch ?? 0;
  }
}
