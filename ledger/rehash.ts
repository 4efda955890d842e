import type { Crypto } from "../protocol/crypto.ts";
import { stateLeafHash } from "../protocol/state.ts";
import { bytesOf, copyHash, EMPTY, leafOf, type NodeStore } from "./node-store.ts";

/** Pairs hashed at once: enough for the batch to pay, small enough for the cache. */
const BATCH = 4096;

const ZERO_LANES = new Int32Array(8);

/**
 * Hashes the leaves and inner nodes that carry `stamp` from their words and children, level by level. Above every stamped
 * node stand stamped nodes; opaque leaves keep their hash.
 */
export function rehash(crypto: Crypto, store: NodeStore, stamp: number): void {
  const levels = stampedLevels(crypto, store, stamp);
  const input = new Int32Array(16 * BATCH);
  const output = new Int32Array(8 * BATCH);
  for (const level of levels.reverse()) {
    for (let start = 0; start < level.length; start += BATCH) {
      const count = Math.min(BATCH, level.length - start);
      for (let i = 0; i < count; i++) {
        const inner = level[start + i] as number;
        copyChild(store, input, 16 * i, store.children[2 * inner] as number);
        copyChild(store, input, 16 * i + 8, store.children[2 * inner + 1] as number);
      }
      crypto.sha256Pairs(bytesOf(input).subarray(0, 64 * count), bytesOf(output).subarray(0, 32 * count));
      for (let i = 0; i < count; i++) copyHash(store.innerHash, 8 * (level[start + i] as number), output, 8 * i);
    }
  }
}

/** Stamped inner nodes by depth, from the root down; hashes the stamped leaves on the way. */
function stampedLevels(crypto: Crypto, store: NodeStore, stamp: number): number[][] {
  const levels: number[][] = [];
  let references = [store.root];
  while (references.length > 0) {
    const inner: number[] = [];
    const below: number[] = [];
    for (const reference of references) {
      if (reference > 0 && store.innerStamp[reference] === stamp) {
        inner.push(reference);
        below.push(store.child(reference, 0), store.child(reference, 1));
      } else if (reference < 0 && store.leafStamp[leafOf(reference)] === stamp) {
        hashLeaf(crypto, store, leafOf(reference));
      }
    }
    if (inner.length > 0) levels.push(inner);
    references = below;
  }
  return levels;
}

function hashLeaf(crypto: Crypto, store: NodeStore, leaf: number): void {
  if (store.leafOpaque[leaf] === 1) return;
  const at = 32 * leaf;
  const hash = stateLeafHash(crypto, store.leafKey.subarray(at, at + 32), store.leafWord.subarray(at, at + 32));
  bytesOf(store.leafHash).set(hash, at);
}

function copyChild(store: NodeStore, to: Int32Array, at: number, reference: number): void {
  if (reference === EMPTY) copyHash(to, at, ZERO_LANES, 0);
  else if (reference > 0) copyHash(to, at, store.innerHash, 8 * reference);
  else copyHash(to, at, store.leafHash, 8 * leafOf(reference));
}
