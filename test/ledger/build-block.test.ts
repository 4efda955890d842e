import { expect } from "chai";
import { recoverSenders } from "../../ledger/admission.ts";
import { MAX_BLOCK_BYTES } from "../../ledger/block.ts";
import { LedgerError } from "../../ledger/errors.ts";
import { STEP_KIND } from "../../ledger/step.ts";
import { toHex } from "../../protocol/bytes.ts";
import { addressAt, crypto, ETHER, encoded, keyOf, Shard } from "./shard-fixture.ts";

const ALICE = keyOf(1);

function fundedShard(): Shard {
  const shard = new Shard();
  shard.build(8, [shard.deposit(ALICE.address, ETHER)]);
  return shard;
}

function transfers(shard: Shard, count: number) {
  return Array.from({ length: count }, (_, i) => shard.transfer(ALICE, addressAt(i), 1n, BigInt(i)));
}

describe("ledger/build-block", () => {
  it("takes candidates in order and says which it left out, and why", () => {
    const shard = fundedShard();
    const [first, second, third] = transfers(shard, 3);
    const built = shard.build(9, [second!, first!, second!, first!, third!]);
    expect(built.skipped.map(({ index, error }) => [index, error.code])).to.deep.equal([
      [0, "WrongNonce"],
      [3, "WrongNonce"],
    ]);
    expect(built.steps).to.have.length(4);
    expect(built.nextCandidate).to.equal(5);
  });

  it("stops at its limit of steps and says where", () => {
    const shard = fundedShard();
    const built = shard.build(9, transfers(shard, 4), { maxSteps: 3 });
    expect(built.steps).to.have.length(3);
    expect(built.nextCandidate).to.equal(2);
  });

  it("stays below its limit of bytes, witness included", () => {
    const whole = encoded(fundedShard().build(9, transfers(fundedShard(), 40)));
    for (const maxBytes of [1000, 2000, 4000, whole.length - 1]) {
      const shard = fundedShard();
      const built = shard.build(9, transfers(shard, 40), { maxBytes });
      expect(encoded(built).length).to.be.at.most(maxBytes);
      expect(built.nextCandidate).to.equal(built.steps.length - 1);
      expect(built.nextCandidate).to.be.lessThan(40);
      if (maxBytes > 1000) expect(built.nextCandidate).to.be.greaterThan(0);
    }
    const shard = fundedShard();
    expect(shard.build(9, transfers(shard, 40), { maxBytes: whole.length }).nextCandidate).to.equal(40);
  });

  it("skips what is too long for any block, and goes on", () => {
    const shard = fundedShard();
    const huge = { kind: STEP_KIND.importMessage, payload: new Uint8Array(MAX_BLOCK_BYTES) };
    const built = shard.build(9, [huge, ...transfers(shard, 2)]);
    expect(built.skipped.map(({ index, error }) => [index, error.code])).to.deep.equal([[0, "PayloadTooLong"]]);
    expect(built.steps).to.have.length(3);
  });

  it("builds nothing when not even an empty block fits", () => {
    const shard = fundedShard();
    const root = toHex(shard.state.root);
    expect(() => shard.build(9, [], { maxBytes: 100 })).to.throw(LedgerError, "BlockTooLong");
    expect(toHex(shard.state.root)).to.equal(root);
  });

  it("takes senders that were recovered ahead", () => {
    const [one, other] = [fundedShard(), fundedShard()];
    const candidates = transfers(one, 5);
    const senders = recoverSenders(
      crypto,
      candidates.map(({ payload }) => payload),
    );
    expect(one.build(9, candidates, { senders }).header).to.deep.equal(other.build(9, candidates).header);
  });

  it("recovers no sender of what is malformed or badly signed", () => {
    const payload = fundedShard().signed(ALICE, addressAt(1), 1n, 0n);
    const broken = payload.slice();
    // Within s: the signature is somebody else's or nobody's.
    broken[broken.length - 32] = 0xff;
    const senders = recoverSenders(crypto, [payload, new Uint8Array(3), broken]);
    expect(toHex(senders)).to.equal(toHex(ALICE.address) + "00".repeat(40));
  });
});
