/** Runs one task at a time. What is asked for while one runs is run once after it, however often it was asked for. */
export class Turns {
  readonly #onError: (error: unknown) => void;
  #running: Promise<void> | null = null;
  #next: (() => Promise<void>) | null = null;
  #ended = false;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  take(task: () => Promise<void>): void {
    if (this.#ended) return;
    if (this.#running !== null) {
      this.#next = task;
      return;
    }
    this.#running = this.#run(task);
  }

  /** Takes no more tasks and waits for the one that runs. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#next = null;
    await this.#running;
  }

  async #run(first: () => Promise<void>): Promise<void> {
    for (let task: (() => Promise<void>) | null = first; task !== null; task = this.#take()) {
      try {
        await task();
      } catch (error) {
        this.#onError(error);
      }
    }
    this.#running = null;
  }

  #take(): (() => Promise<void>) | null {
    const next = this.#next;
    this.#next = null;
    return next;
  }
}
