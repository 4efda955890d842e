import type { Crypto } from "../../../protocol/crypto.ts";
import { hashNode, paddedTreeDepth } from "../../../protocol/padded-tree.ts";
import type { Draws } from "./draws.ts";

/** A padded tree of which a few leaves are known, among any others. */
export interface SparseTree {
  readonly root: Uint8Array;
  /** Of each leaf given, bottom up. */
  readonly siblings: ReadonlyMap<number, readonly Uint8Array[]>;
}

/** @param count leaves of the tree, below which all of `leaves` are */
export function sparseTree(
  crypto: Crypto,
  draws: Draws,
  count: number,
  leaves: ReadonlyMap<number, Uint8Array>,
): SparseTree {
  const siblings = new Map([...leaves.keys()].map((index) => [index, [] as Uint8Array[]]));
  let nodes = new Map(leaves);
  for (let level = 0; level < paddedTreeDepth(count); level++) {
    const above = new Map<number, Uint8Array>();
    const at = (place: number): Uint8Array => {
      const node = nodes.get(place) ?? draws.bytes(32);
      nodes.set(place, node);
      return node;
    };
    for (const place of [...nodes.keys()]) {
      const left = place - (place % 2);
      above.set(left / 2, hashNode(crypto, at(left), at(left + 1)));
    }
    for (const [index, path] of siblings) path.push(at(Math.floor(index / 2 ** level) ^ 1));
    nodes = above;
  }
  return { root: nodes.values().next().value as Uint8Array, siblings };
}
