import { type BitField, hasBit } from "../../protocol/bits.ts";
import type { Crypto } from "../../protocol/crypto.ts";

/** Verified signatures on one digest by disjoint sets of signers, merged into one. */
export class DisjointSignatures {
  readonly #bits: Uint8Array;
  readonly #count: number;
  #signatures: Uint8Array[] = [];
  #present = 0;

  /** @param count number of places a signer can have */
  constructor(count: number) {
    this.#count = count;
    this.#bits = new Uint8Array(Math.ceil(count / 8));
  }

  get present(): number {
    return this.#present;
  }

  get named(): BitField {
    return { count: this.#count, bits: this.#bits.slice() };
  }

  /** Whether the signature would add signers and repeat none: a point added twice cannot be told from two signers. */
  fits(named: BitField): boolean {
    if (named.count !== this.#count) return false;
    let adds = false;
    for (let i = 0; i < named.bits.length; i++) {
      const byte = named.bits[i] as number;
      if ((byte & (this.#bits[i] as number)) !== 0) return false;
      adds ||= byte !== 0;
    }
    return adds;
  }

  /** @param signature verified for exactly the named signers, which must fit */
  add(named: BitField, signature: Uint8Array): void {
    if (!this.fits(named)) throw new RangeError("the signature repeats a signer");
    for (let i = 0; i < this.#count; i++) if (hasBit(named.bits, i)) this.#present++;
    for (let i = 0; i < named.bits.length; i++) {
      this.#bits[i] = (this.#bits[i] as number) | (named.bits[i] as number);
    }
    this.#signatures.push(signature);
  }

  /** @throws BlsError when there is none */
  aggregate(crypto: Crypto): Uint8Array {
    if (this.#signatures.length !== 1) this.#signatures = [crypto.bls.aggregateSignatures(this.#signatures)];
    return this.#signatures[0] as Uint8Array;
  }
}
