import { expect } from "chai";
import fc from "fast-check";
import { missingParts } from "../../../relayer/watcher/trace-parts.ts";
import { property } from "../../support/property.ts";

describe("missingParts", () => {
  it("shows everything that is missing, in aligned parts of 64 KiB, or of 8 steps", () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 8192 }), { minLength: 1, maxLength: 700 });
    fc.assert(
      fc.property(lengths, fc.nat(), fc.nat(2 ** 32 - 1), (all, n, mask) => {
        const chunk = n % Math.ceil(all.length / 256);
        const start = 256 * chunk;
        const end = Math.min(start + 256, all.length);
        const groups = Math.ceil((end - start) / 8);
        const missing = groups === 32 ? mask : mask % 2 ** groups;
        let left = BigInt(missing);
        for (const { first, count } of missingParts(all, chunk, missing)) {
          const size = Math.max(8, 2 ** Math.ceil(Math.log2(count)));
          expect(first % size).to.equal(0);
          expect(first >= start && first + count <= end).to.equal(true);
          expect(count === size || first + count === all.length, "whole, or up to the end").to.equal(true);
          const bytes = all.slice(first, first + count).reduce((sum, length) => sum + length, 0);
          expect(count <= 8 || bytes <= 64 * 1024).to.equal(true);
          for (let at = first - start; at < first - start + count; at += 8) left &= ~(1n << BigInt(at / 8));
        }
        expect(left).to.equal(0n);
      }),
      property(200),
    );
  });

  it("leaves out what is shown already", () => {
    const lengths = new Array<number>(64).fill(8192);
    expect(missingParts(lengths, 0, 0b1000_0001)).to.deep.equal([
      { first: 0, count: 8 },
      { first: 56, count: 8 },
    ]);
  });
});
