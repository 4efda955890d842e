import { equal } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";

/** secp256k1 signatures of shard operators: 65 bytes r ‖ s ‖ v, v = 27 + yParity (docs/formats.md, section 2). */

/** Whether a 65-byte signature r ‖ s ‖ v over the digest is the operator's (20-byte address). */
export function operatorSigned(
  crypto: Crypto,
  digest: Uint8Array,
  signature: Uint8Array,
  operator: Uint8Array,
): boolean {
  const v = signature[64];
  if (signature.length !== 65 || (v !== 27 && v !== 28)) return false;
  const signer = crypto.recoverAddress(digest, signature.subarray(0, 32), signature.subarray(32, 64), v - 27);
  return signer !== null && equal(signer, operator);
}

/** r ‖ s ‖ v of the operator's key. */
export function signAsOperator(crypto: Crypto, digest: Uint8Array, secretKey: Uint8Array): Uint8Array {
  const { r, s, yParity } = crypto.signDigest(digest, secretKey);
  const signature = new Uint8Array(65);
  signature.set(r);
  signature.set(s, 32);
  signature[64] = 27 + yParity;
  return signature;
}

/** The 20-byte address of a secp256k1 key. */
export function addressOfKey(crypto: Crypto, secretKey: Uint8Array): Uint8Array {
  const digest = new Uint8Array(32).fill(1);
  const { r, s, yParity } = crypto.signDigest(digest, secretKey);
  return crypto.recoverAddress(digest, r, s, yParity) as Uint8Array;
}
