/**
 * What has arrived for each epoch, by key, and who waits for it. Holds a bounded number of epochs and of keys in each; the
 * oldest epoch makes room. The first value of a key stays.
 */
export class EpochBoard<T> {
  readonly #maxEpochs: number;
  readonly #maxKeys: number;
  readonly #epochs = new Map<number, Map<string, T>>();
  readonly #waiting = new Map<string, Set<(value: T) => void>>();

  constructor(limits: { readonly maxEpochs: number; readonly maxKeys: number }) {
    this.#maxEpochs = limits.maxEpochs;
    this.#maxKeys = limits.maxKeys;
  }

  get(epoch: number, key: string): T | undefined {
    return this.#epochs.get(epoch)?.get(key);
  }

  entries(epoch: number): ReadonlyMap<string, T> {
    return this.#epochs.get(epoch) ?? new Map<string, T>();
  }

  /** False when there is a value already or no room. */
  put(epoch: number, key: string, value: T): boolean {
    let values = this.#epochs.get(epoch);
    if (values === undefined) {
      if (!this.#makeRoomFor(epoch)) return false;
      values = new Map();
      this.#epochs.set(epoch, values);
    }
    if (values.has(key) || values.size >= this.#maxKeys) return false;
    values.set(key, value);
    const name = `${epoch}/${key}`;
    const waiting = this.#waiting.get(name);
    this.#waiting.delete(name);
    for (const resolve of waiting ?? []) resolve(value);
    return true;
  }

  /** The value, as soon as it is there; null once the signal aborts. */
  wait(epoch: number, key: string, signal: AbortSignal): Promise<T | null> {
    const present = this.get(epoch, key);
    if (present !== undefined) return Promise.resolve(present);
    if (signal.aborted) return Promise.resolve(null);
    return new Promise((resolve) => {
      const name = `${epoch}/${key}`;
      const waiting = this.#waiting.get(name) ?? new Set();
      this.#waiting.set(name, waiting);
      const abort = () => {
        waiting.delete(arrived);
        if (waiting.size === 0) this.#waiting.delete(name);
        resolve(null);
      };
      const arrived = (value: T) => {
        signal.removeEventListener("abort", abort);
        resolve(value);
      };
      waiting.add(arrived);
      signal.addEventListener("abort", abort, { once: true });
    });
  }

  #makeRoomFor(epoch: number): boolean {
    if (this.#epochs.size < this.#maxEpochs) return true;
    const oldest = Math.min(...this.#epochs.keys());
    if (epoch < oldest) return false;
    this.#epochs.delete(oldest);
    return true;
  }
}
