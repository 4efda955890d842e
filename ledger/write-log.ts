import { LEAF, type NodeStore } from "./node-store.ts";

/**
 * Writes to leaves since the last commit, in order: every version of every leaf. A written leaf has an ordinal, by its first
 * write; what the commit needs of it is kept here together, since the leaves themselves lie scattered in memory.
 */
export class WriteLog {
  readonly #store: NodeStore;

  count = 0;
  /** Ordinal of the leaf of write i. */
  ordinal = new Int32Array(256);
  /** The step of write i. */
  step = new Int32Array(256);
  /** The write of the same leaf before write i, or -1. */
  previous = new Int32Array(256);
  /** The word that write i left, 32 bytes each. */
  words = new Uint8Array(32 * 256);

  leafCount = 0;
  /** The leaf with ordinal k. */
  leaf = new Int32Array(256);
  /** Its last write. */
  last = new Int32Array(256);
  /** Its key, 32 bytes each. */
  keys = new Uint8Array(32 * 256);
  /** Its word before the first write, 32 bytes each. */
  wordsBefore = new Uint8Array(32 * 256);

  constructor(store: NodeStore) {
    this.#store = store;
  }

  /** Writes `word` to the leaf, here and in the store. Of several writes in one step the last one stays. */
  write(leaf: number, step: number, word: Uint8Array): void {
    const { leafData } = this.#store;
    const ordinal = this.#ordinalOf(leaf);
    let write = this.last[ordinal] as number;
    if (write === -1 || this.step[write] !== step) {
      if (this.count === this.ordinal.length) this.#growWrites();
      const before = write;
      write = this.count++;
      this.ordinal[write] = ordinal;
      this.step[write] = step;
      this.previous[write] = before;
      this.last[ordinal] = write;
    }
    copyWord(this.words, 32 * write, word, 0);
    copyWord(leafData, 64 * leaf + 32, word, 0);
  }

  /** The word (32 bytes) of a leaf before its first write, or null when it has not been written. */
  wordBefore(leaf: number): Uint8Array | null {
    const ordinal = (this.#store.leaf[LEAF.size * leaf + LEAF.written] as number) - 1;
    return ordinal === -1 ? null : this.wordsBefore.subarray(32 * ordinal, 32 * ordinal + 32);
  }

  /** Written leaves below `limit` with their words before. */
  before(limit: number): { readonly leaves: Int32Array; readonly words: Uint8Array } {
    const leaves = this.leaf.slice(0, this.leafCount);
    const words = this.wordsBefore.slice(0, 32 * this.leafCount);
    let count = 0;
    for (let ordinal = 0; ordinal < leaves.length; ordinal++) {
      const leaf = leaves[ordinal] as number;
      if (leaf >= limit) continue;
      leaves[count] = leaf;
      words.copyWithin(32 * count, 32 * ordinal, 32 * ordinal + 32);
      count++;
    }
    return { leaves: leaves.subarray(0, count), words: words.subarray(0, 32 * count) };
  }

  clear(): void {
    const { leaf } = this.#store;
    for (let ordinal = 0; ordinal < this.leafCount; ordinal++) {
      leaf[LEAF.size * (this.leaf[ordinal] as number) + LEAF.written] = 0;
    }
    this.count = 0;
    this.leafCount = 0;
  }

  #ordinalOf(leaf: number): number {
    const { leaf: fields, leafData } = this.#store;
    const at = LEAF.size * leaf + LEAF.written;
    const known = (fields[at] as number) - 1;
    if (known !== -1) return known;
    if (this.leafCount === this.leaf.length) this.#growLeaves();
    const ordinal = this.leafCount++;
    fields[at] = ordinal + 1;
    this.leaf[ordinal] = leaf;
    this.last[ordinal] = -1;
    copyWord(this.keys, 32 * ordinal, leafData, 64 * leaf);
    copyWord(this.wordsBefore, 32 * ordinal, leafData, 64 * leaf + 32);
    return ordinal;
  }

  #growWrites(): void {
    const size = 2 * this.ordinal.length;
    this.ordinal = grown(this.ordinal, size);
    this.step = grown(this.step, size);
    this.previous = grown(this.previous, size);
    this.words = grownBytes(this.words, 32 * size);
  }

  #growLeaves(): void {
    const size = 2 * this.leaf.length;
    this.leaf = grown(this.leaf, size);
    this.last = grown(this.last, size);
    this.keys = grownBytes(this.keys, 32 * size);
    this.wordsBefore = grownBytes(this.wordsBefore, 32 * size);
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
