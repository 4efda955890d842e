import type { ChainBlock } from "./chain-block.ts";

export interface FeedListener {
  /** A new block, after it is in the log. */
  readonly added: (block: ChainBlock) => void;
  /** Blocks that are of the chain no more, ascending; what takes their place comes as new blocks. */
  readonly removed?: (blocks: readonly ChainBlock[]) => void;
}

/** Tells of each new block of a shard, and of those that a void has taken back. */
export class BlockFeed {
  readonly #listeners = new Set<FeedListener>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** @returns what ends it */
  listen(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A listener that fails takes nothing from the others, and nothing from the operator. */
  tell(block: ChainBlock): void {
    this.#each((listener) => listener.added(block));
  }

  tellRemoved(blocks: readonly ChainBlock[]): void {
    this.#each((listener) => listener.removed?.(blocks));
  }

  #each(call: (listener: FeedListener) => void): void {
    for (const listener of this.#listeners) {
      try {
        call(listener);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
