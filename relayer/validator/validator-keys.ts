import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";

/** The BLS keys that a node validates with. */
export class ValidatorKeys {
  readonly #crypto: Crypto;
  /** By public key. */
  readonly #secretKeys = new Map<string, Uint8Array>();

  constructor(crypto: Crypto, secretKeys: readonly Uint8Array[]) {
    this.#crypto = crypto;
    for (const secretKey of secretKeys) this.#secretKeys.set(toHex(crypto.bls.publicKey(secretKey)), secretKey);
  }

  get size(): number {
    return this.#secretKeys.size;
  }

  has(publicKey: Uint8Array): boolean {
    return this.#secretKeys.has(toHex(publicKey));
  }

  /** One signature that is the aggregate of all the keys': made with the sum of their secrets. */
  sign(publicKeys: readonly Uint8Array[], digest: Uint8Array): Uint8Array {
    const secrets = publicKeys.map((key) => {
      const secret = this.#secretKeys.get(toHex(key));
      if (secret === undefined) throw new Error(`validator: no secret key for ${toHex(key)}`);
      return secret;
    });
    const { bls } = this.#crypto;
    return bls.sign(bls.sumSecretKeys(secrets), digest, SIGNATURE_TAG);
  }
}
