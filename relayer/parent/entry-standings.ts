import { equal, toHex } from "../../protocol/bytes.ts";
import { ParentInconsistent } from "./errors.ts";
import type { CrosslinkVoided, EntryHeld } from "./parent-log.ts";
import type { ChangedEntry, Hold, ParentBlock } from "./parent-view.ts";

/** Epochs whose checkpoints hold nothing that counts at a position. */
interface VoidRange {
  readonly from: number;
  /** The first epoch beyond, in which the shard went on; Infinity while it has not. */
  readonly to: number;
  /** Hash of the crosslink that the shard goes on from. */
  readonly resume: Uint8Array;
}

interface Standing {
  /** Ascending; only the last one may be open. */
  voids: VoidRange[];
  /** Changed entries that a dispute can make void; ascending by epoch. */
  disputable: ChangedEntry[];
  hold: Hold | null;
}

/** What has become of the entries at each position: void, held, or past every dispute. */
export class EntryStandings {
  readonly #standings: readonly Standing[];

  constructor(positions: number) {
    this.#standings = Array.from({ length: positions }, () => ({ voids: [], disputable: [], hold: null }));
  }

  /** Hash of the crosslink from which the shard at the position has to resume; null while no void range is open there. */
  resume(position: number): Uint8Array | null {
    const last = this.#standings[position]?.voids.at(-1);
    return last?.to === Infinity ? last.resume : null;
  }

  isVoid(position: number, epoch: number): boolean {
    return this.#standings[position]?.voids.some(({ from, to }) => from <= epoch && epoch < to) ?? false;
  }

  /** As of that block. */
  hold(position: number, block: ParentBlock): Hold | null {
    const hold = this.#standings[position]?.hold ?? null;
    return hold !== null && isRunning(hold, block) ? hold : null;
  }

  disputable(): ChangedEntry[] {
    return this.#standings
      .flatMap(({ disputable }) => disputable)
      .sort((a, b) => a.crosslink.epoch - b.crosslink.epoch || a.position - b.position);
  }

  /** An entry of the living generation: where there was a void, it ends with it. */
  accept(entry: ChangedEntry): void {
    const standing = this.#of(entry.position);
    const last = standing.voids.at(-1);
    if (last?.to === Infinity) standing.voids.splice(-1, 1, { ...last, to: entry.crosslink.epoch });
    standing.disputable.push(entry);
  }

  /** An entry of a generation that the shard has left: void from the start. @param previous hash of what it builds on */
  acceptDead(entry: ChangedEntry, previous: Uint8Array): void {
    const { voids } = this.#of(entry.position);
    if (voids.at(-1)?.to === Infinity) return;
    voids.push({ from: entry.crosslink.epoch, to: Infinity, resume: previous });
  }

  /** The entry and whatever was accepted after it. @throws ParentInconsistent when it could not be disputed */
  void({ position, epoch, crosslinkHash, resume }: CrosslinkVoided): void {
    const standing = this.#of(position);
    const entry = standing.disputable.find(({ crosslink }) => crosslink.epoch === epoch);
    if (entry === undefined || !equal(entry.hash, crosslinkHash)) {
      throw new ParentInconsistent(`${toHex(crosslinkHash)} became void, which was not to be disputed`);
    }
    standing.disputable = standing.disputable.filter(({ crosslink }) => crosslink.epoch < epoch);
    standing.voids = standing.voids.filter(({ from }) => from < epoch);
    standing.voids.push({ from: epoch, to: Infinity, resume });
  }

  /** Where something is held already, both are held from the earlier epoch on, and until the later end. */
  holdBack({ position, epoch, untilTime, untilBlock, block }: EntryHeld): void {
    const standing = this.#of(position);
    const before = standing.hold;
    standing.hold = {
      fromEpoch: before !== null && isRunning(before, block) ? Math.min(before.fromEpoch, epoch) : epoch,
      untilTime: Math.max(before?.untilTime ?? 0, untilTime),
      untilBlock: Math.max(before?.untilBlock ?? 0, untilBlock),
    };
  }

  /** The checkpoint of that epoch settled: wherever it is no exception, no entry up to it can be disputed any more. */
  settle(epoch: number, exceptions: readonly number[]): void {
    this.#standings.forEach((standing, position) => {
      if (exceptions.includes(position)) return;
      standing.disputable = standing.disputable.filter(({ crosslink }) => crosslink.epoch > epoch);
    });
  }

  #of(position: number): Standing {
    const standing = this.#standings[position];
    if (standing === undefined) throw new ParentInconsistent(`there is no position ${position}`);
    return standing;
  }
}

function isRunning({ untilTime, untilBlock }: Hold, { timestamp, number }: ParentBlock): boolean {
  return timestamp < untilTime || number < untilBlock;
}
