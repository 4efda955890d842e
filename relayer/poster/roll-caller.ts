import type { ParentSource } from "../parent/parent-view.ts";
import { rollCallableAt, rollStatus } from "../parent/roll-status.ts";

/** What is sent; each counts as done when somebody else was first. */
export interface RollActions {
  call(): Promise<unknown>;
  /** @param seats bitmap, one bit per seat @param signature 96 bytes */
  answer(seats: Uint8Array, signature: Uint8Array): Promise<unknown>;
  eject(group: number): Promise<unknown>;
}

export interface RollCallerOptions {
  readonly source: ParentSource;
  readonly actions: RollActions;
  /** What others have answered and the parent chain does not know yet. */
  readonly answers: () => { readonly seats: { readonly bits: Uint8Array }; readonly signature: Uint8Array } | null;
  /** As of the Poster: callers take turns. */
  readonly rank: number;
  readonly posters: number;
  readonly onError: (error: unknown) => void;
}

/** Parent slots of a turn. */
const TURN_SLOTS = 2;

/**
 * Brings the network back when so many validators are gone that there is no quorum: calls the roll, brings the answers,
 * has those ejected that gave none. Trusted with nothing: anyone may do the same.
 */
export class RollCaller {
  readonly #options: RollCallerOptions;
  #isBusy = false;

  constructor(options: RollCallerOptions) {
    this.#options = options;
  }

  /** Called at every block of the parent chain. */
  async onBlock(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await this.#act();
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#isBusy = false;
    }
  }

  async #act(): Promise<void> {
    const { source, actions } = this.#options;
    const { view } = source;
    const status = rollStatus(view);
    if (this.#turnSince(rollCallableAt(view)) >= this.#place(view.justified.epoch)) await actions.call();
    else if (view.roll !== null && status !== "idle" && this.#isOwnTurn(view.roll.calledTime, view.roll.epoch)) {
      if (status === "answering") await this.#answer();
      else await this.#ejectNext(view.roll);
    }
  }

  async #answer(): Promise<void> {
    const news = this.#options.answers();
    if (news !== null) await this.#options.actions.answer(news.seats.bits, news.signature);
  }

  async #ejectNext({ groups, ejectedGroups }: { groups: number; ejectedGroups: ReadonlySet<number> }): Promise<void> {
    for (let group = 0; group < groups; group++) {
      if (!ejectedGroups.has(group)) return void (await this.#options.actions.eject(group));
    }
  }

  /** The first turn is nobody's: until then answers come together. */
  #isOwnTurn(start: number, epoch: number): boolean {
    const turn = this.#turnSince(start);
    return turn >= 1 && turn % this.#options.posters === this.#place(epoch);
  }

  #place(epoch: number): number {
    const { rank, posters } = this.#options;
    return (rank + epoch) % posters;
  }

  /** Turns that have passed since then; negative before. */
  #turnSince(time: number): number {
    const { view } = this.#options.source;
    return Math.floor((view.head.timestamp - time) / (TURN_SLOTS * view.parameters.secondsPerSlot));
  }
}
