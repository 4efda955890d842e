import { toHex } from "../../protocol/bytes.ts";
import type { SignedHeader } from "../../protocol/evidence.ts";
import type { Offence } from "./offences.ts";

interface Chain {
  readonly numbers: Map<number, { readonly hash: string; readonly signed: SignedHeader }>;
  guilty: boolean;
}

/** Generations of a shard whose headers are kept, the latest ones: the bond answers for those of its operator. */
const MAX_GENERATIONS = 4;

/** The headers that operators have signed, by shard, generation and number: of each number the first. */
export class HeaderHistories {
  /** By shard and generation. */
  readonly #shards = new Map<number, Map<number, Chain>>();

  /** @param signed its signature has been verified */
  add(signed: SignedHeader, hash: Uint8Array): Offence | null {
    const { shardId, generation, number } = signed.header;
    const chain = this.#chainFor(shardId, generation);
    if (chain === null || chain.guilty) return null;
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
    const chain = this.#chainFor(shardId, generation);
    return chain !== null && !chain.guilty && chain.numbers.get(number)?.hash !== toHex(hash);
  }

  /** Forgets headers of the shard below the number. */
  forgetBelow(shardId: number, number: number): void {
    for (const { numbers } of this.#shards.get(shardId)?.values() ?? []) {
      for (const held of numbers.keys()) if (held < number) numbers.delete(held);
    }
  }

  get size(): number {
    let size = 0;
    for (const chains of this.#shards.values()) for (const { numbers } of chains.values()) size += numbers.size;
    return size;
  }

  /** null for a generation that is too old to be kept. */
  #chainFor(shardId: number, generation: number): Chain | null {
    const chains = this.#shards.get(shardId) ?? new Map<number, Chain>();
    this.#shards.set(shardId, chains);
    if (!chains.has(generation)) {
      chains.set(generation, { numbers: new Map(), guilty: false });
      if (chains.size > MAX_GENERATIONS) chains.delete(Math.min(...chains.keys()));
    }
    return chains.get(generation) ?? null;
  }
}
