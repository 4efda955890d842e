import { equal } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";

/** SHA-256 Merkle tree over leaves padded with zero to a power of two (docs/formats.md, section 4). */

/** Levels between a leaf and the root of a tree over `count` leaves. */
export function paddedTreeDepth(count: number): number {
  // By division: a count that somebody claims may have more than 32 bits.
  let depth = 0;
  for (let rest = count - 1; rest >= 1; rest = Math.floor(rest / 2)) depth++;
  return depth;
}

/** SHA-256(left ‖ right) */
export function hashNode(crypto: Crypto, left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(64);
  pair.set(left);
  pair.set(right, 32);
  const out = new Uint8Array(32);
  crypto.sha256Pairs(pair, out);
  return out;
}

/** All levels, from the padded leaves (flat, 32 bytes each) to the root. */
export function paddedTreeLevels(crypto: Crypto, leaves: readonly Uint8Array[]): Uint8Array[] {
  let level: Uint8Array = new Uint8Array(32 << paddedTreeDepth(leaves.length));
  leaves.forEach((leaf, i) => {
    level.set(leaf, 32 * i);
  });
  const all = [level];
  while (level.length > 32) {
    const above = new Uint8Array(level.length / 2);
    crypto.sha256Pairs(level, above);
    all.push(above);
    level = above;
  }
  return all;
}

/** Root of the tree; zero for no leaves. */
export function paddedTreeRoot(crypto: Crypto, leaves: readonly Uint8Array[]): Uint8Array {
  return paddedTreeLevels(crypto, leaves).at(-1) as Uint8Array;
}

/** Siblings of leaf `index`, bottom up. */
export function paddedTreeProof(crypto: Crypto, leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (index < 0 || index >= leaves.length) throw new RangeError(`no leaf ${index} among ${leaves.length}`);
  return paddedTreeLevels(crypto, leaves)
    .slice(0, -1)
    .map((level, k) => {
      const sibling = (index >> k) ^ 1;
      return level.slice(32 * sibling, 32 * sibling + 32);
    });
}

/** Root that leads from `leaf` at `index` along `siblings`, bottom up; any number of siblings. */
export function rootFromPath(
  crypto: Crypto,
  leaf: Uint8Array,
  index: number,
  siblings: readonly Uint8Array[],
): Uint8Array {
  let node = leaf;
  let position = index;
  for (const sibling of siblings) {
    node = position % 2 === 0 ? hashNode(crypto, node, sibling) : hashNode(crypto, sibling, node);
    position = Math.floor(position / 2);
  }
  return node;
}

/** Whether `leaf` is number `index` of the `count` leaves under `root`. Binds index and length. */
export function verifyPaddedTreeProof(
  crypto: Crypto,
  root: Uint8Array,
  count: number,
  leaf: Uint8Array,
  index: number,
  siblings: readonly Uint8Array[],
): boolean {
  if (index >= count || siblings.length !== paddedTreeDepth(count)) return false;
  return equal(rootFromPath(crypto, leaf, index, siblings), root);
}
