import { hash as nodeHash } from "node:crypto";
import { expect } from "chai";
import { keccak256, recoverAddress, SigningKey } from "ethers";
import { createNativeCrypto } from "../../crypto/native.ts";
import { createPortableCrypto } from "../../crypto/portable.ts";
import { POSSESSION_TAG, SIGNATURE_TAG } from "../../protocol/bls.ts";
import { concat, fromBigInt, toBigInt, toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { otherSign } from "../support/points.ts";
import { SeededRandom } from "../support/random.ts";

/** Group order of secp256k1 (SEC 2, section 2.4.1) and of BLS12-381. */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

const word = (value: bigint) => fromBigInt(value, 32);

/** Infinity in the compressed form. */
const infinityKey = Uint8Array.from({ length: 48 }, (_, i) => (i === 0 ? 0xc0 : 0));
const infinitySignature = Uint8Array.from({ length: 96 }, (_, i) => (i === 0 ? 0xc0 : 0));

describe("crypto: native, portable and independent implementations", () => {
  let both: Crypto[];
  let random: SeededRandom;

  before(async () => {
    both = [await createNativeCrypto(), createPortableCrypto()];
    random = new SeededRandom();
  });

  it("hashes every length alike, and a hasher that is used again forgets", () => {
    for (const length of [0, 1, 37, 63, 64, 65, 135, 136, 137, 255, 256, 257, 5000]) {
      const data = random.bytes(length);
      for (const crypto of both) {
        const first = crypto.sha256(data);
        const second = crypto.keccak256(data);
        crypto.sha256(random.bytes(65));
        crypto.keccak256(random.bytes(65));
        expect(toHex(first)).to.equal(`0x${nodeHash("sha256", data)}`);
        expect(toHex(second)).to.equal(keccak256(data));
        expect(toHex(crypto.sha256(data))).to.equal(toHex(first));
        expect(toHex(crypto.keccak256(data))).to.equal(toHex(second));
      }
    }
  });

  it("hashes pairs of nodes, also in place, and refuses lengths that do not fit", () => {
    for (const pairs of [0, 1, 2, 3, 16, 65]) {
      const nodes = random.bytes(64 * pairs);
      const expected = Array.from({ length: pairs }, (_, i) =>
        nodeHash("sha256", nodes.subarray(64 * i, 64 * i + 64), "buffer"),
      );
      for (const crypto of both) {
        const out = new Uint8Array(32 * pairs);
        crypto.sha256Pairs(nodes, out);
        expect(toHex(out)).to.equal(toHex(concat(...expected)));
        const inPlace = Uint8Array.from(nodes);
        crypto.sha256Pairs(inPlace, inPlace.subarray(0, 32 * pairs));
        expect(toHex(inPlace.subarray(0, 32 * pairs))).to.equal(toHex(out));
      }
    }
    for (const crypto of both) {
      expect(() => crypto.sha256Pairs(new Uint8Array(65), new Uint8Array(32))).to.throw(RangeError);
      expect(() => crypto.sha256Pairs(new Uint8Array(64), new Uint8Array(64))).to.throw(RangeError);
    }
  });

  it("signs deterministically and recovers the signer, as ethers does", () => {
    for (let i = 0; i < 10; i++) {
      const [secretKey, digest] = [random.secretKey(), random.bytes(32)];
      const expected = new SigningKey(secretKey).sign(digest);
      const address = recoverAddress(digest, expected).toLowerCase();
      for (const crypto of both) {
        const { r, s, yParity } = crypto.signDigest(digest, secretKey);
        expect([toHex(r), toHex(s), yParity]).to.deep.equal([expected.r, expected.s, expected.yParity]);
        expect(toHex(crypto.recoverAddress(digest, r, s, yParity) as Uint8Array)).to.equal(address);
      }
    }
  });

  it("recovers nobody from a signature that is out of range, high, or on no point", () => {
    const [secretKey, digest] = [random.secretKey(), random.bytes(32)];
    for (const crypto of both) {
      const { r, s, yParity } = crypto.signDigest(digest, secretKey);
      const recover = crypto.recoverAddress;
      expect(recover(digest, r, s, yParity)).to.not.equal(null);
      const high = word(N - toBigInt(s));
      expect(recover(digest, r, high, 1 - yParity), "high s").to.equal(null);
      expect(recover(digest, r, word(N / 2n + 1n), yParity), "s just above the half").to.equal(null);
      expect(recover(digest, r, word(N / 2n), yParity), "s exactly half").to.not.equal(null);
      for (const bad of [0n, N, N + 1n, 2n ** 256n - 1n]) {
        expect(recover(digest, word(bad), s, yParity), `r = ${bad}`).to.equal(null);
        expect(recover(digest, r, word(bad), yParity), `s = ${bad}`).to.equal(null);
      }
      // 5^3 + 7 = 132 is no square modulo the field prime.
      expect(recover(digest, word(5n), s, 0)).to.equal(null);
      for (const parity of [2, 3, -1, 0.5, Number.NaN, 27]) expect(recover(digest, r, s, parity)).to.equal(null);
      expect(recover(digest, r.subarray(1), s, yParity)).to.equal(null);
      expect(recover(digest, r, s.subarray(1), yParity)).to.equal(null);
      expect(recover(digest.subarray(1), r, s, yParity)).to.equal(null);
    }
  });

  it("gives the same BLS keys, signatures, sums and encodings, under both tags", () => {
    const secretKeys = Array.from({ length: 3 }, () => random.secretKey());
    const coefficients = secretKeys.map(() => toBigInt(random.bytes(16)));
    const message = random.bytes(50);
    const [native, portable] = both.map(({ bls }) => {
      const publicKeys = secretKeys.map((key) => bls.publicKey(key));
      const signatures = secretKeys.map((key) => bls.sign(key, message, SIGNATURE_TAG));
      const [publicKey, signature] = [publicKeys[0] as Uint8Array, signatures[0] as Uint8Array];
      expect(toHex(bls.compressG1(bls.decompressG1(publicKey)))).to.equal(toHex(publicKey));
      expect(toHex(bls.compressG2(bls.decompressG2(signature)))).to.equal(toHex(signature));
      return [
        ...publicKeys,
        ...signatures,
        ...secretKeys.map((key) => bls.sign(key, message, POSSESSION_TAG)),
        bls.aggregatePublicKeys(publicKeys),
        bls.aggregateSignatures(signatures),
        bls.combinePublicKeys(publicKeys, coefficients),
        bls.publicKey(bls.combineSecretKeys(secretKeys, coefficients)),
        bls.publicKey(bls.sumSecretKeys(secretKeys)),
        bls.decompressG1(publicKey),
        bls.decompressG2(signature),
      ].map(toHex);
    });
    expect(native).to.deep.equal(portable);
  });

  it("verifies alike, and answers false to whatever is malformed", () => {
    const secretKeys = Array.from({ length: 3 }, () => random.secretKey());
    const message = random.bytes(32);
    for (const { bls, name } of both) {
      for (const tag of [SIGNATURE_TAG, POSSESSION_TAG]) {
        const keys = secretKeys.map((key) => bls.publicKey(key));
        const key = keys[0] as Uint8Array;
        const signatures = secretKeys.map((secretKey) => bls.sign(secretKey, message, tag));
        const signature = signatures[0] as Uint8Array;
        const aggregate = bls.aggregateSignatures(signatures);
        expect(bls.verify(key, message, signature, tag), `${name} ${tag}`).to.equal(true);
        expect(bls.fastAggregateVerify(keys, message, aggregate, tag), `${name} ${tag}`).to.equal(true);
        expect(bls.fastAggregateVerify(keys.slice(1), message, aggregate, tag)).to.equal(false);
        expect(bls.fastAggregateVerify([], message, aggregate, tag)).to.equal(false);
        expect(bls.fastAggregateVerify([], message, infinitySignature, tag)).to.equal(false);
        // A key and its negative: the aggregate is infinity, whose signature would be infinity.
        expect(bls.fastAggregateVerify([key, otherSign(key)], message, infinitySignature, tag)).to.equal(false);
        expect(bls.fastAggregateVerify([key, otherSign(key)], message, signature, tag)).to.equal(false);
        for (const badKey of [infinityKey, new Uint8Array(48), key.subarray(1), random.bytes(48), new Uint8Array(0)]) {
          expect(bls.verify(badKey, message, signature, tag)).to.equal(false);
          expect(bls.verify(badKey, message, infinitySignature, tag)).to.equal(false);
          expect(bls.fastAggregateVerify([...keys, badKey], message, aggregate, tag)).to.equal(false);
        }
        for (const bad of [infinitySignature, new Uint8Array(96), signature.subarray(1), random.bytes(96)]) {
          expect(bls.verify(key, message, bad, tag)).to.equal(false);
          expect(bls.fastAggregateVerify(keys, message, bad, tag)).to.equal(false);
        }
        expect(bls.verify(key, random.bytes(32), signature, tag)).to.equal(false);
      }
    }
  });

  it("throws BlsError for malformed input and for sums that vanish", () => {
    for (const { bls, name } of both) {
      const secretKey = random.secretKey();
      const negativeSecret = word(R - toBigInt(secretKey));
      const key = bls.publicKey(secretKey);
      const signature = bls.sign(secretKey, new Uint8Array(32), SIGNATURE_TAG);
      const failing: [string, () => unknown][] = [
        ["zero secret", () => bls.publicKey(new Uint8Array(32))],
        ["secret = r", () => bls.publicKey(word(R))],
        ["short secret", () => bls.sign(secretKey.subarray(1), new Uint8Array(32), SIGNATURE_TAG)],
        ["secret = r, other tag", () => bls.sign(word(R), new Uint8Array(32), POSSESSION_TAG)],
        ["no keys", () => bls.aggregatePublicKeys([])],
        ["no signatures", () => bls.aggregateSignatures([])],
        ["key and its negative", () => bls.aggregatePublicKeys([key, otherSign(key)])],
        ["signature and its negative", () => bls.aggregateSignatures([signature, otherSign(signature)])],
        ["secret and its negative", () => bls.sumSecretKeys([secretKey, negativeSecret])],
        ["no secrets", () => bls.sumSecretKeys([])],
        ["no keys to combine", () => bls.combinePublicKeys([], [])],
        ["a coefficient less", () => bls.combinePublicKeys([key], [])],
        ["a coefficient more", () => bls.combineSecretKeys([secretKey], [1n, 1n])],
        ["zero coefficient", () => bls.combinePublicKeys([key], [0n])],
        ["malformed key", () => bls.decompressG1(new Uint8Array(48))],
        ["malformed signature", () => bls.decompressG2(new Uint8Array(96))],
        ["infinity as key", () => bls.decompressG1(infinityKey)],
        ["infinity as signature", () => bls.decompressG2(infinitySignature)],
        ["infinity among keys", () => bls.aggregatePublicKeys([key, infinityKey])],
        ["infinity among keys to combine", () => bls.combinePublicKeys([key, infinityKey], [1n, 1n])],
        ["infinity among signatures", () => bls.aggregateSignatures([signature, infinitySignature])],
        ["one malformed key", () => bls.aggregatePublicKeys([key, new Uint8Array(48)])],
        ["one malformed signature", () => bls.aggregateSignatures([signature, new Uint8Array(96)])],
      ];
      for (const [what, call] of failing) {
        expect(call, `${name}: ${what}`).to.throw().with.property("name", "BlsError");
      }
    }
  });

  it("names the package whose native build is missing, and the remedy", async () => {
    const { NativeCryptoError } = await import("../../crypto/native.ts");
    expect(new NativeCryptoError("secp256k1").message).to.include("secp256k1").and.include("npm ci");
  });
});
