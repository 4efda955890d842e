import type { OutboxOpening } from "../../../ledger/outbox-book.ts";
import { StateTree } from "../../../ledger/state-tree.ts";
import { type AppendTree, EMPTY_APPEND_TREE, frontierLength } from "../../../protocol/append-tree.ts";
import { toHex } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { accountKey, encodeAccount, outboxKey, outboxWord } from "../../../protocol/state.ts";
import type { Draws } from "./draws.ts";

/** Sizes of a state, in accounts that no step is about. */
const SIZES = [0, 0, 1, 2, 3, 10, 50, 200];

/** A shard's state that a test writes as it likes, whole, so that any path of it can be followed. */
export class StepWorld {
  readonly shardId: number;
  readonly tree: StateTree;
  readonly #crypto: Crypto;
  readonly #outboxes = new Map<number, AppendTree>();
  readonly #pending = new Map<string, { readonly key: Uint8Array; readonly word: Uint8Array }>();

  constructor(crypto: Crypto, draws: Draws, shardId: number) {
    this.#crypto = crypto;
    this.shardId = shardId;
    this.tree = new StateTree(crypto);
    for (let left = draws.pick(SIZES); left > 0; left--) {
      this.set(accountKey(crypto, draws.bytes(20)), encodeAccount(draws.bits(64), draws.bits(100)));
    }
    this.commit();
  }

  /** Takes effect with the next `commit`. */
  set(key: Uint8Array, word: Uint8Array): void {
    this.#pending.set(toHex(key), { key, word });
  }

  isPresent(key: Uint8Array): boolean {
    return this.tree.find(key) !== null;
  }

  /** Puts another leaf right beside a key, so that their paths part only after `depth` bits. */
  crowd(draws: Draws, key: Uint8Array, depth: number): void {
    const neighbour = key.slice();
    const rest = draws.bytes(32);
    for (let bit = depth; bit < 256; bit++) {
      const mask = 0x80 >> (bit & 7);
      const takes = bit === depth ? ~(key[bit >> 3] as number) : (rest[bit >> 3] as number);
      neighbour[bit >> 3] = ((neighbour[bit >> 3] as number) & ~mask) | (takes & mask);
    }
    this.set(neighbour, encodeAccount(draws.bits(64), draws.bits(100)));
  }

  /** Gives an outbox that many messages, none of which anybody knows. */
  fillOutbox(draws: Draws, destination: number, count: number): void {
    const frontier = Array.from({ length: frontierLength(count) }, () => draws.bytes(32));
    this.#outboxes.set(destination, { count, frontier });
    this.set(outboxKey(this.#crypto, destination), outboxWord(this.#crypto, { count, frontier }));
  }

  outbox(destination: number): AppendTree {
    return this.#outboxes.get(destination) ?? EMPTY_APPEND_TREE;
  }

  /** Follows what a step has appended. */
  setOutbox({ destination, outbox }: OutboxOpening): void {
    this.#outboxes.set(destination, outbox);
  }

  openings(): OutboxOpening[] {
    return [...this.#outboxes].map(([destination, outbox]) => ({ destination, outbox }));
  }

  commit(): void {
    const { tree } = this;
    tree.beginStep(0);
    for (const { key, word } of this.#pending.values()) tree.write(tree.open(key), word);
    tree.acceptStep();
    tree.commit(1);
    this.#pending.clear();
  }
}
