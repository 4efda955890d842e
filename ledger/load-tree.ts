import type { Crypto } from "../protocol/crypto.ts";
import { EMPTY, keyBit, leafOf, leafReference, NodeStore } from "./node-store.ts";
import { hashLeaf, rehash } from "./rehash.ts";
import { StateTree } from "./state-tree.ts";

/** Leaves of a state as a snapshot holds them: key i and word i at 32 i. */
export interface StateLeaves {
  readonly keys: Uint8Array;
  readonly words: Uint8Array;
}

/**
 * Builds a tree of all leaves at once, in time proportional to their number.
 * @param leaves in any order
 * @throws RangeError when the lengths do not fit, a key appears twice or a word is zero
 */
export function loadTree(crypto: Crypto, { keys, words }: StateLeaves): StateTree {
  if (keys.length !== words.length || keys.length % 32 !== 0) {
    throw new RangeError(`${keys.length} bytes of keys and ${words.length} of words`);
  }
  const count = keys.length / 32;
  const store = new NodeStore(count);
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;

  /** Moves leaves whose bit is 0 to the front of [low, high); returns where the others start. */
  const partition = (low: number, high: number, depth: number): number => {
    let start = low;
    let end = high;
    while (start < end) {
      const leaf = order[start] as number;
      if (keyBit(keys, 32 * leaf, depth) === 0) start++;
      else {
        order[start] = order[--end] as number;
        order[end] = leaf;
      }
    }
    return start;
  };

  const build = (low: number, high: number, depth: number, parent: number, side: 0 | 1): void => {
    if (low === high) return;
    if (high - low === 1) {
      const at = 32 * (order[low] as number);
      const word = words.subarray(at, at + 32);
      if (word.every((byte) => byte === 0)) throw new RangeError("a leaf with word zero");
      const leaf = store.addLeaf(parent, keys.subarray(at, at + 32));
      store.word(leaf).set(word);
      store.setChild(parent, side, leafReference(leaf));
      hashLeaf(crypto, store, leaf, parent, side);
      return;
    }
    if (depth === 256) throw new RangeError("a key appears twice");
    const inner = store.addInner(parent);
    store.setChild(parent, side, inner);
    const middle = partition(low, high, depth);
    build(low, middle, depth + 1, inner, 0);
    build(middle, high, depth + 1, inner, 1);
  };
  build(0, count, 0, 0, 0);

  rehash(crypto, store);
  return new StateTree(crypto, store);
}

/** All leaves in the order of their keys, as last committed; nothing may be uncommitted. */
export function exportLeaves(tree: StateTree): StateLeaves {
  const { store } = tree;
  const keys = new Uint8Array(32 * store.leafCount);
  const words = new Uint8Array(32 * store.leafCount);
  let count = 0;
  const stack = [store.root];
  while (stack.length > 0) {
    const reference = stack.pop() as number;
    if (reference === EMPTY) continue;
    if (reference > 0) {
      stack.push(store.child(reference, 1), store.child(reference, 0));
      continue;
    }
    keys.set(store.key(leafOf(reference)), 32 * count);
    words.set(store.word(leafOf(reference)), 32 * count);
    count++;
  }
  return { keys, words };
}
