import { expect } from "chai";
import { buildBlock } from "../../ledger/build-block.ts";
import { ShardState } from "../../ledger/shard-state.ts";
import { toHex } from "../../protocol/bytes.ts";
import { addressAt, crypto, ETHER, keyOf, Shard } from "./shard-fixture.ts";

const ALICE = keyOf(1);
const call = { destination: 2, recipient: addressAt(2), data: new Uint8Array(5) };

/** Five blocks with new accounts and messages in all of them. */
function grownShard(): { shard: Shard; roots: string[] } {
  const shard = new Shard();
  const roots = [toHex(shard.state.root)];
  const next = (slot: number, candidates: Parameters<Shard["build"]>[1]) => {
    expect(shard.build(slot, candidates).skipped).to.deep.equal([]);
    roots.push(toHex(shard.state.root));
  };
  next(8, [shard.deposit(ALICE.address, ETHER)]);
  for (let i = 0n; i < 4n; i++) {
    next(9 + Number(i), [
      ...[0n, 1n].map((j) => shard.transfer(ALICE, addressAt(Number(10n * i + j)), 1n + j, 3n * i + j)),
      shard.message(ALICE, call, 1n, 3n * i + 2n),
    ]);
  }
  return { shard, roots };
}

describe("ledger/shard-state", () => {
  it("takes back blocks, as far as there are any", () => {
    const { shard, roots } = grownShard();
    expect(shard.state.undoable).to.equal(5);
    for (let number = 4; number >= 0; number--) {
      shard.state.undoBlock();
      expect(toHex(shard.state.root)).to.equal(roots[number]);
      expect(shard.state.header?.number ?? 0).to.equal(number);
      expect(shard.state.outbox(2).count).to.equal(Math.max(0, number - 1));
    }
    expect(() => shard.state.undoBlock()).to.throw(RangeError, "no block");
    expect(shard.state.tree.size).to.equal(0);
  });

  it("goes on after an undo as if the blocks had not been", () => {
    const { shard, roots } = grownShard();
    for (let i = 0; i < 3; i++) shard.state.undoBlock();
    shard.generation = 1;
    const steps = [
      shard.transfer(ALICE, addressAt(10), 1n, 3n),
      shard.transfer(ALICE, addressAt(11), 2n, 4n),
      shard.message(ALICE, call, 1n, 5n),
    ];
    const { header, skipped } = shard.build(10, steps);
    expect(skipped).to.deep.equal([]);
    expect(header).to.include({ number: 3, generation: 1 });
    expect(toHex(header.stateRoot)).to.equal(roots[3]);
  });

  it("keeps no more than its limit of undos", () => {
    const { shard } = grownShard();
    const state = ShardState.load(crypto, shard.state.snapshot(), 2);
    expect(state.undoable).to.equal(0);
    for (const slot of [20, 21, 22]) buildBlock(shard.environment, state, { slot, generation: 0, candidates: [] });
    expect(state.undoable).to.equal(2);
    state.undoBlock();
    state.undoBlock();
    expect(state.header?.number).to.equal(6);
    expect(() => state.undoBlock()).to.throw(RangeError, "no block");
  });

  it("is the same after a snapshot", () => {
    const { shard } = grownShard();
    const loaded = ShardState.load(crypto, shard.state.snapshot(), 8);
    expect(toHex(loaded.root)).to.equal(toHex(shard.state.root));
    expect(loaded.header).to.deep.equal(shard.state.header);
    expect(loaded.outbox(2)).to.deep.equal(shard.state.outbox(2));
    expect(loaded.account(ALICE.address)).to.deep.equal(shard.state.account(ALICE.address));
  });

  it("refuses a snapshot that is not the state of its header", () => {
    const snapshot = grownShard().shard.state.snapshot();
    const words = snapshot.leaves.words.slice();
    words[31] = words[31]! ^ 1;
    const leaves = { ...snapshot.leaves, words };
    expect(() => ShardState.load(crypto, { ...snapshot, leaves }, 8)).to.throw(RangeError, "block 5");
    expect(() =>
      ShardState.load(crypto, { ...snapshot, outboxes: [{ destination: 3, outbox: snapshot.outboxes[0]!.outbox }] }, 8),
    ).to.throw(RangeError, "outbox 3");
  });
});
