import type { Beacon, KeyPair } from "../../test/support/beacon.ts";
import type { Change } from "../../test/support/checkpoints.ts";
import type { SeededRandom } from "../../test/support/random.ts";

/** All contracts after genesis, with the keys of every seat in the order of the seats. */
export interface World {
  readonly beacon: Beacon;
  readonly keys: readonly KeyPair[];
  readonly random: SeededRandom;
}

const BLOCKS_PER_EPOCH = 32;

/** Every shard moves on by an epoch of blocks. */
export function allChanged({ beacon, random }: World, epoch: number): Change[] {
  return Array.from({ length: beacon.parameters.shardCount }, (_, position) => ({
    position,
    shardId: position + 1,
    record: {
      generation: 0,
      firstBlock: BLOCKS_PER_EPOCH * (epoch - 1) + 1,
      lastBlock: BLOCKS_PER_EPOCH * epoch,
      blocksRoot: random.bytes(32),
      stateRoot: random.bytes(32),
    },
  }));
}

interface Mined {
  wait(): Promise<{ readonly gasUsed: bigint } | null>;
}

export async function gasOf(transaction: Promise<Mined>): Promise<number> {
  const receipt = await (await transaction).wait();
  if (receipt === null) throw new Error("the transaction was not mined");
  return Number(receipt.gasUsed);
}
