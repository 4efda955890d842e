import { equal, ZERO_HASH } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { hashNode } from "../../protocol/padded-tree.ts";
import { stateLeafHash } from "../../protocol/state.ts";

/** The state tree of docs/formats.md, section 4, as plainly as it can be written: what faster trees are compared with. */

export interface Leaf {
  readonly key: Uint8Array;
  readonly word: Uint8Array;
}

export type Tree =
  | { readonly kind: "empty" }
  | { readonly kind: "leaf"; readonly leaf: Leaf }
  /** A subtree of which only the hash is known. */
  | { readonly kind: "hash"; readonly hash: Uint8Array }
  | { readonly kind: "inner"; readonly left: Tree; readonly right: Tree };

export const EMPTY_TREE: Tree = { kind: "empty" };

/** Bit `depth` of a key, from the most significant. */
export function bitOf(key: Uint8Array, depth: number): 0 | 1 {
  return (((key[depth >> 3] as number) >> (7 - (depth & 7))) & 1) as 0 | 1;
}

export function rootOf(crypto: Crypto, tree: Tree): Uint8Array {
  switch (tree.kind) {
    case "empty":
      return ZERO_HASH;
    case "leaf":
      return stateLeafHash(crypto, tree.leaf.key, tree.leaf.word);
    case "hash":
      return tree.hash;
    case "inner":
      return hashNode(crypto, rootOf(crypto, tree.left), rootOf(crypto, tree.right));
  }
}

/** The tree over these leaves, from the definition: a subtree with one leaf is that leaf. */
export function treeOf(leaves: readonly Leaf[], depth = 0): Tree {
  const [first] = leaves;
  if (first === undefined) return EMPTY_TREE;
  if (leaves.length === 1) return { kind: "leaf", leaf: first };
  const side = (bit: 0 | 1) => leaves.filter(({ key }) => bitOf(key, depth) === bit);
  return { kind: "inner", left: treeOf(side(0), depth + 1), right: treeOf(side(1), depth + 1) };
}

/** As `StateAccess` of the contracts. */
export interface Access {
  readonly end: 0 | 1 | 2;
  readonly otherKey: Uint8Array;
  readonly word: Uint8Array;
  readonly siblings: readonly Uint8Array[];
}

/** The path of a key. @throws Error where the path enters a subtree of which only the hash is known */
export function accessOf(crypto: Crypto, tree: Tree, key: Uint8Array): Access {
  const siblings: Uint8Array[] = [];
  let at = tree;
  for (let depth = 0; at.kind === "inner"; depth++) {
    const isRight = bitOf(key, depth) === 1;
    siblings.unshift(rootOf(crypto, isRight ? at.left : at.right));
    at = isRight ? at.right : at.left;
  }
  if (at.kind === "hash") throw new Error("the path enters an unknown subtree");
  if (at.kind === "empty") return { end: 1, otherKey: ZERO_HASH, word: ZERO_HASH, siblings };
  const { leaf } = at;
  if (equal(leaf.key, key)) return { end: 0, otherKey: ZERO_HASH, word: leaf.word, siblings };
  return { end: 2, otherKey: leaf.key, word: leaf.word, siblings };
}

export function wordAt(crypto: Crypto, tree: Tree, key: Uint8Array): Uint8Array {
  const access = accessOf(crypto, tree, key);
  return access.end === 0 ? access.word : ZERO_HASH;
}

/** The tree with `word` under `key`; an absent word zero stays absent. */
export function withWord(tree: Tree, key: Uint8Array, word: Uint8Array, depth = 0): Tree {
  switch (tree.kind) {
    case "hash":
      throw new Error("the path enters an unknown subtree");
    case "inner": {
      const isRight = bitOf(key, depth) === 1;
      const left = isRight ? tree.left : withWord(tree.left, key, word, depth + 1);
      const right = isRight ? withWord(tree.right, key, word, depth + 1) : tree.right;
      return { kind: "inner", left, right };
    }
    case "leaf":
      if (equal(tree.leaf.key, key)) return { kind: "leaf", leaf: { key, word } };
      return equal(word, ZERO_HASH) ? tree : treeOf([tree.leaf, { key, word }], depth);
    case "empty":
      return equal(word, ZERO_HASH) ? tree : { kind: "leaf", leaf: { key, word } };
  }
}

/**
 * A piece of a large tree: at the end of the paths of `keys`, all of this depth, stands what `endOf` says; beside them
 * stand hashes of unknown subtrees.
 */
export function deepTree(
  keys: readonly Uint8Array[],
  depth: number,
  endOf: (key: Uint8Array) => Tree,
  unknown: () => Uint8Array,
  at = 0,
): Tree {
  const [first] = keys;
  if (first === undefined) return { kind: "hash", hash: unknown() };
  if (at === depth) {
    if (keys.length > 1) throw new Error(`two keys share their first ${depth} bits`);
    return endOf(first);
  }
  const side = (bit: 0 | 1) =>
    deepTree(
      keys.filter((key) => bitOf(key, at) === bit),
      depth,
      endOf,
      unknown,
      at + 1,
    );
  return { kind: "inner", left: side(0), right: side(1) };
}
