import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { createNativeCrypto } from "../../crypto/native.ts";
import { toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { property } from "../support/property.ts";
import { type Access, accessOf, rootOf, treeOf, withWord, wordAt } from "../support/reference-tree.ts";

function argument(access: Access) {
  return {
    end: access.end,
    otherKey: toHex(access.otherKey),
    word: toHex(access.word),
    siblings: access.siblings.map(toHex),
  };
}

/** A key whose first bytes are given: keys that share many bits make deep trees. */
function keyOf(...bytes: number[]): Uint8Array {
  const key = new Uint8Array(32);
  key.set(bytes);
  return key;
}

const WORD = new Uint8Array(32).fill(7);
const OTHER_WORD = new Uint8Array(32).fill(9);

async function deploy() {
  const { ethers } = await network.create();
  return ethers.deployContract("StateAccessesMock");
}

describe("StateAccesses", () => {
  let crypto: Crypto;
  let mock: Awaited<ReturnType<typeof deploy>>;

  before(async () => {
    crypto = await createNativeCrypto();
    mock = await deploy();
  });

  async function expectSame(leaves: { key: Uint8Array; word: Uint8Array }[], key: Uint8Array, word: Uint8Array) {
    const tree = treeOf(leaves);
    const root = rootOf(crypto, tree);
    const access = accessOf(crypto, tree, key);
    const [before, after] = await mock.readAndWrite(argument(access), root, key, word);
    expect(before).to.equal(toHex(wordAt(crypto, tree, key)));
    expect(after).to.equal(toHex(rootOf(crypto, withWord(tree, key, word))));
    return access;
  }

  it("reads and writes in random trees as the definition says", async () => {
    // Keys over few first bytes share prefixes, so that all three ends and long common prefixes occur.
    const key = fc
      .tuple(fc.constantFrom(0, 1, 0x80, 0x81), fc.constantFrom(0, 1, 0x40), fc.constantFrom(0, 255))
      .map((bytes) => keyOf(...bytes));
    const word = fc.oneof(
      { arbitrary: fc.uint8Array({ minLength: 32, maxLength: 32 }), weight: 4 },
      { arbitrary: fc.constant(ZERO_HASH), weight: 1 },
    );
    const leaves = fc.uniqueArray(fc.record({ key, word }), { selector: (leaf) => toHex(leaf.key), maxLength: 12 });
    const ends = new Set<number>();
    await fc.assert(
      fc.asyncProperty(leaves, key, word, async (all, at, value) => {
        ends.add((await expectSame(all, at, value)).end);
      }),
      property(200),
    );
    expect([...ends].sort()).to.deep.equal([0, 1, 2]);
  });

  it("inserts beside a leaf that shares all bits but the last: 256 levels", async () => {
    const last = keyOf();
    last[31] = 1;
    const access = await expectSame([{ key: keyOf(), word: WORD }], last, OTHER_WORD);
    expect(access.siblings).to.have.length(0);
    const both = [
      { key: keyOf(), word: WORD },
      { key: last, word: OTHER_WORD },
    ];
    expect((await expectSame(both, last, WORD)).siblings).to.have.length(256);
  });

  it("inserts into the empty tree, and leaves it empty for a word zero", async () => {
    await expectSame([], keyOf(5), WORD);
    await expectSame([], keyOf(5), ZERO_HASH);
  });

  it("writes a word zero under a key that is there", async () => {
    await expectSame(
      [
        { key: keyOf(5), word: WORD },
        { key: keyOf(6), word: WORD },
      ],
      keyOf(5),
      ZERO_HASH,
    );
  });

  describe("reverts", () => {
    const leaves = [
      { key: keyOf(0x00), word: WORD },
      { key: keyOf(0x40), word: WORD },
      { key: keyOf(0x80), word: WORD },
    ];

    async function expectRefused(key: Uint8Array, access: Access, error: string) {
      const root = rootOf(crypto, treeOf(leaves));
      await expect(mock.read(argument(access), root, key)).to.be.revertedWithCustomError(mock, error);
    }

    it("when the word, a sibling or the root is another", async () => {
      const access = accessOf(crypto, treeOf(leaves), keyOf(0x40));
      await expectRefused(keyOf(0x40), { ...access, word: OTHER_WORD }, "StateAccesses_WrongRoot");
      await expectRefused(keyOf(0x40), { ...access, siblings: access.siblings.slice(1) }, "StateAccesses_WrongRoot");
      await expectRefused(
        keyOf(0x40),
        { ...access, siblings: [...access.siblings].reverse() },
        "StateAccesses_WrongRoot",
      );
      await expectRefused(keyOf(0x00), access, "StateAccesses_WrongRoot");
    });

    it("when a key that is there is shown as absent", async () => {
      const { siblings } = accessOf(crypto, treeOf(leaves), keyOf(0x40));
      const nothing = { end: 1, otherKey: ZERO_HASH, word: ZERO_HASH, siblings } as const;
      await expectRefused(keyOf(0x40), nothing, "StateAccesses_WrongRoot");
      const itself = { end: 2, otherKey: keyOf(0x40), word: WORD, siblings } as const;
      await expectRefused(keyOf(0x40), itself, "StateAccesses_OtherLeafOffPath");
    });

    it("when absence is shown by a leaf that is not on the path", async () => {
      const access = accessOf(crypto, treeOf(leaves), keyOf(0x00));
      // 0x40 shares one bit with 0x00, whose leaf stands at depth 2.
      await expectRefused(keyOf(0x40), { ...access, end: 2, otherKey: keyOf(0x00) }, "StateAccesses_OtherLeafOffPath");
    });

    it("when the path is longer than a key", async () => {
      const siblings = new Array<Uint8Array>(257).fill(ZERO_HASH);
      const access = { end: 0, otherKey: ZERO_HASH, word: WORD, siblings } as const;
      await expectRefused(keyOf(0x40), access, "StateAccesses_PathLength");
    });
  });
});
