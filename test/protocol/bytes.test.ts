import { expect } from "chai";
import fc from "fast-check";
import {
  ByteReader,
  ByteWriter,
  compare,
  concat,
  DecodeError,
  equal,
  fromBigInt,
  fromHex,
  toBigInt,
  toHex,
  word,
} from "../../protocol/bytes.ts";
import { property } from "../support/property.ts";

describe("byte strings", () => {
  it("are concatenated and compared", () => {
    expect(concat(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3))).to.deep.equal(Uint8Array.of(1, 2, 3));
    expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).to.equal(true);
    expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).to.equal(false);
    expect(equal(Uint8Array.of(1), Uint8Array.of(1, 0))).to.equal(false);
    expect(compare(Uint8Array.of(1, 255), Uint8Array.of(2, 0))).to.be.lessThan(0);
    expect(compare(Uint8Array.of(2, 0), Uint8Array.of(1, 255))).to.be.greaterThan(0);
    expect(compare(Uint8Array.of(7, 7), Uint8Array.of(7, 7))).to.equal(0);
  });

  it("go to hexadecimal and back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(fromHex(toHex(bytes))).to.deep.equal(bytes);
      }),
      property(100),
    );
    expect(toHex(Uint8Array.of(0, 0xab))).to.equal("0x00ab");
    expect(fromHex("0xAb")).to.deep.equal(Uint8Array.of(0xab));
  });

  for (const hex of ["", "ab", "0x1", "0xzz", "0X00", " 0x00", "0x00 "]) {
    it(`are not read from ${JSON.stringify(hex)}`, () => {
      expect(() => fromHex(hex)).to.throw(DecodeError);
    });
  }

  it("are integers, big endian", () => {
    expect(toBigInt(new Uint8Array(0))).to.equal(0n);
    expect(toBigInt(Uint8Array.of(1, 0))).to.equal(256n);
    expect(fromBigInt(256n, 3)).to.deep.equal(Uint8Array.of(0, 1, 0));
    expect(word(1)[31]).to.equal(1);
    expect(() => fromBigInt(256n, 1)).to.throw(RangeError);
    expect(() => fromBigInt(-1n, 1)).to.throw(RangeError);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => {
        expect(toBigInt(fromBigInt(value, 32))).to.equal(value);
      }),
      property(100),
    );
  });
});

describe("ByteWriter and ByteReader", () => {
  it("write and read every width at its bounds", () => {
    const bytes = new ByteWriter()
      .u8(255)
      .u16(65_535)
      .u32(2 ** 32 - 1)
      .u64(Number.MAX_SAFE_INTEGER)
      .u128(2n ** 128n - 1n)
      .fixed(Uint8Array.of(1, 2), 2)
      .bytes(Uint8Array.of(3))
      .finish();
    const reader = new ByteReader(bytes);
    expect(reader.u8()).to.equal(255);
    expect(reader.u16()).to.equal(65_535);
    expect(reader.u32()).to.equal(2 ** 32 - 1);
    expect(reader.u64()).to.equal(Number.MAX_SAFE_INTEGER);
    expect(reader.u128()).to.equal(2n ** 128n - 1n);
    expect(reader.bytes(2)).to.deep.equal(Uint8Array.of(1, 2));
    expect(reader.rest()).to.deep.equal(Uint8Array.of(3));
    expect(() => reader.end()).to.not.throw();
  });

  it("write big endian", () => {
    expect(
      toHex(
        new ByteWriter()
          .u16(1)
          .u32(2)
          .u64(2 ** 40)
          .finish(),
      ),
    ).to.equal("0x0001000000020000010000000000");
  });

  it("grow at whatever write, keeping what was written", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 600 }), fc.nat({ max: 2 ** 32 - 1 }))), (parts) => {
        const writer = new ByteWriter();
        const expected = parts.map((part) => {
          if (typeof part === "number") {
            writer.u32(part);
            return fromBigInt(BigInt(part), 4);
          }
          writer.bytes(part);
          return part;
        });
        expect(equal(writer.finish(), concat(...expected))).to.equal(true);
      }),
      property(100),
    );
  });

  it("refuse to write what does not fit", () => {
    const writer = new ByteWriter();
    expect(() => writer.u8(256)).to.throw(RangeError);
    expect(() => writer.u32(-1)).to.throw(RangeError);
    expect(() => writer.u32(1.5)).to.throw(RangeError);
    expect(() => writer.u64(2 ** 53)).to.throw(RangeError);
    expect(() => writer.u128(2n ** 128n)).to.throw(RangeError);
    expect(() => writer.fixed(new Uint8Array(31), 32)).to.throw(RangeError);
    expect(writer.finish()).to.have.length(0);
  });

  it("refuse to read past the end, or to leave bytes", () => {
    expect(() => new ByteReader(new Uint8Array(3)).u32()).to.throw(DecodeError);
    expect(() => new ByteReader(new Uint8Array(3)).bytes(4)).to.throw(DecodeError);
    expect(() => new ByteReader(new Uint8Array(1)).end()).to.throw(DecodeError);
  });

  it("refuse integers above 2^53 - 1, which a number would round", () => {
    expect(() => new ByteReader(fromBigInt(2n ** 53n, 8)).u64()).to.throw(DecodeError);
    expect(() => new ByteReader(new Uint8Array(8).fill(255)).u64()).to.throw(DecodeError);
  });
});
