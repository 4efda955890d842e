import type { ParentView } from "../../relayer/parent/parent-view.ts";
import type { Demo } from "./demo.ts";

/** Milliseconds before the same problem is told again. */
const SILENCE_MS = 30_000;

/** Tells what went wrong, the same thing once in a while only. */
export class Problems {
  readonly #say: (line: string) => void;
  readonly #told = new Map<string, number>();

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  tell(who: string, error: unknown): void {
    const what = `${who}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
    const now = performance.now();
    if (now - (this.#told.get(what) ?? -Infinity) < SILENCE_MS) return;
    this.#told.set(what, now);
    this.#say(what);
  }
}

/** One line per change of what the parent chain has accepted. */
export class Progress {
  readonly #view: ParentView;
  readonly #demo: Demo;
  readonly #say: (line: string) => void;
  #last = "";

  constructor(view: ParentView, demo: Demo, say: (line: string) => void) {
    this.#view = view;
    this.#demo = demo;
    this.#say = say;
  }

  tell(): void {
    const { justified, finalized, settled } = this.#view;
    const state = `justified ${justified.epoch}, finalised ${finalized.epoch}, settled ${settled.epoch}`;
    const line = `epoch ${this.#view.epoch()}: ${state}`;
    if (line === this.#last) return;
    this.#last = line;
    this.#say(`${line}; ${this.#demo.transactions} transactions, ${this.#demo.inFlight.length} messages in flight`);
  }
}
