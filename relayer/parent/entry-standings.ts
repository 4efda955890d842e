import { equal, toHex } from "../../protocol/bytes.ts";
import { ParentInconsistent } from "./errors.ts";
import type { CheckpointSettled, CrosslinkVoided, EntryHeld } from "./parent-log.ts";
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
  /** Two at most: what was accepted later than the first one holds is held by the second. */
  holds: Hold[];
}

/** What has become of the entries at each position: void, held, or past every dispute. */
export class EntryStandings {
  readonly #standings: readonly Standing[];

  constructor(positions: number) {
    this.#standings = Array.from({ length: positions }, () => ({ voids: [], disputable: [], holds: [] }));
  }

  /** Hash of the crosslink from which the shard at the position has to resume; null while no void range is open there. */
  resume(position: number): Uint8Array | null {
    const last = this.#standings[position]?.voids.at(-1);
    return last?.to === Infinity ? last.resume : null;
  }

  isVoid(position: number, epoch: number): boolean {
    return this.#standings[position]?.voids.some(({ from, to }) => from <= epoch && epoch < to) ?? false;
  }

  hold(position: number): Hold | null {
    return this.#standings[position]?.holds[0] ?? null;
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

  /** Where the same or something later is held already, both are held from the earlier epoch on, until the later end. */
  holdBack({ position, epoch, untilTime, untilBlock, block }: EntryHeld): void {
    const standing = this.#of(position);
    const added: Hold = { fromEpoch: epoch, untilTime, untilBlock };
    const [first, later] = standing.holds.filter((hold) => isRunning(hold, block));
    if (first === undefined || epoch <= first.fromEpoch) {
      standing.holds = [joined(first, added), ...(later === undefined ? [] : [later])];
    } else {
      standing.holds = [first, joined(later, added)];
    }
  }

  /** The checkpoint of that epoch settled: wherever it is no exception, no entry up to it can be disputed any more. */
  settle({ epoch, exceptions, block }: CheckpointSettled): void {
    this.#standings.forEach((standing, position) => {
      const [first, later] = standing.holds;
      if (first !== undefined && later !== undefined && !isRunning(first, block)) standing.holds = [later];
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

function isRunning({ untilTime, untilBlock }: Hold, block: ParentBlock): boolean {
  return block.timestamp < untilTime || block.number < untilBlock;
}

function joined(hold: Hold | undefined, added: Hold): Hold {
  if (hold === undefined) return added;
  return {
    fromEpoch: Math.min(hold.fromEpoch, added.fromEpoch),
    untilTime: Math.max(hold.untilTime, added.untilTime),
    untilBlock: Math.max(hold.untilBlock, added.untilBlock),
  };
}
