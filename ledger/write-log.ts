import { LEAF, type NodeStore } from "./node-store.ts";

/** Writes to leaves since the last commit, in order: every version of every leaf, chained from the last to the first. */
export class WriteLog {
  readonly #store: NodeStore;
  count = 0;
  /** The leaf of write i. */
  leaf = new Int32Array(256);
  /** The step of write i. */
  step = new Int32Array(256);
  /** The write of the same leaf before write i, or -1. */
  previous = new Int32Array(256);
  /** The word that write i left, 32 bytes each. */
  words = new Uint8Array(32 * 256);
  /** The word before write i, 32 bytes each; set for the first write of a leaf. */
  #wordsBefore = new Uint8Array(32 * 256);

  /** Leaves in the order of their first write. */
  dirty = new Int32Array(256);
  dirtyCount = 0;

  constructor(store: NodeStore) {
    this.#store = store;
  }

  /** Writes `word` to the leaf, here and in the store. Of several writes in one step the last one stays. */
  write(leaf: number, step: number, word: Uint8Array): void {
    const { leafData } = this.#store;
    let write = this.lastWrite(leaf);
    if (write === -1 || this.step[write] !== step) {
      if (this.count === this.leaf.length) this.#grow();
      const before = write;
      write = this.count++;
      this.leaf[write] = leaf;
      this.step[write] = step;
      this.previous[write] = before;
      this.#store.leaf[LEAF.size * leaf + LEAF.lastWrite] = write + 1;
      if (before === -1) {
        this.dirty[this.dirtyCount++] = leaf;
        copyWord(this.#wordsBefore, 32 * write, leafData, 64 * leaf + 32);
      }
    }
    copyWord(this.words, 32 * write, word, 0);
    copyWord(leafData, 64 * leaf + 32, word, 0);
  }

  /** The last write of a leaf, or -1. */
  lastWrite(leaf: number): number {
    return (this.#store.leaf[LEAF.size * leaf + LEAF.lastWrite] as number) - 1;
  }

  /** The word (32 bytes) of a leaf before its first write, or null when it has not been written. */
  baseWord(leaf: number): Uint8Array | null {
    let write = this.lastWrite(leaf);
    if (write === -1) return null;
    while (this.previous[write] !== -1) write = this.previous[write] as number;
    return this.#wordsBefore.subarray(32 * write, 32 * write + 32);
  }

  /** Written leaves below `limit` with their words before. */
  baseWords(limit: number): { readonly leaves: Int32Array; readonly words: Uint8Array } {
    const leaves = this.dirty.subarray(0, this.dirtyCount).filter((leaf) => leaf < limit);
    const words = new Uint8Array(32 * leaves.length);
    leaves.forEach((leaf, i) => {
      words.set(this.baseWord(leaf) as Uint8Array, 32 * i);
    });
    return { leaves, words };
  }

  clear(): void {
    for (let i = 0; i < this.dirtyCount; i++) {
      this.#store.leaf[LEAF.size * (this.dirty[i] as number) + LEAF.lastWrite] = 0;
    }
    this.count = 0;
    this.dirtyCount = 0;
  }

  #grow(): void {
    const size = 2 * this.leaf.length;
    this.leaf = grown(this.leaf, size);
    this.step = grown(this.step, size);
    this.previous = grown(this.previous, size);
    this.dirty = grown(this.dirty, size);
    this.words = grownBytes(this.words, 32 * size);
    this.#wordsBefore = grownBytes(this.#wordsBefore, 32 * size);
  }
}

function copyWord(to: Uint8Array, at: number, from: Uint8Array, start: number): void {
  for (let i = 0; i < 32; i++) to[at + i] = from[start + i] as number;
}

function grown(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(length);
  out.set(array);
  return out;
}

function grownBytes(array: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(length);
  out.set(array);
  return out;
}
