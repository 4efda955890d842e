import { concat, ZERO_HASH } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";

/** The state tree by its definition: a map of leaves and a recursive root. What the fast one is compared with. */
export class NaiveState {
  readonly #crypto: Crypto;
  readonly leaves = new Map<string, { key: Uint8Array; word: Uint8Array }>();

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
  }

  set(key: Uint8Array, word: Uint8Array): void {
    const id = key.join();
    if (!this.leaves.has(id) && word.every((byte) => byte === 0)) return;
    this.leaves.set(id, { key, word });
  }

  root(): Uint8Array {
    return this.#rootOf([...this.leaves.values()], 0);
  }

  #rootOf(leaves: { key: Uint8Array; word: Uint8Array }[], depth: number): Uint8Array {
    const [first] = leaves;
    if (first === undefined) return ZERO_HASH;
    if (leaves.length === 1) return this.#crypto.sha256(concat(Uint8Array.of(0), first.key, first.word));
    const isRight = ({ key }: { key: Uint8Array }) => (((key[depth >> 3] as number) >> (7 - (depth % 8))) & 1) === 1;
    const left = this.#rootOf(
      leaves.filter((leaf) => !isRight(leaf)),
      depth + 1,
    );
    const right = this.#rootOf(leaves.filter(isRight), depth + 1);
    return this.#crypto.sha256(concat(left, right));
  }
}
