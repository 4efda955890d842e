import { hash, randomBytes } from "node:crypto";

/** Reproducible random bytes; `WATCHFIRE_SEED` repeats a run whose seed was printed. */
export class SeededRandom {
  readonly seed: string;
  #counter = 0;

  constructor(seed = process.env.WATCHFIRE_SEED ?? randomBytes(8).toString("hex")) {
    this.seed = seed;
    console.log(`      WATCHFIRE_SEED=${seed}`);
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let offset = 0; offset < length; offset += 32) {
      const digest = hash("sha256", `${this.seed}/${this.#counter++}`, "buffer");
      out.set(digest.subarray(0, length - offset), offset);
    }
    return out;
  }

  /** A number in [0, bound). */
  below(bound: number): number {
    return Number(Buffer.from(this.bytes(6)).readUIntBE(0, 6) % bound);
  }

  /** A secret key of BLS12-381 or secp256k1: below both group orders, and never zero. */
  secretKey(): Uint8Array {
    const key = this.bytes(32);
    key[0] = 0;
    key[31] = (key[31] as number) | 1;
    return key;
  }
}
