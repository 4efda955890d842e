import { expect } from "chai";
import fc from "fast-check";
import { createNativeCrypto } from "../../crypto/native.ts";
import {
  APPEND_TREE_DEPTH,
  appendLeaf,
  appendTreeProof,
  appendTreeRoot,
  EMPTY_APPEND_TREE,
  frontierLength,
  verifyAppendTreeProof,
  zeroSubtreeHashes,
} from "../../protocol/append-tree.ts";
import { toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { hashNode, paddedTreeDepth, paddedTreeRoot, rootFromPath } from "../../protocol/padded-tree.ts";
import { property } from "../support/property.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const list = fc.array(hash, { minLength: 1, maxLength: 40 });

describe("append tree", () => {
  let crypto: Crypto;

  before(async () => {
    crypto = await createNativeCrypto();
  });

  function grow(leaves: readonly Uint8Array[]) {
    return leaves.reduce((tree, leaf) => appendLeaf(crypto, tree, leaf), EMPTY_APPEND_TREE);
  }

  /** A padded tree of the leaves, and above it zero subtrees to the right up to depth 32. */
  function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
    const zero = zeroSubtreeHashes(crypto);
    const start = paddedTreeDepth(leaves.length);
    let node = paddedTreeRoot(crypto, leaves);
    for (let k = start; k < APPEND_TREE_DEPTH; k++) node = hashNode(crypto, node, zero[k] as Uint8Array);
    return node;
  }

  it("has the zero hashes of the deposit contract", () => {
    const zero = zeroSubtreeHashes(crypto);
    expect(zero).to.have.length(33);
    expect(toHex(zero[1] as Uint8Array)).to.equal("0xf5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
    expect(appendTreeRoot(crypto, EMPTY_APPEND_TREE)).to.deep.equal(zero[32]);
  });

  it("has, leaf by leaf, the root of all leaves at once", () => {
    fc.assert(
      fc.property(list, (leaves) => {
        expect(toHex(appendTreeRoot(crypto, grow(leaves)))).to.equal(toHex(rootOf(leaves)));
      }),
      property(50),
    );
  });

  it("keeps one hash per set bit of the count, and leaves the tree before as it was", () => {
    let tree = EMPTY_APPEND_TREE;
    for (let count = 1; count <= 40; count++) {
      const before = { ...tree, frontier: [...tree.frontier] };
      const grown = appendLeaf(crypto, tree, new Uint8Array(32).fill(count));
      expect(tree).to.deep.equal(before);
      expect(grown.count).to.equal(count);
      expect(grown.frontier).to.have.length(frontierLength(count));
      tree = grown;
    }
  });

  it("counts the set bits of large counts", () => {
    expect([0, 1, 3, 2 ** 31, 2 ** 32 - 1].map(frontierLength)).to.deep.equal([0, 1, 2, 1, 32]);
  });

  it("proves every leaf with the lower siblings alone, and binds index and count", () => {
    fc.assert(
      fc.property(list, fc.nat(), (leaves, random) => {
        const root = appendTreeRoot(crypto, grow(leaves));
        const count = leaves.length;
        const index = random % count;
        const leaf = leaves[index] as Uint8Array;
        const siblings = appendTreeProof(crypto, leaves, index);
        const verify = (c: number, l: Uint8Array, i: number, s: readonly Uint8Array[]) =>
          verifyAppendTreeProof(crypto, root, c, l, i, s);
        expect(verify(count, leaf, index, siblings)).to.equal(true);
        expect(verify(count, crypto.sha256(leaf), index, siblings)).to.equal(false);
        expect(verify(index, leaf, index, siblings)).to.equal(false);
        expect(verify(count, leaf, index, [...siblings, ZERO_HASH])).to.equal(false);
        expect(verify(4 * count, leaf, index, siblings)).to.equal(false);
      }),
      property(50),
    );
  });

  it("proves nothing of a tree larger than itself", () => {
    const siblings = new Array<Uint8Array>(33).fill(ZERO_HASH);
    const root = rootFromPath(crypto, ZERO_HASH, 0, siblings);
    expect(verifyAppendTreeProof(crypto, root, 2 ** 32 + 1, ZERO_HASH, 0, siblings)).to.equal(false);
  });

  it("is full at 2^32 - 1 leaves", () => {
    const full = { count: 2 ** 32 - 1, frontier: new Array<Uint8Array>(32).fill(ZERO_HASH) };
    expect(() => appendLeaf(crypto, full, ZERO_HASH)).to.throw(RangeError);
    const almost = { count: 2 ** 32 - 2, frontier: new Array<Uint8Array>(31).fill(ZERO_HASH) };
    expect(appendLeaf(crypto, almost, ZERO_HASH).count).to.equal(2 ** 32 - 1);
  });
});
