import { toHex } from "../../protocol/bytes.ts";
import type { SignedHeader } from "../../protocol/evidence.ts";
import type { Offence } from "./offences.ts";

interface Chain {
  readonly generation: number;
  readonly numbers: Map<number, { readonly hash: string; readonly signed: SignedHeader }>;
  guilty: boolean;
}

/** The headers that operators have signed, by shard and number: of each number the first. */
export class HeaderHistories {
  readonly #chains = new Map<number, Chain>();

  /** @param signed its signature has been verified */
  add(signed: SignedHeader, hash: Uint8Array): Offence | null {
    const { shardId, generation, number } = signed.header;
    let chain = this.#chains.get(shardId);
    if (chain?.generation !== generation) {
      chain = { generation, numbers: new Map(), guilty: false };
      this.#chains.set(shardId, chain);
    }
    if (chain.guilty) return null;
    const first = chain.numbers.get(number);
    const name = toHex(hash);
    if (first === undefined) chain.numbers.set(number, { hash: name, signed });
    if (first === undefined || first.hash === name) return null;
    chain.guilty = true;
    chain.numbers.clear();
    return { evidence: { kind: "headers", a: first.signed, b: signed }, guilty: [] };
  }

  /** Whether nothing is known of that number yet, or something else. */
  isNews({ shardId, generation, number }: SignedHeader["header"], hash: Uint8Array): boolean {
    const chain = this.#chains.get(shardId);
    if (chain?.generation !== generation) return true;
    return !chain.guilty && chain.numbers.get(number)?.hash !== toHex(hash);
  }

  /** Forgets headers of the shard below the number. */
  forgetBelow(shardId: number, number: number): void {
    const numbers = this.#chains.get(shardId)?.numbers;
    for (const held of numbers?.keys() ?? []) if (held < number) numbers?.delete(held);
  }

  get size(): number {
    let size = 0;
    for (const { numbers } of this.#chains.values()) size += numbers.size;
    return size;
  }
}
