import type { Crypto } from "../../protocol/crypto.ts";
import type { SeededRandom } from "./random.ts";

/** A BLS key pair; `point` is the public key as the contracts take it, 128 bytes. */
export function keyPair(
  crypto: Crypto,
  random: SeededRandom,
): { secretKey: Uint8Array; publicKey: Uint8Array; point: Uint8Array } {
  const secretKey = random.secretKey();
  const publicKey = crypto.bls.publicKey(secretKey);
  return { secretKey, publicKey, point: crypto.bls.decompressG1(publicKey) };
}
