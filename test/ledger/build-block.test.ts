import { expect } from "chai";
import { executeBlock } from "../../ledger/execute-block.ts";
import { verifyBlock } from "../../ledger/verify-block.ts";
import { toHex } from "../../protocol/bytes.ts";
import { decodeBlock } from "../../ledger/block.ts";
import { addressAt, encoded, ETHER, GWEI, keyOf, Shard } from "./shard-fixture.ts";

const ALICE = keyOf(1);
const BOB = keyOf(2);
const FEE = 21_000n * GWEI;

describe("ledger/build-block", () => {
  it("builds blocks that stateless validators and full nodes accept", () => {
    const shard = new Shard();
    const full = new Shard();
    const accept = (slot: number, candidates: Parameters<Shard["build"]>[1]) => {
      const previous = shard.state.header;
      const built = shard.build(slot, candidates);
      expect(built.skipped.map(({ error }) => error.code)).to.deep.equal([]);
      const verdict = verifyBlock(shard.environment, shard.place(previous), encoded(built));
      if (!verdict.ok) throw verdict.error;
      expect(verdict.outcome.header).to.deep.equal(built.header);
      executeBlock(shard.environment, full.state, full.place(), decodeBlock(encoded(built)));
      expect(toHex(full.state.root)).to.equal(toHex(shard.state.root));
      return built;
    };
    accept(8, [shard.deposit(ALICE.address, ETHER), shard.deposit(BOB.address, ETHER)]);
    accept(9, [
      shard.transfer(ALICE, BOB.address, 5n, 0n),
      shard.transfer(BOB, addressAt(1), 7n, 0n),
      shard.transfer(ALICE, ALICE.address, 9n, 1n),
      shard.message(ALICE, { destination: 2, recipient: addressAt(2), data: new Uint8Array(40).fill(3) }, 100n, 2n),
      shard.message(ALICE, { destination: 2, recipient: addressAt(2), data: new Uint8Array(0) }, 100n, 3n),
      shard.message(ALICE, { destination: 0, recipient: addressAt(2), data: new Uint8Array(0) }, 100n, 4n),
    ]);
    accept(17, [
      shard.message(BOB, { destination: 2, recipient: addressAt(2), data: new Uint8Array(1) }, 100n, 1n),
      shard.forced(shard.signed(ALICE, addressAt(9), 1n, 5n)),
      shard.forced(new Uint8Array(3)),
    ]);
    expect(shard.balance(addressAt(1))).to.equal(7n);
    expect(shard.balance(BOB.address)).to.equal(ETHER + 5n - 7n - FEE - 100n - 100_000n * GWEI);
    expect(shard.state.outbox(2).count).to.equal(3);
  });
});
