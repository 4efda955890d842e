import { expect } from "chai";
import { network } from "hardhat";
import { createNativeCrypto } from "../../crypto/native.ts";
import { createPortableCrypto } from "../../crypto/portable.ts";
import { publicKeyIdentity, SIGNATURE_TAG } from "../../protocol/bls.ts";
import { concat, fromBigInt, toBigInt, toHex } from "../../protocol/bytes.ts";
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
  returned,
} from "../support/points.ts";
import { SeededRandom } from "../support/random.ts";

/** Number of the precompile, as the error reports it. */
const G1_MSM = 0x0c;

describe("BLS12-381 points: TypeScript and Solidity", () => {
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

  it("adds, multiplies and combines as off chain", async () => {
    const mock = await deploy();
    const keys = [keyPair(crypto, random), keyPair(crypto, random), keyPair(crypto, random)];
    const [a, b] = keys as [(typeof keys)[0], (typeof keys)[0]];
    const coefficients = keys.map(() => toBigInt(random.bytes(16)));
    const publicKeys = keys.map((key) => key.publicKey);

    const sum = crypto.bls.aggregatePublicKeys([a.publicKey, b.publicKey]);
    expect(returned(await mock.addG1(g1(a.point), g1(b.point)))).to.equal(toHex(crypto.bls.decompressG1(sum)));

    const product = crypto.bls.combinePublicKeys([a.publicKey], [coefficients[0] as bigint]);
    expect(returned(await mock.multiplyG1(g1(a.point), coefficients[0] as bigint))).to.equal(
      toHex(crypto.bls.decompressG1(product)),
    );

    const combined = crypto.bls.combinePublicKeys(publicKeys, coefficients);
    const points = keys.map((key) => g1(key.point));
    expect(returned(await mock.multiplyAdd(points, coefficients))).to.equal(toHex(crypto.bls.decompressG1(combined)));
    await expect(mock.multiplyAdd(points, coefficients.slice(1)))
      .to.be.revertedWithCustomError(mock, "Bls_ListLengths")
      .withArgs(3, 2);
    await expect(mock.multiplyAdd([], [])).to.be.revertedWithCustomError(mock, "Bls_ListLengths").withArgs(0, 0);

    const message = random.bytes(32);
    const signatures = [a, b].map((key) => crypto.bls.sign(key.secretKey, message, SIGNATURE_TAG));
    const [first, second] = signatures.map((signature) => g2(crypto.bls.decompressG2(signature)));
    const aggregate = crypto.bls.decompressG2(crypto.bls.aggregateSignatures(signatures));
    expect(returned(await mock.addG2(first as never, second as never))).to.equal(toHex(aggregate));

    const doubled = crypto.bls.decompressG2(crypto.bls.aggregateSignatures([signatures[0], signatures[0]] as never));
    expect(returned(await mock.multiplyG2(first as never, 2))).to.equal(toHex(doubled));
  });

  it("packs, unpacks, negates and identifies", async () => {
    const mock = await deploy();
    for (let i = 0; i < 5; i++) {
      const { publicKey, point } = keyPair(crypto, random);
      const other = crypto.bls.decompressG1(otherSign(publicKey));
      expect(returned(await mock.negate(g1(point)))).to.equal(toHex(other));
      expect(returned(await mock.negate(g1(other)))).to.equal(toHex(point));

      const packed = await mock.pack(g1(point));
      expect(returned(packed)).to.equal(toHex(concat(point.subarray(16, 64), point.subarray(80))));
      const { head, middle, tail } = packed;
      expect(returned(await mock.unpack({ head, middle, tail }))).to.equal(toHex(point));

      const identity = toHex(publicKeyIdentity(crypto, publicKey));
      expect(await mock.hashOfX(g1(point))).to.equal(identity);
      expect(await mock.hashOfX(g1(other))).to.equal(identity);
      expect(toHex(publicKeyIdentity(crypto, otherSign(publicKey)))).to.equal(identity);
    }
    expect(returned(await mock.negate(g1(INFINITY_G1)))).to.equal(toHex(INFINITY_G1));
  });

  it("has no packed form, negative or identity for coordinates that are not below p", async () => {
    const mock = await deploy();
    const p = toBigInt(nonCanonical(INFINITY_G1).subarray(0, 64));
    const x = keyPair(crypto, random).point.subarray(0, 64);
    // The smallest number that is not canonical, in x and in y, and one that overflows the high word alone.
    for (const bad of [
      concat(fromBigInt(p, 64), x),
      concat(x, fromBigInt(p, 64)),
      concat(x, fromBigInt(1n << 500n, 64)),
    ]) {
      for (const call of [mock.pack, mock.negate, mock.hashOfX]) {
        await expect(call.staticCall(g1(bad))).to.be.revertedWithCustomError(mock, "G1Points_NotCanonical");
      }
      await expect(mock.validate(g1(bad))).to.be.revertedWithCustomError(mock, "Bls_NotCanonical");
    }
    // Around the borrow between the two words of y.
    const low = p % 2n ** 256n;
    for (const y of [1n, low - 1n, low, low + 1n, p - 1n]) {
      const point = (value: bigint) => concat(x, fromBigInt(value, 64));
      expect(returned(await mock.negate(g1(point(y))))).to.equal(toHex(point(p - y)));
    }
  });

  it("sums packed keys in place, whatever the scratch memory held", async () => {
    const mock = await deploy();
    const keys = Array.from({ length: 5 }, () => keyPair(crypto, random));
    const packed = keys.map(({ point }) => concat(point.subarray(16, 64), point.subarray(80)));
    const expected = crypto.bls.decompressG1(crypto.bls.aggregatePublicKeys(keys.map((key) => key.publicKey)));
    expect(returned(await mock.addPacked(g1(INFINITY_G1), concat(...packed)))).to.equal(toHex(expected));
  });

  it("validates curve, subgroup and finiteness", async () => {
    const mock = await deploy();
    await mock.validate(g1(keyPair(crypto, random).point));
    await expect(mock.validate(g1(INFINITY_G1))).to.be.revertedWithCustomError(mock, "Bls_Infinity");
    for (const point of [OFF_CURVE_G1, OFF_SUBGROUP_G1]) {
      await expect(mock.validate(g1(point)))
        .to.be.revertedWithCustomError(mock, "Bls_PrecompileFailed")
        .withArgs(G1_MSM);
    }
  });

  it("the native and the portable library refuse the same points as the contracts", () => {
    const { point, secretKey } = keyPair(crypto, random);
    const signature = crypto.bls.decompressG2(crypto.bls.sign(secretKey, random.bytes(32), SIGNATURE_TAG));
    for (const { bls } of [crypto, createPortableCrypto()]) {
      for (const bad of [OFF_CURVE_G1, OFF_SUBGROUP_G1, INFINITY_G1, nonCanonical(point), point.subarray(1)]) {
        expect(() => bls.compressG1(bad))
          .to.throw()
          .with.property("name", "BlsError");
      }
      for (const bad of [OFF_CURVE_G2, OFF_SUBGROUP_G2, INFINITY_G2, nonCanonical(signature), signature.subarray(1)]) {
        expect(() => bls.compressG2(bad))
          .to.throw()
          .with.property("name", "BlsError");
      }
    }
  });
});
