import { ParentInconsistent } from "./errors.ts";
import type { BondSlashed, GenerationAdvanced, OperatorChanged, ShardOpened } from "./parent-log.ts";
import type { Shard } from "./parent-view.ts";

interface Recorded {
  shard: Shard;
  /** By the first generation that they operate; ascending. */
  readonly operators: { readonly generation: number; readonly operator: Uint8Array }[];
  /** The first generation that the bond answers for; null while there is none. */
  bondedFrom: number | null;
}

/** Who operates which shard, in which generation. */
export class ShardHistory {
  #shards: Shard[] = [];
  readonly #recorded: Recorded[] = [];

  open({ id, operator, position, chainId, openedEpoch }: ShardOpened): void {
    if (id !== this.#recorded.length + 1) throw new ParentInconsistent(`shard ${id} opened out of order`);
    const shard = { id, position, generation: 0, operator, chainId, openedEpoch };
    this.#recorded.push({ shard, operators: [{ generation: 0, operator }], bondedFrom: 0 });
    this.#shards = [...this.#shards, shard];
  }

  slashBond({ shardId }: BondSlashed): void {
    this.#of(shardId).bondedFrom = null;
  }

  advance({ shardId, generation }: GenerationAdvanced): void {
    const recorded = this.#of(shardId);
    if (generation !== recorded.shard.generation + 1) {
      throw new ParentInconsistent(
        `shard ${shardId} went from generation ${recorded.shard.generation} to ${generation}`,
      );
    }
    this.#change(recorded, { generation });
  }

  /** Whoever takes a shard over brings a bond, which answers from that generation on. */
  changeOperator({ shardId, generation, operator }: OperatorChanged): void {
    const recorded = this.#of(shardId);
    if (generation !== recorded.shard.generation) {
      throw new ParentInconsistent(`shard ${shardId} changed its operator in generation ${generation}`);
    }
    if (recorded.operators.at(-1)?.generation === generation) recorded.operators.pop();
    recorded.operators.push({ generation, operator });
    recorded.bondedFrom = isNobody(operator) ? null : generation;
    this.#change(recorded, { operator });
  }

  /** Ascending by id; another list as soon as anything is different. */
  get shards(): readonly Shard[] {
    return this.#shards;
  }

  shard(id: number): Shard | null {
    return this.#shards[id - 1] ?? null;
  }

  shardAt(position: number): Shard | null {
    return this.#shards.find((shard) => shard.position === position) ?? null;
  }

  operatorOf(shardId: number, generation: number): Uint8Array | null {
    const recorded = this.#recorded[shardId - 1];
    if (recorded === undefined || generation > recorded.shard.generation) return null;
    return recorded.operators.findLast((each) => each.generation <= generation)?.operator ?? null;
  }

  isBonded(shardId: number, generation: number): boolean {
    const recorded = this.#recorded[shardId - 1];
    const from = recorded?.bondedFrom ?? null;
    return recorded !== undefined && from !== null && from <= generation && generation <= recorded.shard.generation;
  }

  #change(recorded: Recorded, fields: Partial<Shard>): void {
    recorded.shard = { ...recorded.shard, ...fields };
    this.#shards = this.#recorded.map(({ shard }) => shard);
  }

  #of(shardId: number): Recorded {
    const recorded = this.#recorded[shardId - 1];
    if (recorded === undefined)
      throw new ParentInconsistent(`an event tells of shard ${shardId}, which was never opened`);
    return recorded;
  }
}

/** Whether an address is that of nobody: the operator of a shard that has none. */
export function isNobody(address: Uint8Array): boolean {
  return address.every((byte) => byte === 0);
}
