import type { Block } from "../../ledger/block.ts";
import type { BuiltBlock } from "../../ledger/build-block.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import { importStep, Settlement } from "./settlement.ts";
import { addressAt, ETHER, keyOf, Shard, sign } from "./shard-fixture.ts";

const ALICE = keyOf(1);
const BOB = keyOf(2);

export interface ExampleBlock {
  readonly name: string;
  readonly shard: Shard;
  readonly previous: BlockHeader | null;
  readonly built: BuiltBlock;
  readonly block: Block;
}

/**
 * Blocks that between them hold every kind of step, with its accesses ending in every way: at the key's leaf, at nothing, at
 * another leaf, with an outbox that is new and one that is not.
 */
export function exampleBlocks(): ExampleBlock[] {
  const examples: ExampleBlock[] = [];
  const add = (name: string, shard: Shard, slot: number, candidates: Parameters<Shard["build"]>[1]): BuiltBlock => {
    const previous = shard.state.header;
    const built = shard.build(slot, candidates);
    if (built.skipped.length > 0) throw built.skipped[0]!.error;
    examples.push({ name, shard, previous, built, block: sign(built) });
    return built;
  };
  const source = new Shard(1);
  const destination = new Shard(2);
  const call = { destination: 2, recipient: addressAt(2), data: new Uint8Array(40).fill(3) };

  add("first block, empty", destination, 8, []);
  add("deposits into the empty state", source, 8, [
    source.deposit(ALICE.address, ETHER),
    source.deposit(BOB.address, ETHER),
    source.deposit(addressAt(0), 0n),
  ]);
  const sent = [
    ...add("transfers and messages", source, 9, [
      source.transfer(ALICE, BOB.address, 5n, 0n),
      source.transfer(BOB, addressAt(1), 7n, 0n),
      source.transfer(ALICE, ALICE.address, 9n, 1n),
      source.transfer(BOB, addressAt(5), 0n, 1n),
      source.message(ALICE, call, 100n, 2n),
      source.message(ALICE, { ...call, data: new Uint8Array(0) }, 100n, 3n),
      source.message(ALICE, { ...call, destination: 0 }, 100n, 4n),
      source.message(ALICE, { ...call, destination: 77 }, 100n, 5n),
    ]).messages,
    ...add("forced transactions, an old outbox and a new epoch", source, 17, [
      source.message(BOB, { ...call, data: new Uint8Array(1) }, 100n, 2n),
      source.forced(source.signed(ALICE, addressAt(9), 1n, 6n)),
      source.forced(new Uint8Array(3)),
      source.forced(source.signed(ALICE, addressAt(9), 1n, 99n)),
      source.forced(source.signed(BOB, addressAt(9), 2n * ETHER, 3n)),
      ...Array.from({ length: 12 }, (_, i) => source.transfer(ALICE, addressAt(100 + i), 1n, 7n + BigInt(i))),
    ]).messages,
  ].filter(({ message }) => message.destination === 2);
  const settlement = new Settlement([source, destination], 2, 4);
  add("messages from another shard", destination, 40, [
    ...sent.map((_, index) => importStep(settlement.importMessage(source, destination, sent, index))),
    destination.deposit(ALICE.address, ETHER),
  ]);
  add("nothing but fees to credit", source, 18, []);
  return examples;
}
