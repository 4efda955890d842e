import type { ChainBlock } from "./chain-block.ts";

type Listener = (block: ChainBlock) => void;

/** Tells of each new block of a shard, after it is in the log. */
export class BlockFeed {
  readonly #listeners = new Set<Listener>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** @returns what ends it */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A listener that fails takes nothing from the others, and nothing from the operator. */
  tell(block: ChainBlock): void {
    for (const listener of this.#listeners) {
      try {
        listener(block);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
