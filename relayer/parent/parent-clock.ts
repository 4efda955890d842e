import { timeOfSlot } from "../../protocol/clock.ts";
import type { ParentSource } from "./parent-view.ts";

/** Deadlines by parent time: the head's timestamp and nothing else. */
export class ParentClock {
  readonly #source: ParentSource;

  constructor(source: ParentSource) {
    this.#source = source;
  }

  /** When the `thirds`-th third of the epoch in which `epoch` is voted ends (Unix time, seconds); 0 is its beginning. */
  votingDeadline(epoch: number, thirds: 0 | 1 | 2 | 3): number {
    const { parameters, genesisTime } = this.#source.view;
    if (genesisTime === null) throw new Error("clock: genesis is not scheduled");
    const start = timeOfSlot(parameters, genesisTime, (epoch + 1) * parameters.slotsPerEpoch);
    return start + Math.floor((parameters.slotsPerEpoch * parameters.secondsPerSlot * thirds) / 3);
  }

  /** Resolves at the first parent block of that time or later, or once the signal aborts. */
  until(time: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#source.view.head.timestamp >= time) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#source.off("block", check);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const check = () => {
        if (this.#source.view.head.timestamp >= time) done();
      };
      this.#source.on("block", check);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  /** A signal that aborts at that parent time, or with `signal`. `release` it when it is not needed any more. */
  deadline(time: number, signal: AbortSignal): { readonly signal: AbortSignal; release(): void } {
    const controller = new AbortController();
    const abort = () => controller.abort();
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    void this.until(time, controller.signal).then(abort);
    return {
      signal: controller.signal,
      release: () => {
        signal.removeEventListener("abort", abort);
        abort();
      },
    };
  }
}
