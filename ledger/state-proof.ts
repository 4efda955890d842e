import { equal, ZERO_HASH } from "../protocol/bytes.ts";
import type { Crypto } from "../protocol/crypto.ts";
import { hashNode } from "../protocol/padded-tree.ts";
import { stateLeafHash } from "../protocol/state.ts";
import { keyBit } from "./node-store.ts";

/** Paths of the state tree (docs/formats.md, section 4). Siblings are listed bottom up. */

/** The root above `node`, which stands at the depth of `siblings.length` on the path of `key`. */
export function rootAbove(
  crypto: Crypto,
  key: Uint8Array,
  node: Uint8Array,
  siblings: readonly Uint8Array[],
): Uint8Array {
  let hash = node;
  siblings.forEach((sibling, i) => {
    const side = keyBit(key, 0, siblings.length - 1 - i);
    hash = side === 0 ? hashNode(crypto, hash, sibling) : hashNode(crypto, sibling, hash);
  });
  return hash;
}

/** Number of leading bits that two keys share. */
export function sharedBits(a: Uint8Array, b: Uint8Array): number {
  let depth = 0;
  while (depth < 256 && keyBit(a, 0, depth) === keyBit(b, 0, depth)) depth++;
  return depth;
}

/** Whether the state under `root` holds `word` at `key`. */
export function verifyStateProof(
  crypto: Crypto,
  root: Uint8Array,
  key: Uint8Array,
  word: Uint8Array,
  siblings: readonly Uint8Array[],
): boolean {
  if (siblings.length > 256) return false;
  return equal(rootAbove(crypto, key, stateLeafHash(crypto, key, word), siblings), root);
}

/** Whether the state under `root` has no leaf of `key`: at the end of its path stands nothing, or the leaf `other`. */
export function verifyAbsenceProof(
  crypto: Crypto,
  root: Uint8Array,
  key: Uint8Array,
  other: { readonly key: Uint8Array; readonly word: Uint8Array } | null,
  siblings: readonly Uint8Array[],
): boolean {
  if (siblings.length > 256) return false;
  if (other === null) return equal(rootAbove(crypto, key, ZERO_HASH, siblings), root);
  const shared = sharedBits(key, other.key);
  if (shared === 256 || shared < siblings.length) return false;
  return equal(rootAbove(crypto, key, stateLeafHash(crypto, other.key, other.word), siblings), root);
}
