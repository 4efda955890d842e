import { pippenger } from "@noble/curves/abstract/curve.js";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { fromBigInt, toBigInt } from "../protocol/bytes.ts";
import { BlsError, type BlsPort } from "../protocol/crypto.ts";
import { decodeG1, decodeG2, encodeG1, encodeG2 } from "./eip2537.ts";

const G1 = bls12_381.G1.Point;
const G2 = bls12_381.G2.Point;
const { longSignatures } = bls12_381;
const ORDER = bls12_381.fields.Fr.ORDER;

type PointG1 = InstanceType<typeof G1>;
type PointG2 = InstanceType<typeof G2>;

/** Parses, with curve and subgroup check, and refuses infinity. Lengths are checked since both forms are self-describing. */
function parse<P extends { is0(): boolean }>(
  what: string,
  group: { fromBytes(bytes: Uint8Array): P },
  bytes: Uint8Array,
  length: number,
): P {
  if (bytes.length !== length) throw new BlsError(`a ${what} of ${bytes.length} bytes`);
  let point: P;
  try {
    point = group.fromBytes(bytes);
  } catch (cause) {
    throw new BlsError(`not a ${what}`, { cause });
  }
  if (point.is0()) throw new BlsError(`infinity as ${what}`);
  return point;
}

function parsePublicKey(bytes: Uint8Array): PointG1 {
  return parse("public key", G1, bytes, 48);
}

function parseSignature(bytes: Uint8Array): PointG2 {
  return parse("signature", G2, bytes, 96);
}

/** @throws BlsError unless it is 32 bytes and 0 < key < r */
function parseSecretKey(bytes: Uint8Array): bigint {
  const scalar = bytes.length === 32 ? toBigInt(bytes) : 0n;
  if (scalar === 0n || scalar >= ORDER) throw new BlsError("not a secret key");
  return scalar;
}

function finite<P extends { is0(): boolean }>(point: P): P {
  if (point.is0()) throw new BlsError("the sum is infinity");
  return point;
}

function assertMatching(points: readonly unknown[], coefficients: readonly unknown[]): void {
  if (points.length !== coefficients.length) {
    throw new BlsError(`${coefficients.length} coefficients for ${points.length} keys`);
  }
}

/** False for malformed points, whatever else goes wrong is thrown on. */
function falseIfMalformed(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    if (error instanceof BlsError) return false;
    throw error;
  }
}

function verifyPoint(publicKey: PointG1, message: Uint8Array, signature: Uint8Array, tag: string): boolean {
  return longSignatures.verify(parseSignature(signature), longSignatures.hash(message, tag), publicKey);
}

function combineSecretKeys(secretKeys: readonly Uint8Array[], coefficients: readonly bigint[]): Uint8Array {
  assertMatching(secretKeys, coefficients);
  let sum = 0n;
  secretKeys.forEach((key, i) => {
    sum = (sum + parseSecretKey(key) * (coefficients[i] as bigint)) % ORDER;
  });
  if (sum === 0n) throw new BlsError("the sum of the secret keys is zero");
  return fromBigInt(sum, 32);
}

/** BLS12-381 by @noble/curves: runs everywhere, about 25 times slower than native. */
export const portableBls: BlsPort = {
  publicKey: (secretKey) => G1.BASE.multiply(parseSecretKey(secretKey)).toBytes(),

  sign: (secretKey, message, tag) => longSignatures.hash(message, tag).multiply(parseSecretKey(secretKey)).toBytes(),

  verify: (publicKey, message, signature, tag) =>
    falseIfMalformed(() => verifyPoint(parsePublicKey(publicKey), message, signature, tag)),

  fastAggregateVerify: (publicKeys, message, signature, tag) =>
    falseIfMalformed(() => {
      const sum = publicKeys.reduce((total, key) => total.add(parsePublicKey(key)), G1.ZERO);
      return verifyPoint(finite(sum), message, signature, tag);
    }),

  aggregatePublicKeys: (publicKeys) =>
    finite(publicKeys.reduce((total, key) => total.add(parsePublicKey(key)), G1.ZERO)).toBytes(),

  aggregateSignatures: (signatures) =>
    finite(signatures.reduce((total, signature) => total.add(parseSignature(signature)), G2.ZERO)).toBytes(),

  combinePublicKeys: (publicKeys, coefficients) => {
    assertMatching(publicKeys, coefficients);
    const reduced = coefficients.map((coefficient) => coefficient % ORDER);
    return finite(pippenger(G1, publicKeys.map(parsePublicKey), reduced)).toBytes();
  },

  sumSecretKeys: (secretKeys) =>
    combineSecretKeys(
      secretKeys,
      secretKeys.map(() => 1n),
    ),

  combineSecretKeys,

  decompressG1: (publicKey) => encodeG1(parsePublicKey(publicKey).toBytes(false)),
  compressG1: (point) => parse("point of G1", G1, decodeG1(point), 96).toBytes(),
  decompressG2: (signature) => encodeG2(parseSignature(signature).toBytes(false)),
  compressG2: (point) => parse("point of G2", G2, decodeG2(point), 192).toBytes(),

  hashToG2: (message, tag) => encodeG2(longSignatures.hash(message, tag).toBytes(false)),
};
