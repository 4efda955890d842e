import { concat, toBigInt, word } from "./bytes.ts";
import { BlsError, type Crypto } from "./crypto.ts";

/** BLS signatures and proofs of possession (docs/formats.md, section 2; draft-irtf-cfrg-bls-signature-05, section 4.2.3). */

/** Domain separation tag of everything but proofs of possession. */
export const SIGNATURE_TAG = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/** Domain separation tag of proofs of possession, so that no vote is ever a proof. */
export const POSSESSION_TAG = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/** keccak256 of the 128-byte EIP-2537 encodings of compressed keys, concatenated in order; for one key its `publicKeyHash`. */
export function publicKeysHash(crypto: Crypto, publicKeys: readonly Uint8Array[]): Uint8Array {
  return crypto.keccak256(concat(...publicKeys.map((key) => crypto.bls.decompressG1(key))));
}

/** Identity of a compressed key: keccak256 of its x-coordinate (48 bytes), the same for a key and its negative. */
export function publicKeyIdentity(crypto: Crypto, publicKey: Uint8Array): Uint8Array {
  const x = Uint8Array.from(publicKey);
  // The three highest bits are flags of the compressed form, among them the sign of y.
  x[0] = (x[0] as number) & 0x1f;
  return crypto.keccak256(x);
}

/** Proof (96 bytes) that the signer has the secret key, bound to the 32-byte `digest`. */
export function provePossession(crypto: Crypto, secretKey: Uint8Array, digest: Uint8Array): Uint8Array {
  return crypto.bls.sign(secretKey, digest, POSSESSION_TAG);
}

export function verifyPossession(
  crypto: Crypto,
  publicKey: Uint8Array,
  digest: Uint8Array,
  proof: Uint8Array,
): boolean {
  return crypto.bls.verify(publicKey, digest, proof, POSSESSION_TAG);
}

/**
 * Coefficients of a batch proof: r_i = first 16 bytes of keccak256(digest ‖ publicKeysHash ‖ uint256(i)), 1 in place of 0.
 * @throws BlsError when a key is malformed
 */
export function possessionCoefficients(
  crypto: Crypto,
  publicKeys: readonly Uint8Array[],
  digest: Uint8Array,
): bigint[] {
  const keysHash = publicKeysHash(crypto, publicKeys);
  return publicKeys.map((_, i) => {
    const coefficient = toBigInt(crypto.keccak256(concat(digest, keysHash, word(i))).subarray(0, 16));
    return coefficient === 0n ? 1n : coefficient;
  });
}

/**
 * One proof (96 bytes) for all keys of one owner. Over keys of different owners it would prove nothing about any single key.
 * @throws BlsError when a key is malformed, or there is none
 */
export function proveBatchPossession(
  crypto: Crypto,
  secretKeys: readonly Uint8Array[],
  digest: Uint8Array,
): Uint8Array {
  const publicKeys = secretKeys.map((key) => crypto.bls.publicKey(key));
  const coefficients = possessionCoefficients(crypto, publicKeys, digest);
  return provePossession(crypto, crypto.bls.combineSecretKeys(secretKeys, coefficients), digest);
}

/** False, too, for malformed keys and for none. */
export function verifyBatchPossession(
  crypto: Crypto,
  publicKeys: readonly Uint8Array[],
  digest: Uint8Array,
  proof: Uint8Array,
): boolean {
  let combined: Uint8Array;
  try {
    combined = crypto.bls.combinePublicKeys(publicKeys, possessionCoefficients(crypto, publicKeys, digest));
  } catch (error) {
    if (error instanceof BlsError) return false;
    throw error;
  }
  return verifyPossession(crypto, combined, digest, proof);
}
