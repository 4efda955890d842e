import { expect } from "chai";
import { network } from "hardhat";
import { createNativeCrypto } from "../../crypto/native.ts";
import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { keyPair } from "../support/bls-keys.ts";
import {
  g1,
  g2,
  INFINITY_G1,
  INFINITY_G2,
  nonCanonical,
  OFF_CURVE_G1,
  OFF_CURVE_G2,
  OFF_SUBGROUP_G1,
  OFF_SUBGROUP_G2,
  otherSign,
} from "../support/points.ts";
import { SeededRandom } from "../support/random.ts";

const TAG = new TextEncoder().encode(SIGNATURE_TAG);

/** Numbers of the precompiles, as the errors report them. */
const G1_MSM = 0x0c;
const G2_ADD = 0x0d;
const G2_MSM = 0x0e;
const PAIRING_CHECK = 0x0f;

describe("BLS signatures: TypeScript and Solidity", () => {
  let crypto: Crypto;
  let random: SeededRandom;

  before(async () => {
    crypto = await createNativeCrypto();
    random = new SeededRandom();
  });

  async function deploy() {
    const { ethers } = await network.create();
    return ethers.deployContract("BlsMock");
  }

  function signaturePoint(secretKey: Uint8Array, message: Uint8Array): Uint8Array {
    return crypto.bls.decompressG2(crypto.bls.sign(secretKey, message, SIGNATURE_TAG));
  }

  describe("verify", () => {
    it("takes single and aggregate signatures, and refuses another message, key or tag", async () => {
      const mock = await deploy();
      const message = random.bytes(32);
      const keys = Array.from({ length: 4 }, () => keyPair(crypto, random));
      const aggregateKey = crypto.bls.aggregatePublicKeys(keys.map((key) => key.publicKey));
      const aggregate = crypto.bls.aggregateSignatures(
        keys.map((key) => crypto.bls.sign(key.secretKey, message, SIGNATURE_TAG)),
      );
      const key = g1(crypto.bls.decompressG1(aggregateKey));
      const signature = g2(crypto.bls.decompressG2(aggregate));
      expect(await mock.verify(key, message, signature, TAG)).to.equal(true);
      expect(await mock.verify(key, random.bytes(32), signature, TAG)).to.equal(false);
      expect(await mock.verify(g1((keys[0] as (typeof keys)[0]).point), message, signature, TAG)).to.equal(false);
      expect(await mock.verify(key, message, signature, new TextEncoder().encode("another tag"))).to.equal(false);

      // One operator of all four keys signs once with their sum: the same signature.
      const sum = crypto.bls.sumSecretKeys(keys.map((pair) => pair.secretKey));
      expect(toHex(crypto.bls.sign(sum, message, SIGNATURE_TAG))).to.equal(toHex(aggregate));
    });

    it("refuses infinity as key and as signature, alone and together", async () => {
      const mock = await deploy();
      const message = random.bytes(32);
      const { secretKey, point } = keyPair(crypto, random);
      const signature = signaturePoint(secretKey, message);
      expect(await mock.verify(g1(INFINITY_G1), message, g2(signature), TAG)).to.equal(false);
      expect(await mock.verify(g1(point), message, g2(INFINITY_G2), TAG)).to.equal(false);
      expect(await mock.verify(g1(INFINITY_G1), message, g2(INFINITY_G2), TAG)).to.equal(false);
    });

    it("reverts for points off the curve or the subgroup and for non-canonical coordinates", async () => {
      const mock = await deploy();
      const message = random.bytes(32);
      const { secretKey, point } = keyPair(crypto, random);
      const signature = signaturePoint(secretKey, message);
      for (const bad of [OFF_CURVE_G1, OFF_SUBGROUP_G1, nonCanonical(point)]) {
        await expect(mock.verify(g1(bad), message, g2(signature), TAG))
          .to.be.revertedWithCustomError(mock, "Bls_PrecompileFailed")
          .withArgs(PAIRING_CHECK);
      }
      for (const bad of [OFF_CURVE_G2, OFF_SUBGROUP_G2, nonCanonical(signature)]) {
        await expect(mock.verify(g1(point), message, g2(bad), TAG))
          .to.be.revertedWithCustomError(mock, "Bls_PrecompileFailed")
          .withArgs(PAIRING_CHECK);
      }
    });
  });

  describe("verifyVoteAndReveal", () => {
    interface Check {
      voters: Uint8Array;
      voteDigest: Uint8Array;
      proposer: Uint8Array;
      revealDigest: Uint8Array;
      voteSignature: Uint8Array;
      reveal: Uint8Array;
    }

    function honest(): Check {
      const keys = Array.from({ length: 5 }, () => keyPair(crypto, random));
      const proposer = keys[0] as (typeof keys)[0];
      const [voteDigest, revealDigest] = [random.bytes(32), random.bytes(32)];
      const votes = keys.map((key) => crypto.bls.sign(key.secretKey, voteDigest, SIGNATURE_TAG));
      return {
        voters: crypto.bls.decompressG1(crypto.bls.aggregatePublicKeys(keys.map((key) => key.publicKey))),
        voteDigest,
        proposer: proposer.point,
        revealDigest,
        voteSignature: crypto.bls.decompressG2(crypto.bls.aggregateSignatures(votes)),
        reveal: signaturePoint(proposer.secretKey, revealDigest),
      };
    }

    async function run(mock: Awaited<ReturnType<typeof deploy>>, check: Check) {
      return mock.verifyVoteAndReveal(
        g1(check.voters),
        check.voteDigest,
        g1(check.proposer),
        check.revealDigest,
        g2(check.voteSignature),
        g2(check.reveal),
      );
    }

    it("takes an honest pair, at the price of a pairing of three", async () => {
      const mock = await deploy();
      const { accepted, gasUsed } = await run(mock, honest());
      expect(accepted).to.equal(true);
      console.log(`      verifyVoteAndReveal: ${gasUsed} gas`);
      expect(gasUsed).to.be.lessThan(300_000n);
    });

    it("refuses a difference shifted from one signature to the other", async () => {
      const mock = await deploy();
      const check = honest();
      const signature = (point: Uint8Array) => crypto.bls.compressG2(point);
      const difference = crypto.bls.sign(random.secretKey(), random.bytes(32), SIGNATURE_TAG);
      const plus = (point: Uint8Array) =>
        crypto.bls.decompressG2(crypto.bls.aggregateSignatures([signature(point), difference]));
      const minus = (point: Uint8Array) =>
        crypto.bls.decompressG2(crypto.bls.aggregateSignatures([signature(point), otherSign(difference)]));
      const mauled = { ...check, voteSignature: plus(check.voteSignature), reveal: minus(check.reveal) };

      // The plain sum of both, which a check without coefficients would look at, is unchanged.
      const sum = ({ voteSignature, reveal }: Check) =>
        toHex(crypto.bls.aggregateSignatures([signature(voteSignature), signature(reveal)]));
      expect(sum(mauled)).to.equal(sum(check));
      expect((await run(mock, mauled)).accepted).to.equal(false);
      expect((await run(mock, { ...check, voteSignature: plus(check.voteSignature) })).accepted).to.equal(false);
      expect((await run(mock, { ...check, reveal: minus(check.reveal) })).accepted).to.equal(false);
      expect(
        (await run(mock, { ...check, voteSignature: check.reveal, reveal: check.voteSignature })).accepted,
      ).to.equal(false);
    });

    it("refuses another digest, voter set or proposer", async () => {
      const mock = await deploy();
      const check = honest();
      for (const change of [
        { voteDigest: random.bytes(32) },
        { revealDigest: random.bytes(32) },
        { voteDigest: check.revealDigest, revealDigest: check.voteDigest },
        { voters: keyPair(crypto, random).point },
        { proposer: keyPair(crypto, random).point },
      ]) {
        expect((await run(mock, { ...check, ...change })).accepted).to.equal(false);
      }
    });

    it("refuses infinity in each place, even where the equation would hold", async () => {
      const mock = await deploy();
      const check = honest();
      for (const change of [
        { voters: INFINITY_G1 },
        { proposer: INFINITY_G1 },
        { voteSignature: INFINITY_G2 },
        { reveal: INFINITY_G2 },
        { voters: INFINITY_G1, voteSignature: INFINITY_G2 },
        { proposer: INFINITY_G1, reveal: INFINITY_G2 },
      ]) {
        expect((await run(mock, { ...check, ...change })).accepted).to.equal(false);
      }
    });

    it("reverts for bad points in each place", async () => {
      const mock = await deploy();
      const check = honest();
      const cases: [Partial<Check>, number][] = [
        [{ voters: OFF_CURVE_G1 }, PAIRING_CHECK],
        [{ voters: OFF_SUBGROUP_G1 }, PAIRING_CHECK],
        [{ voters: nonCanonical(check.voters) }, PAIRING_CHECK],
        [{ proposer: OFF_CURVE_G1 }, G1_MSM],
        [{ proposer: OFF_SUBGROUP_G1 }, G1_MSM],
        [{ proposer: nonCanonical(check.proposer) }, G1_MSM],
        [{ voteSignature: OFF_CURVE_G2 }, G2_ADD],
        // G2_ADD does not look at the subgroup, but the sum stays outside and the pairing sees it.
        [{ voteSignature: OFF_SUBGROUP_G2 }, PAIRING_CHECK],
        [{ voteSignature: nonCanonical(check.voteSignature) }, G2_ADD],
        [{ reveal: OFF_CURVE_G2 }, G2_MSM],
        [{ reveal: OFF_SUBGROUP_G2 }, G2_MSM],
        [{ reveal: nonCanonical(check.reveal) }, G2_MSM],
      ];
      for (const [change, precompile] of cases) {
        await expect(run(mock, { ...check, ...change }))
          .to.be.revertedWithCustomError(mock, "Bls_PrecompileFailed")
          .withArgs(precompile);
      }
    });
  });
});
