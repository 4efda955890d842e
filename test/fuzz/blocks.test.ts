import { expect } from "chai";
import fc from "fast-check";
import { decodeBlock, encodeBlock } from "../../ledger/block.ts";
import { decodeWitness } from "../../ledger/block-witness.ts";
import { LedgerError } from "../../ledger/errors.ts";
import { verifyBlock } from "../../ledger/verify-block.ts";
import { concat, toHex } from "../../protocol/bytes.ts";
import { MAX_STEPS } from "../../protocol/presets.ts";
import { exampleBlocks } from "../ledger/example-blocks.ts";
import { crypto, sign } from "../ledger/shard-fixture.ts";
import { mutated } from "../support/mutation.ts";
import { property } from "../support/property.ts";
import { decoded, RUNS } from "./decoded.ts";

const EXAMPLES = exampleBlocks();
const SAMPLES = EXAMPLES.map(({ block }) => encodeBlock(block));

describe("Fuzzed blocks", () => {
  it("decode to what encodes to the same bytes, or not at all", () => {
    const cases = fc.property(mutated(SAMPLES), (bytes) => {
      const block = decoded(() => decodeBlock(bytes), LedgerError);
      if (block !== null) expect(toHex(encodeBlock(block))).to.equal(toHex(bytes));
    });
    fc.assert(cases, property(RUNS));
  });

  it("have witnesses that decode, or not, and nothing else", () => {
    const witnesses = EXAMPLES.map(({ block }) => block.witness);
    const cases = fc.property(mutated(witnesses), (bytes) => {
      decoded(() => decodeWitness(crypto, bytes, MAX_STEPS));
    });
    fc.assert(cases, property(RUNS));
  });

  it("are refused whatever else stands in their witness", function () {
    this.timeout(60_000);
    const cases = fc.property(
      fc
        .constantFrom(...EXAMPLES)
        .chain((example) => mutated([example.block.witness]).map((witness) => ({ ...example, witness }))),
      ({ shard, previous, built, witness }) => {
        const place = shard.place(previous);
        const verdict = verifyBlock(shard.environment, place, encodeBlock({ ...sign(built), witness }));
        expect(verdict.ok).to.equal(false);
      },
    );
    fc.assert(cases, property(RUNS));
  });

  it("are refused whatever else stands in them", function () {
    this.timeout(60_000);
    const cases = fc.property(
      fc
        .constantFrom(...EXAMPLES)
        .chain((example) => mutated([encodeBlock(example.block)]).map((bytes) => ({ ...example, bytes }))),
      ({ shard, previous, bytes }) => {
        expect(verifyBlock(shard.environment, shard.place(previous), bytes).ok).to.equal(false);
      },
    );
    fc.assert(cases, property(RUNS));
  });

  it("of the longest kind are refused at once", () => {
    const [sample] = SAMPLES as [Uint8Array];
    const long = concat(sample, new Uint8Array(16 * 1024 * 1024));
    expect(() => decodeBlock(long)).to.throw(LedgerError, "BlockTooLong");
  });
});
