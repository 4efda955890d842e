import type { StateTree, TreeUndo } from "../../ledger/state-tree.ts";
import { ZERO_HASH } from "../../protocol/bytes.ts";

/** Words of earlier states, from what each block has overwritten: reads of justified and settled state. */
export class WordHistory {
  readonly #tree: StateTree;
  /** Bytes of words kept; older blocks are forgotten first. */
  readonly #limit: number;
  /** #undos[i] takes the state after block `#oldest + i + 1` back to the one before it. */
  #undos: TreeUndo[] = [];
  #oldest = 0;
  #bytes = 0;

  constructor(tree: StateTree, limit: number) {
    this.#tree = tree;
    this.#limit = limit;
  }

  /** The earliest block whose state can be read. */
  get oldest(): number {
    return this.#oldest;
  }

  /** What the commit of the next block returned. */
  push(undo: TreeUndo): void {
    this.#undos.push(undo);
    this.#bytes += sizeOf(undo);
    let dropped = 0;
    while (this.#bytes > this.#limit && dropped < this.#undos.length)
      this.#bytes -= sizeOf(this.#undos[dropped++] as TreeUndo);
    if (dropped > 0) this.#undos = this.#undos.slice(dropped);
    this.#oldest += dropped;
  }

  /** The tree has been taken back to the state after block `number`. */
  rollBack(number: number): void {
    for (const undo of this.#undos.splice(Math.max(0, number - this.#oldest))) this.#bytes -= sizeOf(undo);
    this.#oldest = Math.min(this.#oldest, number);
  }

  /** The word (32 bytes) after block `number`, zero when absent; null when that is out of reach. */
  wordAt(key: Uint8Array, number: number): Uint8Array | null {
    if (number < this.#oldest) return null;
    // Between two blocks a step that is never accepted leaves no trace; a handle of a leaf is its number.
    this.#tree.beginStep(0);
    const leaf = this.#tree.open(key);
    if (leaf < 0) return ZERO_HASH;
    for (let i = number - this.#oldest; i < this.#undos.length; i++) {
      const undo = this.#undos[i] as TreeUndo;
      // Leaves are numbered in the order in which they came.
      if (leaf >= undo.leafCount) return ZERO_HASH;
      const written = undo.leaves.indexOf(leaf);
      if (written !== -1) return undo.words.slice(32 * written, 32 * written + 32);
    }
    return this.#tree.get(key);
  }
}

function sizeOf(undo: TreeUndo): number {
  // The rest is for the bookkeeping of an empty block.
  return undo.words.length + undo.leaves.byteLength + 32 * undo.inserts.length + 256;
}
