import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { toBigInt } from "../protocol/bytes.ts";
import type { Crypto } from "../protocol/crypto.ts";
import { portableBls } from "./portable-bls.ts";

const ORDER = secp256k1.Point.Fn.ORDER;

function sha256Pairs(nodes: Uint8Array, out: Uint8Array): void {
  if (nodes.length % 64 !== 0 || 2 * out.length !== nodes.length) {
    throw new RangeError(`${nodes.length} bytes of nodes do not hash to ${out.length}`);
  }
  // Parent i is written behind the pair i it came from, so `out` may be the first half of `nodes`.
  for (let i = 0; i < out.length; i += 32) out.set(sha256(nodes.subarray(2 * i, 2 * i + 64)), i);
}

function recoverAddress(digest: Uint8Array, r: Uint8Array, s: Uint8Array, yParity: number): Uint8Array | null {
  if (digest.length !== 32 || r.length !== 32 || s.length !== 32) return null;
  if (yParity !== 0 && yParity !== 1) return null;
  const signature = { r: toBigInt(r), s: toBigInt(s) };
  if (signature.r === 0n || signature.r >= ORDER || signature.s === 0n || signature.s > ORDER / 2n) return null;
  try {
    const point = new secp256k1.Signature(signature.r, signature.s, yParity).recoverPublicKey(digest);
    return keccak_256(point.toBytes(false).subarray(1)).slice(12);
  } catch {
    // r is the x-coordinate of no point, or the recovered key is infinity.
    return null;
  }
}

function signDigest(digest: Uint8Array, secretKey: Uint8Array): { r: Uint8Array; s: Uint8Array; yParity: number } {
  const signature = secp256k1.sign(digest, secretKey, { prehash: false, format: "recovered" });
  return { r: signature.slice(1, 33), s: signature.slice(33, 65), yParity: signature[0] as number };
}

/** For browsers and for checking the native one: pure JavaScript, 10 to 40 times slower. */
export function createPortableCrypto(): Crypto {
  return {
    name: "portable",
    sha256: (data) => sha256(data),
    sha256Pairs,
    keccak256: (data) => keccak_256(data),
    recoverAddress,
    signDigest,
    bls: portableBls,
  };
}
