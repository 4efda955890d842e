import { expect } from "chai";
import { network } from "hardhat";
import { createNativeCrypto } from "../../crypto/native.ts";
import {
  type AppendTree,
  appendLeaf,
  appendTreeProof,
  appendTreeRoot,
  EMPTY_APPEND_TREE,
} from "../../protocol/append-tree.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { paddedTreeDepth, paddedTreeProof, paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { accountKey, cursorKey, headKey, outboxKey, outboxWord, seedKey } from "../../protocol/state.ts";
import type { TreesMock } from "../../types/index.ts";
import { SeededRandom } from "../support/random.ts";
import { accessOf, rootOf, treeOf } from "../support/reference-tree.ts";

describe("Trees: TypeScript and Solidity", () => {
  let crypto: Crypto;
  let random: SeededRandom;
  let mock: TreesMock;

  before(async () => {
    crypto = await createNativeCrypto();
    random = new SeededRandom();
    const { ethers } = await network.create();
    mock = await ethers.deployContract("TreesMock");
  });

  const hashes = (count: number) => Array.from({ length: count }, () => random.bytes(32));

  it("padded: the same root for every number of leaves", async () => {
    for (const count of [...Array(18).keys(), 31, 32, 33, 64, 127, 128]) {
      const leaves = hashes(count);
      expect(await mock.paddedRoot(leaves), `${count} leaves`).to.equal(toHex(paddedTreeRoot(crypto, leaves)));
    }
  });

  it("padded: every leaf has its proof, and no proof another index, count or length", async () => {
    for (const count of [1, 2, 3, 5, 8, 11]) {
      const leaves = hashes(count);
      const root = toHex(paddedTreeRoot(crypto, leaves));
      for (const [index, leaf] of leaves.entries()) {
        const siblings = paddedTreeProof(crypto, leaves, index);
        expect(await mock.paddedRootOf(leaf, index, count, siblings)).to.equal(root);
        const other = (index + 1) % count;
        if (other !== index) expect(await mock.paddedRootOf(leaf, other, count, siblings)).not.to.equal(root);
        await expect(mock.paddedRootOf(leaf, count, count, siblings))
          .to.be.revertedWithCustomError(mock, "PaddedTree_IndexOutOfRange")
          .withArgs(count, count);
        const depth = paddedTreeDepth(count);
        for (const wrong of [[...siblings, leaf], siblings.slice(1)]) {
          if (wrong.length === depth) continue;
          await expect(mock.paddedRootOf(leaf, index, count, wrong))
            .to.be.revertedWithCustomError(mock, "PaddedTree_ProofLength")
            .withArgs(wrong.length, depth);
        }
      }
    }
  });

  it("outbox: every message has its proof under the count, and the word binds count and root", async () => {
    const leaves: Uint8Array[] = [];
    let tree: AppendTree = EMPTY_APPEND_TREE;
    for (let count = 1; count <= 9; count++) {
      const leaf = random.bytes(32);
      leaves.push(leaf);
      tree = appendLeaf(crypto, tree, leaf);
      const root = appendTreeRoot(crypto, tree);
      for (const [index, each] of leaves.entries()) {
        const siblings = appendTreeProof(crypto, leaves, index);
        expect(await mock.appendRootOf(each, index, count, siblings)).to.equal(toHex(root));
      }
      expect(await mock.outboxWord(count, root)).to.equal(toHex(outboxWord(crypto, tree)));
    }
    await expect(mock.appendRootOf(random.bytes(32), 9, 9, hashes(4)))
      .to.be.revertedWithCustomError(mock, "AppendTree_IndexOutOfRange")
      .withArgs(9, 9);
    await expect(mock.appendRootOf(random.bytes(32), 0, 9, hashes(5)))
      .to.be.revertedWithCustomError(mock, "AppendTree_ProofLength")
      .withArgs(5, 4);
    await expect(mock.appendRootOf(random.bytes(32), 0, 2n ** 32n + 1n, hashes(33))).to.be.revertedWithCustomError(
      mock,
      "AppendTree_IndexOutOfRange",
    );
    // The last leaf that a full tree has.
    await mock.appendRootOf(random.bytes(32), 2n ** 32n - 1n, 2n ** 32n, hashes(32));
  });

  it("state: every leaf has its path, however deep", async () => {
    const leaves = hashes(12).map((key) => ({ key, word: random.bytes(32) }));
    // Two keys that differ in their last bit: a path of 256.
    const [first] = leaves as [(typeof leaves)[0]];
    const twin = first.key.slice();
    twin[31] = (twin[31] as number) ^ 1;
    leaves.push({ key: twin, word: random.bytes(32) });
    const tree = treeOf(leaves);
    const root = toHex(rootOf(crypto, tree));
    for (const { key, word } of leaves) {
      const { siblings } = accessOf(crypto, tree, key);
      expect(await mock.sparseRootOf(key, word, [...siblings])).to.equal(root);
    }
    const { siblings } = accessOf(crypto, tree, twin);
    expect(siblings).to.have.length(256);
    await expect(mock.sparseRootOf(twin, first.word, [...siblings, twin]))
      .to.be.revertedWithCustomError(mock, "SparseMerkleTree_ProofLength")
      .withArgs(257);
  });

  it("state: the same keys", async () => {
    const address = random.bytes(20);
    const keys = [
      accountKey(crypto, address),
      headKey(crypto),
      seedKey(crypto),
      cursorKey(crypto, 77),
      outboxKey(crypto, 77),
    ];
    expect(await mock.stateKeys(toHex(address), 77)).to.deep.equal(keys.map(toHex));
  });
});
