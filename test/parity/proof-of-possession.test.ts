import { expect } from "chai";
import { network } from "hardhat";
import { createNativeCrypto } from "../../crypto/native.ts";
import { createPortableCrypto } from "../../crypto/portable.ts";
import {
  possessionCoefficients,
  proveBatchPossession,
  provePossession,
  SIGNATURE_TAG,
  verifyBatchPossession,
  verifyPossession,
} from "../../protocol/bls.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { g1, g2, INFINITY_G1, INFINITY_G2, OFF_CURVE_G1, OFF_SUBGROUP_G1, otherSign } from "../support/points.ts";
import { SeededRandom } from "../support/random.ts";

const G1_MSM = 0x0c;

describe("proofs of possession: TypeScript and Solidity", () => {
  const portable = createPortableCrypto();
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

  function keys(count: number): { secretKeys: Uint8Array[]; publicKeys: Uint8Array[] } {
    const secretKeys = Array.from({ length: count }, () => random.secretKey());
    return { secretKeys, publicKeys: secretKeys.map((key) => crypto.bls.publicKey(key)) };
  }

  /** A list as the contract takes it. */
  function points(publicKeys: Uint8Array[]) {
    return publicKeys.map((key) => g1(crypto.bls.decompressG1(key)));
  }

  function proofPoint(proof: Uint8Array) {
    return g2(crypto.bls.decompressG2(proof));
  }

  it("single: takes the honest proof; refuses another digest, key, and a vote on the same digest", async () => {
    const mock = await deploy();
    const digest = random.bytes(32);
    const { secretKeys, publicKeys } = keys(2);
    const [secretKey, publicKey, other] = [secretKeys[0], publicKeys[0], publicKeys[1]] as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const proof = provePossession(crypto, secretKey, digest);
    const vote = crypto.bls.sign(secretKey, digest, SIGNATURE_TAG);
    const cases: [Uint8Array, Uint8Array, Uint8Array, boolean][] = [
      [digest, publicKey, proof, true],
      [random.bytes(32), publicKey, proof, false],
      [digest, other, proof, false],
      [digest, publicKey, vote, false],
    ];
    for (const [message, key, signature, expected] of cases) {
      for (const side of [crypto, portable]) {
        expect(verifyPossession(side, key, message, signature)).to.equal(expected);
      }
      const [point] = points([key]);
      expect(await mock.verifyPossession(message, point as never, proofPoint(signature))).to.equal(expected);
    }
  });

  it("batch: derives the same coefficients and takes the honest proof", async () => {
    const mock = await deploy();
    const digest = random.bytes(32);
    const { secretKeys, publicKeys } = keys(7);
    const proof = proveBatchPossession(crypto, secretKeys, digest);
    expect(await mock.coefficients(digest, points(publicKeys))).to.deep.equal(
      possessionCoefficients(crypto, publicKeys, digest),
    );
    for (const side of [crypto, portable]) {
      expect(verifyBatchPossession(side, publicKeys, digest, proof)).to.equal(true);
    }
    expect((await mock.verifyPossessionBatch(digest, points(publicKeys), proofPoint(proof))).accepted).to.equal(true);
  });

  it("batch: refuses every forged list, order, digest and proof", async () => {
    const mock = await deploy();
    const digest = random.bytes(32);
    const { secretKeys, publicKeys } = keys(4);
    const [a, b, c, d] = publicKeys as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const proof = proveBatchPossession(crypto, secretKeys, digest);
    const stranger = keys(1).publicKeys[0] as Uint8Array;
    // Without coefficients, this key would cancel the stranger's out of the sum of the list: the rogue key.
    const rogue = crypto.bls.aggregatePublicKeys([d, otherSign(stranger)]);
    const plainSum = provePossession(crypto, crypto.bls.sumSecretKeys(secretKeys), digest);
    const forgeries: [string, Uint8Array, Uint8Array[], Uint8Array][] = [
      ["another withdrawal digest", random.bytes(32), publicKeys, proof],
      ["a wrong key", digest, [a, b, c, stranger], proof],
      ["another order", digest, [b, a, c, d], proof],
      ["a key less", digest, [a, b, c], proof],
      ["a key more", digest, [...publicKeys, stranger], proof],
      ["a key twice", digest, [a, b, c, c], proof],
      ["a rogue key", digest, [a, b, c, stranger, rogue], plainSum],
      ["the plain sum", digest, publicKeys, plainSum],
      ["one key's proof", digest, publicKeys, provePossession(crypto, secretKeys[0] as Uint8Array, digest)],
    ];
    for (const [what, message, list, signature] of forgeries) {
      for (const side of [crypto, portable]) {
        expect(verifyBatchPossession(side, list, message, signature), `${side.name}: ${what}`).to.equal(false);
      }
      const result = await mock.verifyPossessionBatch(message, points(list), proofPoint(signature));
      expect(result.accepted, `contract: ${what}`).to.equal(false);
    }
  });

  it("batch: refuses no keys, infinity among them or as the proof; reverts for bad points", async () => {
    const mock = await deploy();
    const digest = random.bytes(32);
    const { secretKeys, publicKeys } = keys(2);
    const proof = proveBatchPossession(crypto, secretKeys, digest);
    const good = points(publicKeys);
    expect((await mock.verifyPossessionBatch(digest, [], proofPoint(proof))).accepted).to.equal(false);
    // With the coefficients of the longer list the equation holds: infinity adds nothing to the sum.
    const padded = [...good, g1(INFINITY_G1)];
    const coefficients = (await mock.coefficients(digest, padded)).slice(0, 2);
    const paddedProof = provePossession(crypto, crypto.bls.combineSecretKeys(secretKeys, coefficients), digest);
    expect((await mock.verifyPossessionBatch(digest, padded, proofPoint(paddedProof))).accepted).to.equal(false);
    expect((await mock.verifyPossessionBatch(digest, good, g2(INFINITY_G2))).accepted).to.equal(false);
    for (const bad of [OFF_CURVE_G1, OFF_SUBGROUP_G1]) {
      await expect(mock.verifyPossessionBatch(digest, [...good, g1(bad)], proofPoint(proof)))
        .to.be.revertedWithCustomError(mock, "Bls_PrecompileFailed")
        .withArgs(G1_MSM);
    }
    const infinity = new Uint8Array(48);
    infinity[0] = 0xc0;
    for (const side of [crypto, portable]) {
      expect(verifyBatchPossession(side, [], digest, proof)).to.equal(false);
      expect(verifyBatchPossession(side, [...publicKeys, infinity], digest, proof)).to.equal(false);
      expect(verifyBatchPossession(side, [...publicKeys, new Uint8Array(48)], digest, proof)).to.equal(false);
    }
  });

  it("prints what a batch costs", async () => {
    const mock = await deploy();
    const digest = random.bytes(32);
    for (const count of [1, 16, 64]) {
      const { secretKeys, publicKeys } = keys(count);
      const proof = proofPoint(proveBatchPossession(crypto, secretKeys, digest));
      const { accepted, gasUsed } = await mock.verifyPossessionBatch(digest, points(publicKeys), proof);
      expect(accepted).to.equal(true);
      console.log(`      verifyBatch of ${count} keys: ${gasUsed} gas, ${gasUsed / BigInt(count)} per key`);
    }
  });
});
