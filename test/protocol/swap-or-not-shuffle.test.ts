import { expect } from "chai";
import { createPortableCrypto } from "../../crypto/portable.ts";
import { committeeSlice, computeShuffledIndex, computeShuffledList } from "../../protocol/swap-or-not-shuffle.ts";

describe("swap-or-not shuffle", () => {
  const crypto = createPortableCrypto();
  const seed = new Uint8Array(32);

  it("shuffles nothing and a single element", () => {
    expect([...computeShuffledList(crypto, 0, seed, 10)]).to.deep.equal([]);
    expect([...computeShuffledList(crypto, 1, seed, 10)]).to.deep.equal([0]);
  });

  it("leaves the order alone without rounds", () => {
    expect([...computeShuffledList(crypto, 4, seed, 0)]).to.deep.equal([0, 1, 2, 3]);
    expect(computeShuffledIndex(crypto, 3, 4, seed, 0)).to.equal(3);
  });

  it("refuses indices, counts, rounds and seeds that are out of range", () => {
    for (const index of [-1, 4, 1.5, Number.NaN]) {
      expect(() => computeShuffledIndex(crypto, index, 4, seed, 10)).to.throw(RangeError);
    }
    for (const count of [-1, 1.5, 2 ** 40 + 1]) {
      expect(() => computeShuffledIndex(crypto, 0, count, seed, 10)).to.throw(RangeError);
      expect(() => computeShuffledList(crypto, count, seed, 10)).to.throw(RangeError);
    }
    expect(() => computeShuffledList(crypto, 2 ** 33, seed, 10)).to.throw(RangeError);
    for (const rounds of [-1, 257, 0.5]) {
      expect(() => computeShuffledIndex(crypto, 0, 4, seed, rounds)).to.throw(RangeError);
      expect(() => computeShuffledList(crypto, 4, seed, rounds)).to.throw(RangeError);
    }
    expect(() => computeShuffledIndex(crypto, 0, 4, seed.subarray(1), 10)).to.throw(RangeError);
  });

  it("knows no committee beyond the last", () => {
    for (const position of [-1, 4, 0.5]) expect(() => committeeSlice(position, 4, 32)).to.throw(RangeError);
    expect(() => committeeSlice(0, 0, 32)).to.throw(RangeError);
  });
});
