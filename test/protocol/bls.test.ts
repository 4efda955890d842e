import { expect } from "chai";
import { createPortableCrypto } from "../../crypto/portable.ts";
import {
  possessionCoefficients,
  proveBatchPossession,
  publicKeysHash,
  verifyBatchPossession,
} from "../../protocol/bls.ts";
import { concat, toHex, word } from "../../protocol/bytes.ts";
import { BlsError, type Crypto } from "../../protocol/crypto.ts";

describe("proofs of possession", () => {
  const crypto = createPortableCrypto();
  const digest = word(99);
  const secretKeys = [word(5), word(6)];
  const publicKeys = secretKeys.map((key) => crypto.bls.publicKey(key));

  it("hash keys in their uncompressed form, in order", () => {
    const points = publicKeys.map((key) => crypto.bls.decompressG1(key));
    expect(toHex(publicKeysHash(crypto, publicKeys))).to.equal(toHex(crypto.keccak256(concat(...points))));
    expect(toHex(publicKeysHash(crypto, publicKeys.toReversed()))).to.not.equal(
      toHex(publicKeysHash(crypto, publicKeys)),
    );
  });

  it("never have a zero coefficient", () => {
    const zeroHash: Crypto = { ...crypto, keccak256: () => new Uint8Array(32) };
    expect(possessionCoefficients(zeroHash, publicKeys, digest)).to.deep.equal([1n, 1n]);
  });

  it("take 128 bits of the hash", () => {
    const counting: Crypto = { ...crypto, keccak256: () => Uint8Array.from({ length: 32 }, (_, i) => i) };
    expect(possessionCoefficients(counting, publicKeys.slice(0, 1), digest)).to.deep.equal([
      0x000102030405060708090a0b0c0d0e0fn,
    ]);
  });

  it("are not made for an empty list", () => {
    expect(() => proveBatchPossession(crypto, [], digest)).to.throw(BlsError);
  });

  it("pass on failures that are not about the bytes", () => {
    const broken: Crypto = {
      ...crypto,
      keccak256: () => {
        throw new RangeError("out of memory");
      },
    };
    expect(() => verifyBatchPossession(broken, publicKeys, digest, new Uint8Array(96))).to.throw(RangeError);
  });
});
