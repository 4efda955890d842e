import type { Crypto } from "../protocol/crypto.ts";
import { bytesOf, copyHash, INNER, type NodeStore } from "./node-store.ts";

/** Pairs hashed at once: enough for the batch to pay, small enough for the cache. */
const BATCH = 4096;

/** 0x00 ‖ key ‖ word: the first byte is never written. */
const preimage = new Uint8Array(65);

/** Puts the hash of a leaf, from its key and word, in its place; opaque leaves keep theirs. */
export function hashLeaf(crypto: Crypto, store: NodeStore, leaf: number, parent: number, side: 0 | 1): void {
  if (store.isOpaque(leaf)) return;
  const { leafData } = store;
  for (let i = 0; i < 64; i++) preimage[1 + i] = leafData[64 * leaf + i] as number;
  store.setHashAt(parent, side, crypto.sha256(preimage), 0);
}

/**
 * Hashes inner nodes from the hashes of their children, level by level, up to the root. The leaves' are in place.
 * @param stamp only nodes marked with it, above each of which stand marked ones; all when it is left out
 */
export function rehash(crypto: Crypto, store: NodeStore, stamp?: number): void {
  const fromBelow = levels(store, stamp).reverse();
  const widest = fromBelow.reduce((most, level) => Math.max(most, level.length), 0);
  const input = new Int32Array(16 * Math.min(BATCH, widest));
  const output = new Int32Array(8 * Math.min(BATCH, widest));
  for (const level of fromBelow) {
    for (let start = 0; start < level.length; start += BATCH) {
      const count = Math.min(BATCH, level.length - start);
      for (let i = 0; i < count; i++) {
        const inner = level[start + i] as number;
        copyHash(input, 16 * i, store.pairs, 16 * inner);
        copyHash(input, 16 * i + 8, store.pairs, 16 * inner + 8);
      }
      crypto.sha256Pairs(bytesOf(input).subarray(0, 64 * count), bytesOf(output).subarray(0, 32 * count));
      for (let i = 0; i < count; i++) {
        const inner = level[start + i] as number;
        const parent = store.inner[INNER.size * inner + INNER.parent] as number;
        if (parent === 0) copyHash(store.rootHash, 0, output, 8 * i);
        else copyHash(store.pairs, 16 * parent + 8 * store.sideOf(inner, parent), output, 8 * i);
      }
    }
  }
}

/** Inner nodes by depth, from the root down. */
function levels(store: NodeStore, stamp: number | undefined): number[][] {
  const all: number[][] = [];
  const wanted = (id: number) => id > 0 && (stamp === undefined || store.marksOf(id, stamp) !== -1);
  for (let level = [store.root].filter(wanted); level.length > 0; ) {
    all.push(level);
    const below: number[] = [];
    for (const inner of level) {
      const left = store.child(inner, 0);
      const right = store.child(inner, 1);
      if (wanted(left)) below.push(left);
      if (wanted(right)) below.push(right);
    }
    level = below;
  }
  return all;
}
