/**
 * The port through which the pure code hashes, recovers signers and handles BLS12-381. Implementations: `crypto/native.ts`
 * for nodes, `crypto/portable.ts` for browsers. Both give the same bytes for the same input.
 */
export interface Crypto {
  readonly name: "native" | "portable";

  /** 32 bytes */
  sha256(data: Uint8Array): Uint8Array;

  /**
   * One level of a Merkle tree: n pairs of 32-byte nodes (64 n bytes) to their n parents, written to `out` (32 n bytes).
   * `out` may be the first half of `nodes`.
   * @throws RangeError when the lengths do not fit
   */
  sha256Pairs(nodes: Uint8Array, out: Uint8Array): void;

  /** 32 bytes */
  keccak256(data: Uint8Array): Uint8Array;

  /**
   * Address (20 bytes) that signed the 32-byte `digest` by secp256k1, or null when the signature is invalid: r or s (32
   * bytes each) zero or not below the group order, s above its half (EIP-2), or `yParity` neither 0 nor 1.
   */
  recoverAddress(digest: Uint8Array, r: Uint8Array, s: Uint8Array, yParity: number): Uint8Array | null;

  /** Deterministic (RFC 6979) secp256k1 signature of the 32-byte `digest`, s in the lower half. */
  signDigest(digest: Uint8Array, secretKey: Uint8Array): { r: Uint8Array; s: Uint8Array; yParity: number };

  readonly bls: BlsPort;
}

/**
 * BLS12-381 with public keys in G1 and signatures in G2. Off chain a key is 48 and a signature 96 bytes (compressed ZCash
 * form), on chain 128 and 256 (EIP-2537). Secret keys are 32 bytes, big endian, 0 < key < r. `tag` is the domain
 * separation tag of RFC 9380. Infinity is refused everywhere: as key, as signature, as sum.
 *
 * What is asked as a question (`verify`, `fastAggregateVerify`) answers false to malformed bytes; everything else throws
 * `BlsError`.
 */
export interface BlsPort {
  /** 48 bytes */
  publicKey(secretKey: Uint8Array): Uint8Array;

  /** 96 bytes */
  sign(secretKey: Uint8Array, message: Uint8Array, tag: string): Uint8Array;

  /** Curve and subgroup of both points are checked. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array, tag: string): boolean;

  /** One signature of all keys on one message; sound only for keys with a proof of possession. False for no keys. */
  fastAggregateVerify(
    publicKeys: readonly Uint8Array[],
    message: Uint8Array,
    signature: Uint8Array,
    tag: string,
  ): boolean;

  /** Sum of the keys, each validated. 48 bytes. */
  aggregatePublicKeys(publicKeys: readonly Uint8Array[]): Uint8Array;

  /** Sum of the signatures, each checked to be in the subgroup. 96 bytes. */
  aggregateSignatures(signatures: readonly Uint8Array[]): Uint8Array;

  /** Sum of coefficients[i] * publicKeys[i], each key validated. 48 bytes. */
  combinePublicKeys(publicKeys: readonly Uint8Array[], coefficients: readonly bigint[]): Uint8Array;

  /** Sum of the keys mod r: its signature is the aggregate of theirs. 32 bytes. */
  sumSecretKeys(secretKeys: readonly Uint8Array[]): Uint8Array;

  /** Sum of coefficients[i] * secretKeys[i] mod r. 32 bytes. */
  combineSecretKeys(secretKeys: readonly Uint8Array[], coefficients: readonly bigint[]): Uint8Array;

  /** 48 to 128 bytes */
  decompressG1(publicKey: Uint8Array): Uint8Array;

  /** 128 to 48 bytes */
  compressG1(point: Uint8Array): Uint8Array;

  /** 96 to 256 bytes */
  decompressG2(signature: Uint8Array): Uint8Array;

  /** 256 to 96 bytes */
  compressG2(point: Uint8Array): Uint8Array;

  /** hash_to_curve of RFC 9380, suite BLS12381G2_XMD:SHA-256_SSWU_RO_. 256 bytes. */
  hashToG2(message: Uint8Array, tag: string): Uint8Array;
}

/** Bytes that are no key, no signature or no point of the subgroup, or an operation that would yield infinity. */
export class BlsError extends Error {
  override readonly name = "BlsError";
}
