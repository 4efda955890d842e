import { DecodeError } from "../protocol/bytes.ts";
import type { Crypto } from "../protocol/crypto.ts";
import { bytesOf, EMPTY, INNER, keyBit, LEAF, leafOf, leafReference, NodeStore } from "./node-store.ts";
import { hashLeaf, rehash } from "./rehash.ts";
import { StateTree } from "./state-tree.ts";

/** The part of a state tree that a block touches, in pre-order (docs/formats.md, section 5, "Block and witness on the wire"). */

const KIND = { empty: 0, hash: 1, leaf: 2, inner: 3 } as const;

/** Bits of a key: the deepest place of a leaf. */
const MAX_DEPTH = 256;

/** Collects nodes; every array of the tree would be far more objects than bytes. */
class NodeWriter {
  #bytes = new Uint8Array(4096);
  #length = 0;

  #reserve(length: number): number {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return start;
  }

  mark(mark: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = mark;
  }

  /** The 32 bytes at `from`. */
  word(bytes: Uint8Array, from: number): void {
    const at = this.#reserve(32);
    for (let i = 0; i < 32; i++) this.#bytes[at + i] = bytes[from + i] as number;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/**
 * Encodes what the steps accepted since the last commit have touched, as it stood at that commit. The only encoding there is:
 * a decoded partial tree on which the same steps have run encodes to the same bytes.
 */
export function encodePartialTree(tree: StateTree): Uint8Array {
  const { store } = tree;
  const { inner } = store;
  const pairs = bytesOf(store.pairs);
  const stamp = store.nextStamp();
  for (const end of tree.touchedEnds) {
    if (end < 0) {
      store.leaf[LEAF.size * leafOf(end) + LEAF.stamp] = stamp;
      store.markPath(end, stamp);
    } else if (end > 0) {
      store.markNode(end, stamp);
    }
  }

  const writer = new NodeWriter();
  /** The subtree below `parent` on that side; where it is not touched, its hash of the last commit is still there. */
  const visit = (current: number, parent: number, side: 0 | 1): void => {
    const reference = tree.baseReference(current);
    if (reference === EMPTY) {
      writer.mark(KIND.empty);
    } else if (reference < 0 && store.leaf[LEAF.size * leafOf(reference) + LEAF.stamp] === stamp) {
      writer.mark(KIND.leaf);
      writer.word(store.leafData, 64 * leafOf(reference));
      writer.word(tree.baseWord(leafOf(reference)), 0);
    } else if (reference > 0 && store.marksOf(reference, stamp) !== -1) {
      writer.mark(KIND.inner);
      visit(inner[INNER.size * reference + INNER.left] as number, reference, 0);
      visit(inner[INNER.size * reference + INNER.right] as number, reference, 1);
    } else {
      writer.mark(KIND.hash);
      if (parent === 0) writer.word(bytesOf(store.rootHash), 0);
      else writer.word(pairs, 64 * parent + 32 * side);
    }
  };
  visit(store.root, 0, 0);
  return writer.finish();
}

/** Bytes of an encoded node by its kind, without what is below it. */
const SIZE = { empty: 1, hash: 33, leaf: 65, inner: 1 } as const;

/**
 * Builds the tree and hashes it. Whether it is the canonical one shows only after the steps have run.
 * @param maxInner inner nodes that it may have
 * @throws DecodeError
 */
export function decodePartialTree(crypto: Crypto, bytes: Uint8Array, maxInner: number): StateTree {
  const { leaves, inner } = countNodes(bytes, maxInner);
  const store = new NodeStore(leaves, inner);
  /** Places still to be filled, the next one last: depth, and twice the parent plus the side. */
  const depths = [0];
  const places = [0];
  let offset = 0;
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const depth = depths.pop() as number;
    const parent = place >> 1;
    const side = (place & 1) as 0 | 1;
    switch (bytes[offset]) {
      case KIND.empty:
        offset += SIZE.empty;
        break;
      case KIND.hash:
        if (isZero(bytes, offset + 1)) throw new DecodeError("the hash of nothing");
        store.setChild(parent, side, leafReference(store.addOpaque(parent)));
        store.setHashAt(parent, side, bytes, offset + 1);
        offset += SIZE.hash;
        break;
      case KIND.leaf: {
        const leaf = store.addLeaf(parent, bytes.subarray(offset + 1, offset + 33));
        store.word(leaf).set(bytes.subarray(offset + 33, offset + 65));
        store.setChild(parent, side, leafReference(leaf));
        checkPlace(store, leaf, depth);
        hashLeaf(crypto, store, leaf, parent, side);
        offset += SIZE.leaf;
        break;
      }
      default: {
        if (depth === MAX_DEPTH) throw new DecodeError("a partial tree deeper than a key");
        const id = store.addInner(parent);
        store.setChild(parent, side, id);
        places.push(2 * id + 1, 2 * id);
        depths.push(depth + 1, depth + 1);
        offset += SIZE.inner;
      }
    }
  }
  checkInnerNodes(store);
  rehash(crypto, store);
  return new StateTree(crypto, store);
}

/** @throws DecodeError unless the bytes are one tree and nothing else, with so many inner nodes at most */
function countNodes(bytes: Uint8Array, maxInner: number): { leaves: number; inner: number } {
  let leaves = 0;
  let inner = 0;
  let offset = 0;
  for (let missing = 1; missing > 0; missing--) {
    switch (bytes[offset]) {
      case KIND.empty:
        offset += SIZE.empty;
        break;
      case KIND.hash:
        offset += SIZE.hash;
        leaves++;
        break;
      case KIND.leaf:
        offset += SIZE.leaf;
        leaves++;
        break;
      case KIND.inner:
        offset += SIZE.inner;
        if (++inner > maxInner) throw new DecodeError(`a partial tree of more than ${maxInner} inner nodes`);
        missing += 2;
        break;
      default:
        throw new DecodeError("an unknown kind of node, or none, in a partial tree");
    }
  }
  if (offset !== bytes.length) throw new DecodeError(`a partial tree of ${offset} bytes in ${bytes.length}`);
  return { leaves, inner };
}

function isZero(bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < 32; i++) if (bytes[start + i] !== 0) return false;
  return true;
}

/** @throws DecodeError where the subtree below an inner node has one leaf or none, and no such node stands in a state tree */
function checkInnerNodes(store: NodeStore): void {
  const isSingle = (reference: number) => reference === EMPTY || (reference < 0 && !store.isOpaque(leafOf(reference)));
  for (let id = 1; id < store.innerCount; id++) {
    const left = store.child(id, 0);
    const right = store.child(id, 1);
    if ((left === EMPTY && isSingle(right)) || (right === EMPTY && isSingle(left))) {
      throw new DecodeError("an inner node over one leaf or none");
    }
  }
}

/** @throws DecodeError when the leaf's key does not lead to its place */
function checkPlace(store: NodeStore, leaf: number, depth: number): void {
  let reference = leafReference(leaf);
  let parent = store.parentOf(reference);
  for (let above = depth - 1; above >= 0; above--) {
    const side = keyBit(store.leafData, 64 * leaf, above);
    if (store.child(parent, side) !== reference) throw new DecodeError("a leaf off the path of its key");
    reference = parent;
    parent = store.parentOf(reference);
  }
}
