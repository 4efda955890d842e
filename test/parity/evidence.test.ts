import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { createNativeCrypto } from "../../crypto/native.ts";
import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { type Evidence, encodeValidators, type SignedVote, type Signers } from "../../protocol/evidence.ts";
import {
  encodePunishment,
  encodeReport,
  offenceId,
  reportCommitment,
  reportOf,
} from "../../relayer/parent/evidence-codec.ts";
import { sampleEvidence } from "../../scripts/vectors/evidence.ts";
import type { Slashings } from "../../types/index.ts";
import { property } from "../support/property.ts";

const VECTORS = resolve(import.meta.dirname, "../../docs/formats.vectors.json");

interface Vectors {
  readonly evidence: {
    readonly reporter: string;
    readonly salt: string;
    readonly reports: readonly { offence: string; input: string; commitment: string; id: string | null }[];
  };
}

/** What the contract computes is in the errors with which it refuses what nobody committed to, or reported. */
describe("evidence: vectors, TypeScript and Solidity", () => {
  let crypto: Crypto;
  let slashings: Slashings;
  let refusalOf: (from: string, data: string) => Promise<unknown[]>;
  const { reporter, salt, reports } = (JSON.parse(readFileSync(VECTORS, "utf8")) as Vectors).evidence;

  before(async () => {
    crypto = await createNativeCrypto();
    const { ethers } = await network.create();
    // None of the others is asked before a commitment was found.
    slashings = await ethers.deployContract("Slashings", new Array(4).fill(reporter));
    refusalOf = async (from, data) => {
      const call = { from, to: await slashings.getAddress(), data };
      const error = await ethers.provider.call(call).then(
        () => null,
        (reason: { data?: string }) => slashings.interface.parseError(reason.data ?? "0x"),
      );
      return [error?.name, ...(error?.args ?? [])];
    };
  });

  for (const { offence, input, commitment, id } of reports) {
    it(`${offence}: its commitment and what it is known by`, async () => {
      const evidence = sampleEvidence(crypto)[offence] as Evidence;
      const report = reportOf(crypto, evidence);
      const bytes = Uint8Array.from(Buffer.from(salt.slice(2), "hex"));
      expect(encodeReport(report, bytes)).to.equal(input);
      expect(reportCommitment(reporter, report, bytes)).to.equal(commitment);
      expect(offenceId(evidence)).to.equal(id);
      expect(await refusalOf(reporter, input)).to.deep.equal(["CommitReveal_NotCommitted", commitment]);
      const punishment = encodePunishment(evidence, 0, 1);
      if (punishment === null) expect(id).to.equal(null);
      else expect(await refusalOf(reporter, punishment)).to.deep.equal(["Slashings_NotReported", id]);
    });
  }

  it("votes of all shapes", async () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const epoch = fc.maxSafeNat();
    const vote = fc.record({ sourceEpoch: epoch, sourceRoot: hash, targetEpoch: epoch, targetRoot: hash });
    const numbers = fc.uniqueArray(fc.nat({ max: 2 ** 32 - 1 }), { minLength: 1, maxLength: 40 });
    const signers: fc.Arbitrary<Signers> = fc.oneof(
      numbers.map((list) => ({ validators: list.sort((a, b) => a - b) })),
      fc.uint8Array({ maxLength: 70 }).map((absent) => ({ absent })),
    );
    const signature = crypto.bls.sign(new Uint8Array(32).fill(7), new Uint8Array(32), SIGNATURE_TAG);
    const signed = fc.record({ vote, signers, signature: fc.constant(signature) });
    await fc.assert(
      fc.asyncProperty(signed, signed, hash, async (a: SignedVote, b: SignedVote, random) => {
        const evidence: Evidence = { kind: "votes", a, b };
        const report = reportOf(crypto, evidence);
        const commitment = reportCommitment(reporter, report, random);
        const input = encodeReport(report, random);
        expect(await refusalOf(reporter, input)).to.deep.equal(["CommitReveal_NotCommitted", commitment]);
        const punishment = encodePunishment(evidence, 0, 1) as string;
        expect(await refusalOf(reporter, punishment)).to.deep.equal(["Slashings_NotReported", offenceId(evidence)]);
      }),
      property(40),
    );
  });

  it("lists only what is in order", () => {
    expect(toHex(encodeValidators([1, 2 ** 32 - 1]))).to.equal("0x00000001ffffffff");
    for (const list of [
      [2, 1],
      [1, 1],
    ]) {
      expect(() => encodeValidators(list)).to.throw(RangeError);
    }
  });
});
