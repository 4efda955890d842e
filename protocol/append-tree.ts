import { equal, ZERO_HASH } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";
import { hashNode, paddedTreeDepth, paddedTreeProof, rootFromPath } from "./padded-tree.ts";

/** Append-only Merkle tree of depth 32 (docs/formats.md, section 4): what an outbox commits to. As the deposit contract's. */

export const APPEND_TREE_DEPTH = 32;

const zeroHashes = new WeakMap<Crypto, readonly Uint8Array[]>();

/** Z_0 to Z_32: roots of empty subtrees of each height. */
export function zeroSubtreeHashes(crypto: Crypto): readonly Uint8Array[] {
  let hashes = zeroHashes.get(crypto);
  if (hashes === undefined) {
    const grown: Uint8Array[] = [ZERO_HASH];
    for (let k = 0; k < APPEND_TREE_DEPTH; k++) {
      grown.push(hashNode(crypto, grown[k] as Uint8Array, grown[k] as Uint8Array));
    }
    hashes = grown;
    zeroHashes.set(crypto, hashes);
  }
  return hashes;
}

/** The right edge of a tree: enough to append and to compute the root. */
export interface AppendTree {
  readonly count: number;
  /** For each set bit of `count`, lowest first, the root of the complete subtree of that size. */
  readonly frontier: readonly Uint8Array[];
}

export const EMPTY_APPEND_TREE: AppendTree = { count: 0, frontier: [] };

/** Number of hashes in the frontier of a tree of `count` leaves. */
export function frontierLength(count: number): number {
  let bits = 0;
  for (let rest = count; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
}

/** @throws RangeError when the tree is full */
export function appendLeaf(crypto: Crypto, tree: AppendTree, leaf: Uint8Array): AppendTree {
  if (tree.count + 1 >= 2 ** APPEND_TREE_DEPTH) throw new RangeError("the append tree is full");
  let node = leaf;
  let merged = 0;
  for (let rest = tree.count; rest % 2 === 1; rest = Math.floor(rest / 2)) {
    node = hashNode(crypto, tree.frontier[merged++] as Uint8Array, node);
  }
  return { count: tree.count + 1, frontier: [node, ...tree.frontier.slice(merged)] };
}

export function appendTreeRoot(crypto: Crypto, tree: AppendTree): Uint8Array {
  const zero = zeroSubtreeHashes(crypto);
  let node = ZERO_HASH;
  let next = 0;
  let rest = tree.count;
  for (let k = 0; k < APPEND_TREE_DEPTH; k++) {
    node =
      rest % 2 === 1
        ? hashNode(crypto, tree.frontier[next++] as Uint8Array, node)
        : hashNode(crypto, node, zero[k] as Uint8Array);
    rest = Math.floor(rest / 2);
  }
  return node;
}

/** Siblings of leaf `index` under all `leaves`, bottom up: only those below the height of the count. */
export function appendTreeProof(crypto: Crypto, leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  return paddedTreeProof(crypto, leaves, index);
}

/** Whether `leaf` is number `index` under a tree of `count` leaves with this root. */
export function verifyAppendTreeProof(
  crypto: Crypto,
  root: Uint8Array,
  count: number,
  leaf: Uint8Array,
  index: number,
  siblings: readonly Uint8Array[],
): boolean {
  const depth = paddedTreeDepth(count);
  if (index >= count || count > 2 ** APPEND_TREE_DEPTH || siblings.length !== depth) return false;
  const upper = zeroSubtreeHashes(crypto).slice(depth, APPEND_TREE_DEPTH);
  return equal(rootFromPath(crypto, leaf, index, [...siblings, ...upper]), root);
}
