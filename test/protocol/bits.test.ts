import { expect } from "chai";
import fc from "fast-check";
import { bitsFrom, hasBit, readBits, setBits, withoutBits, writeBits } from "../../protocol/bits.ts";
import { ByteReader, ByteWriter, DecodeError } from "../../protocol/bytes.ts";
import { property } from "../support/property.ts";

describe("bit fields", () => {
  it("count from the least significant bit of the first byte", () => {
    expect(bitsFrom([0], 8)).to.deep.equal(Uint8Array.of(1));
    expect(bitsFrom([7, 8], 9)).to.deep.equal(Uint8Array.of(0x80, 0x01));
    expect(bitsFrom([], 0)).to.have.length(0);
    expect(bitsFrom([], 17)).to.have.length(3);
  });

  it("give back the indices they were made from", () => {
    const field = fc
      .integer({ min: 1, max: 100 })
      .chain((count) => fc.tuple(fc.constant(count), fc.uniqueArray(fc.nat({ max: count - 1 }))));
    fc.assert(
      fc.property(field, ([count, indices]) => {
        const bits = bitsFrom(indices, count);
        expect(setBits(bits)).to.deep.equal([...indices].sort((a, b) => a - b));
        for (let i = 0; i < count; i++) expect(hasBit(bits, i)).to.equal(indices.includes(i));
        const encoded = writeBits(new ByteWriter(), { count, bits }).finish();
        expect(readBits(new ByteReader(encoded))).to.deep.equal({ count, bits });
      }),
      property(100),
    );
  });

  it("are taken out of others", () => {
    const bits = bitsFrom([0, 3, 9], 10);
    expect(withoutBits(bits, bitsFrom([3, 4], 10))).to.deep.equal(bitsFrom([0, 9], 10));
    expect(withoutBits(bits, bitsFrom([], 10))).to.deep.equal(bits);
    // What is empty is left out.
    expect(withoutBits(bits, bitsFrom([0, 3, 9], 10))).to.deep.equal(new Uint8Array());
    expect(() => withoutBits(bits, bitsFrom([0], 8))).to.throw(RangeError);
  });

  it("do not hold bits past their number", () => {
    expect(() => bitsFrom([8], 8)).to.throw(RangeError);
    expect(() => bitsFrom([-1], 8)).to.throw(RangeError);
    expect(() => writeBits(new ByteWriter(), { count: 9, bits: new Uint8Array(1) })).to.throw(RangeError);
    expect(hasBit(Uint8Array.of(255), 8)).to.equal(false);
  });

  it("are refused with a padding bit, or too short", () => {
    const read =
      (...bytes: number[]) =>
      () =>
        readBits(new ByteReader(Uint8Array.from(bytes)));
    expect(read(0, 9, 0xff, 0x01)).to.not.throw();
    expect(read(0, 9, 0xff, 0x02)).to.throw(DecodeError);
    expect(read(0, 9, 0xff, 0x81)).to.throw(DecodeError);
    expect(read(0, 9, 0xff)).to.throw(DecodeError);
    expect(read(0)).to.throw(DecodeError);
  });
});
