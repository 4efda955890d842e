import type { AppendTree } from "../protocol/append-tree.ts";
import type { BlockHeader } from "../protocol/block-header.ts";
import { equal } from "../protocol/bytes.ts";
import type { Crypto } from "../protocol/crypto.ts";
import {
  type Account,
  accountKey,
  cursorKey,
  decodeAccount,
  decodeCursor,
  decodeHead,
  type Head,
  headKey,
  outboxKey,
  outboxWord,
} from "../protocol/state.ts";
import type { BlockUndo } from "./block-execution.ts";
import { exportLeaves, loadTree, type StateLeaves } from "./load-tree.ts";
import { OutboxBook, type OutboxOpening } from "./outbox-book.ts";
import { StateTree } from "./state-tree.ts";

/** All that is needed to go on from a block. */
export interface Snapshot {
  /** Of the last block; null before block 1. */
  readonly header: BlockHeader | null;
  readonly leaves: StateLeaves;
  readonly outboxes: readonly OutboxOpening[];
}

/** A shard's state after its last block, with the way back over the blocks before. */
export class ShardState {
  readonly #crypto: Crypto;
  readonly #undos: { readonly undo: BlockUndo; readonly previous: BlockHeader | null }[] = [];
  readonly #undoLimit: number;
  #header: BlockHeader | null;
  /** For the ledger: whoever else writes them breaks the state. */
  readonly tree: StateTree;
  readonly outboxes: OutboxBook;

  private constructor(
    crypto: Crypto,
    header: BlockHeader | null,
    tree: StateTree,
    outboxes: OutboxBook,
    undoLimit: number,
  ) {
    this.#crypto = crypto;
    this.#header = header;
    this.tree = tree;
    this.outboxes = outboxes;
    this.#undoLimit = undoLimit;
  }

  /** @param undoLimit blocks that can be undone; twice MAX_BLOCKS covers any void */
  static genesis(crypto: Crypto, undoLimit: number): ShardState {
    return new ShardState(crypto, null, new StateTree(crypto), new OutboxBook(crypto), undoLimit);
  }

  /** @throws RangeError when the snapshot does not hold the state of its header */
  static load(crypto: Crypto, { header, leaves, outboxes }: Snapshot, undoLimit: number): ShardState {
    const tree = loadTree(crypto, leaves);
    if (header !== null && !equal(tree.root, header.stateRoot)) {
      throw new RangeError(`the snapshot is not the state of block ${header.number}`);
    }
    for (const { destination, outbox } of outboxes) {
      if (!equal(tree.get(outboxKey(crypto, destination)), outboxWord(crypto, outbox))) {
        throw new RangeError(`the snapshot's outbox ${destination} is not that of its state`);
      }
    }
    return new ShardState(crypto, header, tree, new OutboxBook(crypto, outboxes), undoLimit);
  }

  snapshot(): Snapshot {
    return { header: this.#header, leaves: exportLeaves(this.tree), outboxes: this.outboxes.all() };
  }

  /** Of the last block; null before block 1. */
  get header(): BlockHeader | null {
    return this.#header;
  }

  /** 32 bytes */
  get root(): Uint8Array {
    return this.tree.root;
  }

  account(address: Uint8Array): Account {
    return decodeAccount(this.tree.get(accountKey(this.#crypto, address)));
  }

  head(): Head {
    return decodeHead(this.tree.get(headKey(this.#crypto)));
  }

  /** Index of the next import from `source`; 0 is the parent's inbox. */
  cursor(source: number): number {
    return decodeCursor(this.tree.get(cursorKey(this.#crypto, source)));
  }

  /** Count and frontier of the outbox to `destination`. */
  outbox(destination: number): AppendTree {
    return this.outboxes.get(destination);
  }

  /** Blocks that can be undone now. */
  get undoable(): number {
    return this.#undos.length;
  }

  /** What the last block has overwritten, for whoever reads earlier states; null when there is no block to undo. */
  get lastUndo(): BlockUndo | null {
    return this.#undos.at(-1)?.undo ?? null;
  }

  /** Makes a committed block the last one. For the ledger. */
  advance(header: BlockHeader, undo: BlockUndo): void {
    this.#undos.push({ undo, previous: this.#header });
    if (this.#undos.length > this.#undoLimit) this.#undos.shift();
    this.#header = header;
  }

  /**
   * Takes back the last block, as after a void generation.
   * @throws RangeError when there is none, or it is too far back
   */
  undoBlock(): void {
    const last = this.#undos.pop();
    if (last === undefined) throw new RangeError("there is no block to undo");
    this.tree.undo(last.undo.tree);
    this.outboxes.restore(last.undo.outboxes);
    this.#header = last.previous;
  }
}
