import { type AppendTree, EMPTY_APPEND_TREE } from "../protocol/append-tree.ts";
import { equal } from "../protocol/bytes.ts";
import type { Crypto } from "../protocol/crypto.ts";
import { outboxWord } from "../protocol/state.ts";
import { LedgerError } from "./errors.ts";

/** An outbox by its destination: count and frontier, which the state knows only as a hash. */
export interface OutboxOpening {
  readonly destination: number;
  readonly outbox: AppendTree;
}

/** The right edges of a shard's outboxes, all of them or those that a witness opens. */
export class OutboxBook {
  readonly #crypto: Crypto;
  readonly #outboxes = new Map<number, AppendTree>();
  /** Outboxes before the block, of those that it has appended to. */
  #before = new Map<number, AppendTree>();

  constructor(crypto: Crypto, openings: readonly OutboxOpening[] = []) {
    this.#crypto = crypto;
    for (const { destination, outbox } of openings) this.#outboxes.set(destination, outbox);
  }

  get(destination: number): AppendTree {
    return this.#outboxes.get(destination) ?? EMPTY_APPEND_TREE;
  }

  /**
   * The outbox that `word` of the state commits to; a word zero is an absent, empty one.
   * @throws LedgerError WrongOutboxOpening
   */
  open(destination: number, word: Uint8Array): AppendTree {
    const outbox = this.get(destination);
    // What the block itself has appended needs no second look.
    if (this.#before.has(destination)) return outbox;
    const isAbsent = word.every((byte) => byte === 0);
    if (isAbsent ? outbox.count !== 0 : !equal(outboxWord(this.#crypto, outbox), word)) {
      throw new LedgerError("WrongOutboxOpening", { destination });
    }
    return outbox;
  }

  set(destination: number, outbox: AppendTree): void {
    if (!this.#before.has(destination)) this.#before.set(destination, this.get(destination));
    this.#outboxes.set(destination, outbox);
  }

  /** Outboxes that the block has appended to, as they were before it, ascending; those that were empty are left out. */
  touched(): OutboxOpening[] {
    return sorted(this.#before);
  }

  /** All outboxes that are not empty, ascending. */
  all(): OutboxOpening[] {
    return sorted(this.#outboxes);
  }

  /** Ends the block; returns what `restore` needs to take it back. */
  commit(): ReadonlyMap<number, AppendTree> {
    const before = this.#before;
    this.#before = new Map();
    return before;
  }

  restore(before: ReadonlyMap<number, AppendTree>): void {
    for (const [destination, outbox] of before) this.#outboxes.set(destination, outbox);
  }

  rollback(): void {
    this.restore(this.commit());
  }
}

function sorted(outboxes: ReadonlyMap<number, AppendTree>): OutboxOpening[] {
  return [...outboxes]
    .filter(([, outbox]) => outbox.count > 0)
    .sort(([a], [b]) => a - b)
    .map(([destination, outbox]) => ({ destination, outbox }));
}
