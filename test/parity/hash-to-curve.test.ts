import { expand_message_xmd } from "@noble/curves/abstract/hash-to-curve.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { expect } from "chai";
import { network } from "hardhat";
import { createPortableCrypto } from "../../crypto/portable.ts";
import { POSSESSION_TAG, SIGNATURE_TAG } from "../../protocol/bls.ts";
import { concat, fromBigInt, fromHex, toHex } from "../../protocol/bytes.ts";
import { returned } from "../support/points.ts";
import { SeededRandom } from "../support/random.ts";
import { readVector } from "../support/vectors.ts";

interface ExpandVectors {
  DST: string;
  tests: { len_in_bytes: string; msg: string; DST_prime: string; uniform_bytes: string }[];
}

interface CurveVectors {
  dst: string;
  vectors: { P: { x: string; y: string }; msg: string }[];
}

const text = (value: string) => new TextEncoder().encode(value);

describe("hash to G2: RFC 9380, TypeScript and Solidity", () => {
  const crypto = createPortableCrypto();

  async function deploy() {
    const { ethers } = await network.create();
    return ethers.deployContract("HashToCurveMock");
  }

  it("expand_message_xmd gives the vectors of the RFC", async function () {
    const vectors = JSON.parse(readVector(this, "rfc9380/expand_message_xmd_SHA256_38.json")) as ExpandVectors;
    const mock = await deploy();
    expect(vectors.tests).to.not.be.empty;
    for (const { msg, len_in_bytes, uniform_bytes } of vectors.tests) {
      const uniform = await mock.expandMessageXmd(text(msg), text(vectors.DST), Number(len_in_bytes));
      expect(uniform).to.equal(`0x${uniform_bytes}`);
    }
  });

  it("expand_message_xmd refuses the 256-byte tag of the RFC, and takes what the RFC hashes it down to", async function () {
    const vectors = JSON.parse(readVector(this, "rfc9380/expand_message_xmd_SHA256_256.json")) as ExpandVectors;
    const mock = await deploy();
    expect(vectors.tests).to.not.be.empty;
    await expect(mock.expandMessageXmd("0x", text(vectors.DST), 32))
      .to.be.revertedWithCustomError(mock, "HashToCurve_TagLength")
      .withArgs(256);
    for (const { msg, len_in_bytes, uniform_bytes, DST_prime } of vectors.tests) {
      // DST_prime is the tag with its length appended.
      const tag = `0x${DST_prime.slice(0, -2)}`;
      expect(await mock.expandMessageXmd(text(msg), tag, Number(len_in_bytes))).to.equal(`0x${uniform_bytes}`);
    }
  });

  it("expand_message_xmd cuts lengths that are no multiple of 32, and refuses an empty tag and too long an output", async () => {
    const mock = await deploy();
    for (const length of [1, 31, 33, 8160]) {
      const expected = toHex(expand_message_xmd(text("message"), "tag", length, sha256));
      expect(await mock.expandMessageXmd(text("message"), text("tag"), length)).to.equal(expected);
    }
    expect(await mock.expandMessageXmd("0x", text("tag"), 0)).to.equal("0x");
    await expect(mock.expandMessageXmd("0x", "0x", 32))
      .to.be.revertedWithCustomError(mock, "HashToCurve_TagLength")
      .withArgs(0);
    await expect(mock.expandMessageXmd("0x", text("tag"), 8161))
      .to.be.revertedWithCustomError(mock, "HashToCurve_OutputLength")
      .withArgs(8161);
  });

  it("hash_to_curve gives the vectors of the RFC", async function () {
    const file = "rfc9380/BLS12381G2_XMD:SHA-256_SSWU_RO_.json";
    const { dst, vectors } = JSON.parse(readVector(this, file)) as CurveVectors;
    const mock = await deploy();
    expect(vectors).to.not.be.empty;
    for (const { P, msg } of vectors) {
      const elements = [...P.x.split(","), ...P.y.split(",")].map((value) => fromBigInt(BigInt(value), 64));
      const expected = toHex(concat(...elements));
      expect(toHex(crypto.bls.hashToG2(text(msg), dst))).to.equal(expected);
      expect(returned((await mock.hashToG2(text(msg), text(dst))).point)).to.equal(expected);
    }
  });

  it("hash_to_curve agrees on random messages under several tags", async () => {
    const random = new SeededRandom();
    const mock = await deploy();
    const tags = [SIGNATURE_TAG, POSSESSION_TAG, "t", "x".repeat(255)];
    for (const tag of tags) {
      for (const length of [0, 1, 32, 33, 200]) {
        const message = random.bytes(length);
        const { point } = await mock.hashToG2(message, text(tag));
        expect(returned(point)).to.equal(toHex(crypto.bls.hashToG2(message, tag)));
      }
    }
  });

  it("costs what two map-to-curve operations cost, and little more", async () => {
    const mock = await deploy();
    const { gasUsed } = await mock.hashToG2(fromHex(`0x${"5a".repeat(32)}`), text(SIGNATURE_TAG));
    console.log(`      hashToG2 of a 32-byte digest: ${gasUsed} gas`);
    expect(gasUsed).to.be.lessThan(56_000n);
  });
});
