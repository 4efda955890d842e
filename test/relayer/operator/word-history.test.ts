import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { StateTree } from "../../../ledger/state-tree.ts";
import { toBigInt, word } from "../../../protocol/bytes.ts";
import { WordHistory } from "../../../relayer/operator/word-history.ts";

const crypto = await createNativeCrypto();

describe("WordHistory", () => {
  const keys = Array.from({ length: 8 }, (_, i) => crypto.sha256(word(i)));

  /** Block n writes n + 1 to key n, and n to key 0. */
  const history = (blocks: number, limit: number) => {
    const tree = new StateTree(crypto);
    const words = new WordHistory(tree, limit);
    for (let n = 1; n <= blocks; n++) {
      tree.beginStep(0);
      for (const [key, value] of [
        [keys[n] as Uint8Array, n + 1],
        [keys[0] as Uint8Array, n],
      ] as const) {
        tree.write(tree.open(key), word(value));
      }
      tree.acceptStep();
      words.push(tree.commit(1).undo);
    }
    return { tree, words };
  };
  const at = (words: WordHistory, key: number, block: number) => {
    const found = words.wordAt(keys[key] as Uint8Array, block);
    return found === null ? null : Number(toBigInt(found));
  };

  it("reads every key as of every block", () => {
    const { words } = history(6, 1_000_000);
    for (let block = 0; block <= 6; block++) {
      expect(at(words, 0, block)).to.equal(block);
      for (let key = 1; key <= 6; key++) expect(at(words, key, block)).to.equal(key <= block ? key + 1 : 0);
      expect(at(words, 7, block)).to.equal(0);
    }
  });

  it("leaves nothing behind in the tree", () => {
    const { tree, words } = history(3, 1_000_000);
    const { root } = tree;
    at(words, 0, 1);
    at(words, 7, 1);
    tree.beginStep(0);
    tree.acceptStep();
    expect(tree.touchedEnds).to.have.length(0);
    tree.commit(1);
    expect(tree.root).to.deep.equal(root);
  });

  it("forgets the oldest blocks first when it is full", () => {
    const { words } = history(6, 1_000);
    expect(words.oldest).to.be.within(1, 5);
    expect(at(words, 0, words.oldest - 1)).to.equal(null);
    expect(at(words, 0, words.oldest)).to.equal(words.oldest);
    expect(at(words, 0, 6)).to.equal(6);
  });
});
