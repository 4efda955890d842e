import { expect } from "chai";
import fc from "fast-check";
import { createNativeCrypto } from "../../crypto/native.ts";
import { concat, equal, toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import {
  hashNode,
  paddedTreeDepth,
  paddedTreeProof,
  paddedTreeRoot,
  verifyPaddedTreeProof,
} from "../../protocol/padded-tree.ts";
import { property } from "../support/property.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const list = fc.array(hash, { minLength: 1, maxLength: 40 });

describe("padded tree", () => {
  let crypto: Crypto;

  before(async () => {
    crypto = await createNativeCrypto();
  });

  /** From the definition, one node at a time. */
  function rootOf(leaves: Uint8Array[]): Uint8Array {
    if (leaves.length === 0) return ZERO_HASH;
    let level = [...leaves];
    while (Math.log2(level.length) % 1 !== 0) level.push(ZERO_HASH);
    while (level.length > 1) {
      level = Array.from({ length: level.length / 2 }, (_, i) =>
        crypto.sha256(concat(level[2 * i] as Uint8Array, level[2 * i + 1] as Uint8Array)),
      );
    }
    return level[0] as Uint8Array;
  }

  it("has depth ceil(log2(count))", () => {
    const depths = [0, 1, 2, 3, 4, 5, 8, 9, 16_384, 16_385, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 52 + 1].map(
      paddedTreeDepth,
    );
    expect(depths).to.deep.equal([0, 0, 1, 2, 2, 3, 3, 4, 14, 15, 31, 32, 33, 53]);
  });

  it("of nothing is zero, of one leaf that leaf", () => {
    const leaf = new Uint8Array(32).fill(5);
    expect(paddedTreeRoot(crypto, [])).to.deep.equal(ZERO_HASH);
    expect(paddedTreeRoot(crypto, [leaf])).to.deep.equal(leaf);
    expect(paddedTreeProof(crypto, [leaf], 0)).to.have.length(0);
  });

  it("has the root of the definition, and proofs of every leaf", () => {
    fc.assert(
      fc.property(list, fc.nat(), (leaves, random) => {
        const root = paddedTreeRoot(crypto, leaves);
        expect(toHex(root)).to.equal(toHex(rootOf(leaves)));
        const index = random % leaves.length;
        const siblings = paddedTreeProof(crypto, leaves, index);
        expect(siblings).to.have.length(paddedTreeDepth(leaves.length));
        const leaf = leaves[index] as Uint8Array;
        expect(verifyPaddedTreeProof(crypto, root, leaves.length, leaf, index, siblings)).to.equal(true);
      }),
      property(60),
    );
  });

  it("binds leaf, index, count and every sibling", () => {
    fc.assert(
      fc.property(list, fc.nat(), fc.nat(), (leaves, random, other) => {
        const root = paddedTreeRoot(crypto, leaves);
        const count = leaves.length;
        const index = random % count;
        const leaf = leaves[index] as Uint8Array;
        const siblings = paddedTreeProof(crypto, leaves, index);
        const verify = (c: number, l: Uint8Array, i: number, s: readonly Uint8Array[]) =>
          verifyPaddedTreeProof(crypto, root, c, l, i, s);

        const wrong = crypto.sha256(leaf);
        expect(verify(count, wrong, index, siblings)).to.equal(false);
        const elsewhere = other % count;
        if (!equal(leaves[elsewhere] as Uint8Array, leaf)) {
          expect(verify(count, leaf, elsewhere, siblings)).to.equal(false);
        }
        expect(verify(count, leaf, index + 2 ** siblings.length, siblings)).to.equal(false);
        expect(verify(index, leaf, index, siblings)).to.equal(false);
        expect(verify(2 * count + 1, leaf, index, siblings)).to.equal(false);
        expect(verify(count, leaf, index, [...siblings, ZERO_HASH])).to.equal(false);
        if (siblings.length > 0) {
          const at = other % siblings.length;
          expect(verify(count, leaf, index, siblings.with(at, wrong))).to.equal(false);
          expect(verify(count, leaf, index, siblings.slice(1))).to.equal(false);
        }
      }),
      property(60),
    );
  });

  it("does not show padding as a leaf", () => {
    const leaves = [1, 2, 3].map((n) => new Uint8Array(32).fill(n));
    const root = paddedTreeRoot(crypto, leaves);
    const siblings = [leaves[2] as Uint8Array, hashNode(crypto, leaves[0] as Uint8Array, leaves[1] as Uint8Array)];
    expect(verifyPaddedTreeProof(crypto, root, 4, ZERO_HASH, 3, siblings)).to.equal(true);
    expect(verifyPaddedTreeProof(crypto, root, 3, ZERO_HASH, 3, siblings)).to.equal(false);
    expect(() => paddedTreeProof(crypto, leaves, 3)).to.throw(RangeError);
    expect(() => paddedTreeProof(crypto, leaves, -1)).to.throw(RangeError);
  });
});
