import { expect } from "chai";
import fc from "fast-check";
import { createNativeCrypto } from "../../crypto/native.ts";
import { exportLeaves, loadTree } from "../../ledger/load-tree.ts";
import { verifyAbsenceProof, verifyStateProof } from "../../ledger/state-proof.ts";
import { StateTree, type TreeUndo } from "../../ledger/state-tree.ts";
import { compare, concat, equal, toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { property } from "../support/property.ts";
import { SeededRandom } from "../support/random.ts";
import { NaiveState } from "./naive-state.ts";

const crypto = await createNativeCrypto();

/** Keys that share long prefixes, so that leaves part at many depths: few first bytes, few last bytes. */
const key = fc
  .tuple(fc.constantFrom(0x00, 0x01, 0x80, 0xff), fc.constantFrom(0, 1, 0x55), fc.nat({ max: 7 }))
  .map(([first, middle, last]) => {
    const bytes = new Uint8Array(32);
    bytes[0] = first;
    bytes[9] = middle;
    bytes[31] = last;
    return bytes;
  });
const word = fc.nat({ max: 3 }).map((value) => {
  const bytes = new Uint8Array(32);
  bytes[31] = value;
  return bytes;
});
const step = fc.array(fc.tuple(key, word), { maxLength: 4 });
const block = fc.array(step, { maxLength: 12 });
const blocks = fc.array(block, { minLength: 1, maxLength: 4 });

type Write = readonly [Uint8Array, Uint8Array];

function write(tree: StateTree, [writtenKey, writtenWord]: Write): void {
  tree.write(tree.open(writtenKey), writtenWord);
}

function apply(tree: StateTree, steps: readonly (readonly Write[])[]): { roots: Uint8Array; undo: TreeUndo } {
  steps.forEach((writes, i) => {
    tree.beginStep(i);
    for (const each of writes) write(tree, each);
    tree.acceptStep();
  });
  return tree.commit(steps.length);
}

function rootAfter(roots: Uint8Array, index: number): string {
  return toHex(roots.subarray(32 * index, 32 * index + 32));
}

describe("ledger/state-tree", () => {
  it("has root zero when empty and the leaf as root of one leaf", () => {
    const tree = new StateTree(crypto);
    expect(toHex(tree.root)).to.equal(toHex(ZERO_HASH));
    const one = new Uint8Array(32).fill(1);
    apply(tree, [[[one, one]]]);
    const naive = new NaiveState(crypto);
    naive.set(one, one);
    expect(toHex(tree.root)).to.equal(toHex(naive.root()));
  });

  it("gives after every step the root that the definition gives, and undoes blocks", () => {
    fc.assert(
      fc.property(blocks, (all) => {
        const tree = new StateTree(crypto);
        const naive = new NaiveState(crypto);
        const before: { root: string; undo: TreeUndo }[] = [];
        for (const steps of all) {
          const root = toHex(tree.root);
          const { roots, undo } = apply(tree, steps);
          before.push({ root, undo });
          steps.forEach((writes, i) => {
            for (const [writtenKey, writtenWord] of writes) naive.set(writtenKey, writtenWord);
            expect(rootAfter(roots, i)).to.equal(toHex(naive.root()));
          });
          expect(toHex(tree.root)).to.equal(toHex(naive.root()));
          expect(tree.size).to.equal(naive.leaves.size);
        }
        for (const { root, undo } of before.reverse()) {
          tree.undo(undo);
          expect(toHex(tree.root)).to.equal(root);
        }
        expect(tree.size).to.equal(0);
      }),
      property(150),
    );
  });

  it("gives the roots of serial commits for thousands of leaves, new ones among them", () => {
    const random = new SeededRandom();
    const keys = Array.from({ length: 3000 }, () => random.bytes(32));
    const known = concat(...keys.slice(0, 1500));
    const leaves = { keys: known, words: known };
    const [batched, serial] = [loadTree(crypto, leaves), loadTree(crypto, leaves)];
    for (let round = 0; round < 2; round++) {
      const steps = Array.from({ length: 700 }, () =>
        [0, 1].map((): Write => [keys[random.below(keys.length)]!, random.bytes(32)]),
      );
      const { roots, undo } = apply(batched, steps);
      steps.forEach((writes, i) => {
        expect(rootAfter(roots, i)).to.equal(toHex(apply(serial, [writes]).roots));
      });
      expect(batched.size).to.equal(serial.size);
      batched.undo(undo);
      expect(rootAfter(apply(batched, steps).roots, 699)).to.equal(toHex(serial.root));
    }
    const naive = new NaiveState(crypto);
    const { keys: all, words } = exportLeaves(batched);
    for (let at = 0; at < all.length; at += 32) naive.set(all.subarray(at, at + 32), words.subarray(at, at + 32));
    expect(toHex(naive.root())).to.equal(toHex(batched.root));
  });

  it("rolls back what is not committed, and goes on as if it had not been", () => {
    fc.assert(
      fc.property(block, block, block, (first, dropped, second) => {
        const tree = new StateTree(crypto);
        const expected = new StateTree(crypto);
        apply(tree, first);
        apply(expected, first);
        dropped.forEach((writes, i) => {
          tree.beginStep(i);
          for (const each of writes) write(tree, each);
          tree.acceptStep();
        });
        tree.rollback();
        expect(toHex(tree.root)).to.equal(toHex(expected.root));
        expect(rootAfter(apply(tree, second).roots, second.length - 1)).to.equal(
          rootAfter(apply(expected, second).roots, second.length - 1),
        );
      }),
      property(150),
    );
  });

  it("loads in bulk what single writes build, and exports it in order", () => {
    fc.assert(
      fc.property(block, block, (first, second) => {
        const tree = new StateTree(crypto);
        apply(tree, first);
        const leaves = exportLeaves(tree);
        for (let i = 32; i < leaves.keys.length; i += 32) {
          expect(compare(leaves.keys.subarray(i - 32, i), leaves.keys.subarray(i, i + 32))).to.be.lessThan(0);
        }
        if (first.flat().some(([, written]) => equal(written, ZERO_HASH))) return;
        const loaded = loadTree(crypto, leaves);
        expect(toHex(loaded.root)).to.equal(toHex(tree.root));
        expect(toHex(apply(loaded, second).roots)).to.equal(toHex(apply(tree, second).roots));
      }),
      property(150),
    );
  });

  it("refuses to load a key twice, a word zero, or lengths that do not fit", () => {
    const keys = new Uint8Array(64).fill(7);
    const words = new Uint8Array(64).fill(1);
    expect(() => loadTree(crypto, { keys, words })).to.throw(RangeError, "twice");
    expect(() => loadTree(crypto, { keys: keys.slice(32), words: new Uint8Array(32) })).to.throw(RangeError, "zero");
    expect(() => loadTree(crypto, { keys, words: words.slice(1) })).to.throw(RangeError, "bytes");
  });

  it("proves presence and absence of every key, and nothing else", () => {
    fc.assert(
      fc.property(block, key, word, (steps, asked, otherWord) => {
        const tree = new StateTree(crypto);
        apply(tree, steps);
        const naive = new NaiveState(crypto);
        for (const [writtenKey, writtenWord] of steps.flat()) naive.set(writtenKey, writtenWord);
        const { root } = tree;
        const { end, leaf, siblings } = tree.path(asked);
        expect(end === 0).to.equal(naive.leaves.has(asked.join()));
        if (end === 0 && leaf !== null) {
          expect(verifyStateProof(crypto, root, asked, leaf.word, siblings)).to.equal(true);
          expect(verifyStateProof(crypto, root, asked, otherWord, siblings)).to.equal(equal(leaf.word, otherWord));
          expect(verifyAbsenceProof(crypto, root, asked, leaf, siblings)).to.equal(false);
          expect(verifyAbsenceProof(crypto, root, asked, null, siblings)).to.equal(false);
        } else {
          expect(verifyAbsenceProof(crypto, root, asked, leaf, siblings)).to.equal(true);
          expect(verifyStateProof(crypto, root, asked, otherWord, siblings)).to.equal(false);
        }
        if (siblings.length > 0) {
          expect(verifyAbsenceProof(crypto, root, asked, leaf, siblings.slice(1))).to.equal(false);
        }
      }),
      property(150),
    );
  });

  it("does not take another leaf for absence when its key leaves the path above it", () => {
    const tree = new StateTree(crypto);
    const low = new Uint8Array(32).fill(1);
    const high = new Uint8Array(32).fill(0x81);
    apply(tree, [
      [
        [low, low],
        [high, high],
      ],
    ]);
    const { siblings } = tree.path(low);
    expect(verifyAbsenceProof(crypto, tree.root, low, { key: high, word: high }, siblings)).to.equal(false);
  });
});
