import { fromHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { createDomain, type Domain } from "../../protocol/eip712.ts";
import { signAsOperator } from "../../protocol/operator-signature.ts";

/** The values that all vectors are made of: nothing random, nothing of the time of writing. */

export const PARENT_CHAIN_ID = 31_337n;
export const REGISTRY = fromHex("0x57a7c4f1e0000000000000000000000000000001");

export function sampleDomain(crypto: Crypto): Domain {
  return createDomain(crypto, PARENT_CHAIN_ID, REGISTRY);
}

/** 32 bytes that stand for a hash or a root. */
export function sampleHash(crypto: Crypto, name: string): Uint8Array {
  return crypto.sha256(new TextEncoder().encode(`Watchfire vectors: ${name}`));
}

/** 20 bytes */
export function sampleAddress(crypto: Crypto, name: string): Uint8Array {
  return sampleHash(crypto, `address ${name}`).slice(12);
}

/** A secret key of BLS12-381 or secp256k1. */
export function sampleSecretKey(crypto: Crypto, name: string): Uint8Array {
  const key = sampleHash(crypto, `secret key ${name}`);
  // Below both group orders.
  key[0] = 0;
  return key;
}

export function sampleHashes(crypto: Crypto, name: string, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => sampleHash(crypto, `${name} ${i}`));
}

/** An operator's signature: 65 bytes r ‖ s ‖ v. */
export function operatorSignature(crypto: Crypto, digest: Uint8Array): Uint8Array {
  return signAsOperator(crypto, digest, sampleSecretKey(crypto, "operator"));
}
