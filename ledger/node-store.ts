/**
 * Nodes of a state tree in flat arrays; the structure alone, without rules.
 *
 * A reference names a subtree: 0 is empty, id > 0 an inner node, -1 - leaf < 0 a leaf. Inner ids start at 1, leaves at 0. An
 * opaque leaf stands for a subtree of which only the hash is known (partial trees of witnesses).
 *
 * A hash is kept with the node above it, beside its sibling's: what has to be read to hash a node, or to prove one, is then
 * one cache line. Hashes are eight 32-bit lanes, in which eight assignments copy one, five times faster than `set` on views.
 */

export const EMPTY = 0;

/** Fields of an inner node in `inner`. */
export const INNER = { left: 0, right: 1, parent: 2, mark: 3, size: 4 } as const;

/** Fields of a leaf in `leaf`. `written` is 1 + the leaf's ordinal in the write log, 0 for none. */
export const LEAF = { parent: 0, written: 1, stamp: 2, opaque: 3, size: 4 } as const;

/** Bits of a mark: which children a pass has come from; above them stands the stamp of the pass. */
export const MARK = { left: 1, right: 2, bits: 2 } as const;

export function leafReference(leaf: number): number {
  return -1 - leaf;
}

/** The leaf of a negative reference. */
export function leafOf(reference: number): number {
  return -1 - reference;
}

/** Bit `depth` of the key at `offset`, the most significant first: 0 leads left. */
export function keyBit(keys: Uint8Array, offset: number, depth: number): 0 | 1 {
  return (((keys[offset + (depth >> 3)] as number) >> (7 - (depth & 7))) & 1) as 0 | 1;
}

/** Copies one hash; positions are in lanes, eight per hash. */
export function copyHash(to: Int32Array, at: number, from: Int32Array, start: number): void {
  to[at] = from[start] as number;
  to[at + 1] = from[start + 1] as number;
  to[at + 2] = from[start + 2] as number;
  to[at + 3] = from[start + 3] as number;
  to[at + 4] = from[start + 4] as number;
  to[at + 5] = from[start + 5] as number;
  to[at + 6] = from[start + 6] as number;
  to[at + 7] = from[start + 7] as number;
}

/** Nodes that are read ahead at once: their lines and pages are still in the caches when the work comes to them. */
export const READ_AHEAD = 128;

let lastRead = 0;

/**
 * Reads the first field of nodes `start` to `start` + READ_AHEAD of a list, which lie anywhere in a large array. The processor
 * overlaps reads that do not depend on each other, so this brings them into the cache about eight times faster than the work
 * that needs them would, one after the other.
 */
export function readAhead(array: Int32Array, size: number, nodes: Int32Array, start: number, count: number): void {
  const end = Math.min(start + READ_AHEAD, count);
  let sum = 0;
  for (let i = start; i < end; i++) {
    const node = nodes[i] as number;
    if (node > 0) sum ^= array[size * node] as number;
  }
  // Kept, so that the reads are not optimised away.
  lastRead = sum | (lastRead & 1);
}

/** The bytes of hashes in lanes. */
export function bytesOf(lanes: Int32Array): Uint8Array {
  return new Uint8Array(lanes.buffer, lanes.byteOffset, lanes.byteLength);
}

/** Bytes of hashes or words in lanes; they start and end with one. */
export function lanesOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

/** Places of the index in which a leaf may be. */
const INDEX_PROBES = 16;

function prefixOf(keys: Uint8Array, offset: number): number {
  return (
    ((keys[offset] as number) << 24) |
    ((keys[offset + 1] as number) << 16) |
    ((keys[offset + 2] as number) << 8) |
    (keys[offset + 3] as number)
  );
}

export class NodeStore {
  root = EMPTY;
  readonly rootHash = new Int32Array(8);

  /** One more than the last inner node. */
  innerCount = 1;
  inner: Int32Array;
  /** The hashes of both children of inner node i at 16 i and 16 i + 8. */
  pairs: Int32Array;
  #pairBytes: Uint8Array;
  readonly #rootHashBytes = bytesOf(this.rootHash);

  leafCount = 0;
  leaf: Int32Array;
  /** Key and word of leaf i, at 64 i and 64 i + 32. */
  leafData: Uint8Array;
  /** The same in lanes. */
  leafLanes: Int32Array;

  /**
   * Leaves by the first bits of their keys, 1 + leaf or 0: saves walking the tree, most of which is not in the cache. A leaf
   * that finds no room within a few places is left out, so keys chosen to collide cost no more than the walk.
   */
  #index: Int32Array;

  #stamp = 0;

  /** Room for so many leaves and inner nodes at first. */
  constructor(leaves: number, inner = leaves) {
    const room = Math.max(leaves, 16) + 1;
    this.inner = new Int32Array(INNER.size * (Math.max(inner, 16) + 1));
    this.pairs = new Int32Array(4 * this.inner.length);
    this.#pairBytes = bytesOf(this.pairs);
    this.leaf = new Int32Array(LEAF.size * room);
    this.leafData = new Uint8Array(64 * room);
    this.leafLanes = lanesOf(this.leafData);
    this.#index = new Int32Array(2 ** Math.ceil(Math.log2(2 * room)));
  }

  /** A stamp that stands nowhere yet. */
  nextStamp(): number {
    return ++this.#stamp;
  }

  /** An inner node without children. */
  addInner(parent: number): number {
    const id = this.innerCount++;
    const at = INNER.size * id;
    if (at === this.inner.length) {
      this.inner = grown(this.inner);
      this.pairs = grown(this.pairs);
      this.#pairBytes = bytesOf(this.pairs);
    }
    // Ids are used again after an undo.
    this.inner[at + INNER.left] = EMPTY;
    this.inner[at + INNER.right] = EMPTY;
    this.inner[at + INNER.parent] = parent;
    this.inner[at + INNER.mark] = 0;
    this.pairs.fill(0, 16 * id, 16 * id + 16);
    return id;
  }

  /** A leaf with word zero. */
  addLeaf(parent: number, key: Uint8Array): number {
    const leaf = this.#newLeaf(parent);
    this.leafData.set(key, 64 * leaf);
    if (2 * this.leafCount > this.#index.length) {
      this.#index = new Int32Array(2 * this.#index.length);
      for (let each = 0; each < this.leafCount; each++) this.#addToIndex(each);
    } else {
      this.#addToIndex(leaf);
    }
    return leaf;
  }

  /** A leaf in place of a subtree that is not known. */
  addOpaque(parent: number): number {
    const leaf = this.#newLeaf(parent);
    this.leaf[LEAF.size * leaf + LEAF.opaque] = 1;
    return leaf;
  }

  #newLeaf(parent: number): number {
    const leaf = this.leafCount++;
    const at = LEAF.size * leaf;
    if (at === this.leaf.length) {
      this.leaf = grown(this.leaf);
      const data = new Uint8Array(2 * this.leafData.length);
      data.set(this.leafData);
      this.leafData = data;
      this.leafLanes = lanesOf(data);
    }
    // Numbers are used again after an undo.
    this.leaf.fill(0, at, at + LEAF.size);
    this.leaf[at + LEAF.parent] = parent;
    this.leafData.fill(0, 64 * leaf, 64 * leaf + 64);
    return leaf;
  }

  /** Forgets all leaves from `leafCount` on, none of which is opaque. */
  removeLeaves(leafCount: number): void {
    for (let leaf = leafCount; leaf < this.leafCount; leaf++) {
      const slot = this.#slotOf(leaf + 1, this.leafData, 64 * leaf);
      if (slot !== -1) this.#index[slot] = 0;
    }
    this.leafCount = leafCount;
  }

  /** The leaf of a key, or -1 when the index does not have it: then it may still be in the tree. */
  lookUp(key: Uint8Array): number {
    const mask = this.#index.length - 1;
    const home = prefixOf(key, 0);
    for (let i = 0; i < INDEX_PROBES; i++) {
      const entry = this.#index[(home + i) & mask] as number;
      if (entry === 0) return -1;
      if (this.hasKey(entry - 1, key)) return entry - 1;
    }
    return -1;
  }

  /** Reads ahead what `lookUp` and the leaves themselves are going to need. */
  touchLeaves(keys: readonly Uint8Array[]): void {
    const mask = this.#index.length - 1;
    const leaves = new Int32Array(keys.length);
    keys.forEach((key, i) => {
      leaves[i] = (this.#index[prefixOf(key, 0) & mask] as number) - 1;
    });
    for (let start = 0; start < leaves.length; start += READ_AHEAD) {
      readAhead(this.leafLanes, 16, leaves, start, leaves.length);
      readAhead(this.leaf, LEAF.size, leaves, start, leaves.length);
    }
  }

  #addToIndex(leaf: number): void {
    if (this.isOpaque(leaf)) return;
    const slot = this.#slotOf(0, this.leafData, 64 * leaf);
    if (slot !== -1) this.#index[slot] = leaf + 1;
  }

  /** Where the index has this entry for the key at `offset`, or -1. */
  #slotOf(entry: number, keys: Uint8Array, offset: number): number {
    const mask = this.#index.length - 1;
    const home = prefixOf(keys, offset);
    for (let i = 0; i < INDEX_PROBES; i++) {
      const slot = (home + i) & mask;
      if (this.#index[slot] === entry) return slot;
    }
    return -1;
  }

  /** Puts a subtree in its place below `parent`, or at the root when that is 0; its hash is not touched. */
  setChild(parent: number, side: 0 | 1, reference: number): void {
    if (parent === 0) this.root = reference;
    else this.inner[INNER.size * parent + side] = reference;
    if (reference > 0) this.inner[INNER.size * reference + INNER.parent] = parent;
    else if (reference < 0) this.leaf[LEAF.size * leafOf(reference) + LEAF.parent] = parent;
  }

  child(parent: number, side: 0 | 1): number {
    return parent === 0 ? this.root : (this.inner[INNER.size * parent + side] as number);
  }

  parentOf(reference: number): number {
    return reference > 0
      ? (this.inner[INNER.size * reference + INNER.parent] as number)
      : (this.leaf[LEAF.size * leafOf(reference) + LEAF.parent] as number);
  }

  isOpaque(leaf: number): boolean {
    return this.leaf[LEAF.size * leaf + LEAF.opaque] === 1;
  }

  /** Views of the leaf's 32 bytes each. */
  key(leaf: number): Uint8Array {
    return this.leafData.subarray(64 * leaf, 64 * leaf + 32);
  }

  word(leaf: number): Uint8Array {
    return this.leafData.subarray(64 * leaf + 32, 64 * leaf + 64);
  }

  hasKey(leaf: number, key: Uint8Array): boolean {
    const { leafData } = this;
    const at = 64 * leaf;
    for (let i = 0; i < 32; i++) if (leafData[at + i] !== key[i]) return false;
    return true;
  }

  /** Hash of the subtree on that side as last committed; a copy. */
  hashAt(parent: number, side: 0 | 1): Uint8Array {
    if (parent === 0) return this.#rootHashBytes.slice();
    const at = 64 * parent + 32 * side;
    return this.#pairBytes.slice(at, at + 32);
  }

  /** Takes the hash from `hashes` at `start`. */
  setHashAt(parent: number, side: 0 | 1, hashes: Uint8Array, start: number): void {
    const to = parent === 0 ? this.#rootHashBytes : this.#pairBytes;
    const at = parent === 0 ? 0 : 64 * parent + 32 * side;
    for (let i = 0; i < 32; i++) to[at + i] = hashes[start + i] as number;
  }

  /** On which side of its parent a subtree stands. */
  sideOf(reference: number, parent: number): 0 | 1 {
    return this.child(parent, 0) === reference ? 0 : 1;
  }

  /** Marks all nodes from the one above `reference` to the root, with the sides that the path comes from. */
  markPath(reference: number, stamp: number): number {
    const { inner } = this;
    let marked = 0;
    let below = reference;
    let id = this.parentOf(reference);
    while (id !== 0) {
      const at = INNER.size * id;
      const side = inner[at + INNER.left] === below ? MARK.left : MARK.right;
      const mark = inner[at + INNER.mark] as number;
      if (mark >> MARK.bits === stamp) {
        inner[at + INNER.mark] = mark | side;
        break;
      }
      inner[at + INNER.mark] = (stamp << MARK.bits) | side;
      marked++;
      below = id;
      id = inner[at + INNER.parent] as number;
    }
    return marked;
  }

  /** The mark's sides when it is of this pass, -1 when the pass has not been here. */
  marksOf(id: number, stamp: number): number {
    const mark = this.inner[INNER.size * id + INNER.mark] as number;
    return mark >> MARK.bits === stamp ? mark & (MARK.left | MARK.right) : -1;
  }

  /** Marks an inner node itself, from no side, and everything above it. */
  markNode(id: number, stamp: number): void {
    if (this.marksOf(id, stamp) !== -1) return;
    this.inner[INNER.size * id + INNER.mark] = stamp << MARK.bits;
    this.markPath(id, stamp);
  }
}

function grown(array: Int32Array): Int32Array {
  const out = new Int32Array(2 * array.length);
  out.set(array);
  return out;
}
