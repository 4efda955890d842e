import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { bitsFrom } from "../../../protocol/bits.ts";
import { SIGNATURE_TAG } from "../../../protocol/bls.ts";
import { fromBigInt } from "../../../protocol/bytes.ts";
import { BlsError, type Crypto } from "../../../protocol/crypto.ts";
import { DisjointSignatures } from "../../../relayer/aggregator/disjoint-signatures.ts";

const COUNT = 11;
const DIGEST = new Uint8Array(32).fill(7);

describe("DisjointSignatures", () => {
  let crypto: Crypto;
  let signatures: DisjointSignatures;
  const secret = (place: number) => fromBigInt(BigInt(place) + 1n, 32);
  const named = (...places: number[]) => ({ count: COUNT, bits: bitsFrom(places, COUNT) });
  const sign = (...places: number[]) =>
    crypto.bls.sign(crypto.bls.sumSecretKeys(places.map(secret)), DIGEST, SIGNATURE_TAG);

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(() => {
    signatures = new DisjointSignatures(COUNT);
  });

  it("merges signatures of disjoint signers into one that verifies for all of them", () => {
    signatures.add(named(0, 9), sign(0, 9));
    signatures.add(named(3), sign(3));
    signatures.add(named(10), sign(10));
    expect(signatures.present).to.equal(4);
    expect(signatures.named).to.deep.equal(named(0, 3, 9, 10));
    const keys = [0, 3, 9, 10].map((place) => crypto.bls.publicKey(secret(place)));
    for (let again = 0; again < 2; again++) {
      expect(crypto.bls.fastAggregateVerify(keys, DIGEST, signatures.aggregate(crypto), SIGNATURE_TAG)).to.equal(true);
    }
    signatures.add(named(1), sign(1));
    keys.push(crypto.bls.publicKey(secret(1)));
    expect(crypto.bls.fastAggregateVerify(keys, DIGEST, signatures.aggregate(crypto), SIGNATURE_TAG)).to.equal(true);
  });

  it("takes nobody twice, nobody at all, or another number of places", () => {
    signatures.add(named(0, 9), sign(0, 9));
    for (const field of [named(0), named(9, 10), named(), { count: COUNT + 1, bits: bitsFrom([10], COUNT + 1) }]) {
      expect(signatures.fits(field)).to.equal(false);
      expect(() => signatures.add(field, sign(1))).to.throw(RangeError);
    }
    expect(signatures.present).to.equal(2);
    expect(signatures.named).to.deep.equal(named(0, 9));
  });

  it("hands out bits that nobody can change it through", () => {
    signatures.add(named(2), sign(2));
    signatures.named.bits.fill(0xff);
    expect(signatures.named).to.deep.equal(named(2));
  });

  it("has no aggregate of nobody", () => {
    expect(() => signatures.aggregate(crypto)).to.throw(BlsError);
  });
});
