import { bytesOf, copyHash, LEAF, type NodeStore } from "./node-store.ts";

/** Writes that have room at first: most blocks of a quiet shard write a few leaves, and every check of one has a log. */
const FIRST_ROOM = 32;

/**
 * Writes to leaves since the last commit, in order: every version of every leaf. A written leaf has an ordinal, by its first
 * write; what the commit needs of it is kept here together, since the leaves themselves lie scattered in memory.
 */
export class WriteLog {
  readonly #store: NodeStore;

  count = 0;
  /** Ordinal of the leaf of write i. */
  ordinal = new Int32Array(FIRST_ROOM);
  /** The step of write i. */
  step = new Int32Array(FIRST_ROOM);
  /** The write of the same leaf before write i, or -1. */
  previous = new Int32Array(FIRST_ROOM);
  /** The word that write i left, eight lanes each. */
  words = new Int32Array(8 * FIRST_ROOM);

  leafCount = 0;
  /** The leaf with ordinal k. */
  leaf = new Int32Array(FIRST_ROOM);
  /** Its last write. */
  last = new Int32Array(FIRST_ROOM);
  /** Its key, eight lanes each. */
  keys = new Int32Array(8 * FIRST_ROOM);
  /** Its word before the first write, eight lanes each. */
  wordsBefore = new Int32Array(8 * FIRST_ROOM);

  constructor(store: NodeStore) {
    this.#store = store;
  }

  /** Writes `word` to the leaf, here and in the store. Of several writes in one step the last one stays. */
  write(leaf: number, step: number, word: Uint8Array): void {
    const { leafData, leafLanes } = this.#store;
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
    for (let i = 0; i < 32; i++) leafData[64 * leaf + 32 + i] = word[i] as number;
    copyHash(this.words, 8 * write, leafLanes, 16 * leaf + 8);
  }

  /** The word (32 bytes) of a leaf before its first write, or null when it has not been written. */
  wordBefore(leaf: number): Uint8Array | null {
    const ordinal = (this.#store.leaf[LEAF.size * leaf + LEAF.written] as number) - 1;
    return ordinal === -1 ? null : bytesOf(this.wordsBefore.subarray(8 * ordinal, 8 * ordinal + 8));
  }

  /** Written leaves below `limit` with their words before. */
  before(limit: number): { readonly leaves: Int32Array; readonly words: Uint8Array } {
    const leaves = this.leaf.slice(0, this.leafCount);
    const words = bytesOf(this.wordsBefore.slice(0, 8 * this.leafCount));
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
    const { leaf: fields, leafLanes } = this.#store;
    const at = LEAF.size * leaf + LEAF.written;
    const known = (fields[at] as number) - 1;
    if (known !== -1) return known;
    if (this.leafCount === this.leaf.length) this.#growLeaves();
    const ordinal = this.leafCount++;
    fields[at] = ordinal + 1;
    this.leaf[ordinal] = leaf;
    this.last[ordinal] = -1;
    copyHash(this.keys, 8 * ordinal, leafLanes, 16 * leaf);
    copyHash(this.wordsBefore, 8 * ordinal, leafLanes, 16 * leaf + 8);
    return ordinal;
  }

  #growWrites(): void {
    const size = 2 * this.ordinal.length;
    this.ordinal = grown(this.ordinal, size);
    this.step = grown(this.step, size);
    this.previous = grown(this.previous, size);
    this.words = grown(this.words, 8 * size);
  }

  #growLeaves(): void {
    const size = 2 * this.leaf.length;
    this.leaf = grown(this.leaf, size);
    this.last = grown(this.last, size);
    this.keys = grown(this.keys, 8 * size);
    this.wordsBefore = grown(this.wordsBefore, 8 * size);
  }
}

function grown(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(length);
  out.set(array);
  return out;
}
