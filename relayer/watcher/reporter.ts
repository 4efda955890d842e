import type { ParentSource } from "../parent/parent-view.ts";
import type { Offence } from "./offences.ts";

export interface ReporterOptions {
  readonly source: ParentSource;
  /**
   * Does what comes next to have an offence punished: commits to the evidence, reveals it some blocks later, has the guilty
   * punished page by page. Called again until it is "done", which it is, too, when somebody else was first.
   */
  readonly pursue: (offence: Offence) => Promise<"waiting" | "done">;
  /** Collects what the reports have earned. */
  readonly claim: () => Promise<unknown>;
  /** As of the Poster: watchers take turns, so that they do not all pay for the same. */
  readonly rank: number;
  readonly watchers: number;
  readonly onError: (error: unknown) => void;
}

interface Case {
  readonly offence: Offence;
  /** Parent time at which this watcher begins, if nobody has by then. */
  readonly from: number;
  /** Block in which it was found done; null while it is not. */
  doneIn: number | null;
  failures: number;
}

/** Parent slots that each later watcher waits for the one before it: to commit, to reveal and to punish take that long. */
const TURN_SLOTS = 12;
/** Tries in a row that fail, before the parent chain is taken to mean it. */
const MAX_FAILURES = 64;
/** Parent blocks after which no reorg takes back a punishment. */
const KEPT_BLOCKS = 64;

/**
 * Sees to it that what was found is punished. Keeps nothing on disk: the evidence is found again after a restart, and the
 * parent chain knows how far it has come.
 */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #cases = new Set<Case>();
  #isBusy = false;
  #hasEarned = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
    options.source.on("reorg", () => {
      for (const each of this.#cases) each.doneIn = null;
    });
  }

  /** Offences that are not done, or of which a reorg could still take back the punishment. */
  get open(): number {
    return this.#cases.size;
  }

  report(offence: Offence): void {
    const { view } = this.#options.source;
    const { rank, watchers } = this.#options;
    const place = (rank + view.epoch()) % watchers;
    const from = view.head.timestamp + place * TURN_SLOTS * view.parameters.secondsPerSlot;
    this.#cases.add({ offence, from, doneIn: null, failures: 0 });
  }

  /** Called at every block of the parent chain. */
  async onBlock(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (const each of this.#cases) await this.#pursue(each);
      await this.#claim();
    } finally {
      this.#isBusy = false;
    }
  }

  async #pursue(each: Case): Promise<void> {
    const { source, pursue, onError } = this.#options;
    const { view } = source;
    if (each.doneIn !== null) {
      if (view.head.number > each.doneIn + KEPT_BLOCKS) this.#cases.delete(each);
      return;
    }
    if (this.#isPunished(each.offence)) {
      each.doneIn = view.head.number;
      return;
    }
    if (view.head.timestamp < each.from) return;
    try {
      const outcome = await pursue(each.offence);
      each.failures = 0;
      if (outcome === "waiting") return;
      each.doneIn = view.head.number;
      this.#hasEarned = true;
    } catch (error) {
      // Tried again with the next block: the others go on meanwhile.
      onError(error);
      each.failures++;
      if (each.failures >= MAX_FAILURES) this.#cases.delete(each);
    }
  }

  /** Whether the parent chain has punished everybody already, for this or for something else. */
  #isPunished({ evidence, guilty }: Offence): boolean {
    const { view } = this.#options.source;
    if (evidence.kind === "headers") return !view.isBonded(evidence.a.header.shardId, evidence.a.header.generation);
    return guilty.every((validator) => view.validator(validator)?.isSlashed ?? true);
  }

  async #claim(): Promise<void> {
    if (!this.#hasEarned) return;
    this.#hasEarned = false;
    try {
      await this.#options.claim();
    } catch (error) {
      this.#hasEarned = true;
      this.#options.onError(error);
    }
  }
}
