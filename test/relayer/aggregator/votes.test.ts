import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { bitsFrom, setBits } from "../../../protocol/bits.ts";
import { SIGNATURE_TAG } from "../../../protocol/bls.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { voteDigest } from "../../../protocol/vote.ts";
import { type Ballot, Votes } from "../../../relayer/aggregator/votes.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";

const EPOCH = 1;
const SEATS = 32;
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe("Votes", () => {
  let crypto: Crypto;
  let parent: HandFedParent;
  let votes: Votes;
  let ballot: Ballot;

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(() => {
    parent = new HandFedParent(crypto);
    parent.moveToEpoch(EPOCH + 1);
    votes = new Votes(crypto, parent.view);
    ballot = parent.ballot(EPOCH);
  });

  const cast = (seats: readonly number[], sender = "peer") => votes.add(parent.vote(ballot, seats), sender);
  const verifies = (present: readonly number[]) => {
    const { source, target } = ballot;
    const vote = {
      sourceEpoch: source.epoch,
      sourceRoot: source.root,
      targetEpoch: target.epoch,
      targetRoot: target.root,
    };
    const keys = parent.keysAt(present).map((key) => crypto.bls.publicKey(key));
    const signature = votes.aggregate(ballot.target)?.signature ?? new Uint8Array(96);
    return crypto.bls.fastAggregateVerify(keys, voteDigest(crypto, parent.view.domain, vote), signature, SIGNATURE_TAG);
  };

  it("merges two thirds of the seats into one signature, and names the absent", () => {
    votes.open(ballot);
    cast(range(0, 8));
    cast(range(8, 21));
    expect(votes.aggregate(ballot.target), "21 of 32").to.equal(null);
    cast([31]);
    const aggregate = votes.aggregate(ballot.target);
    expect(aggregate?.present).to.equal(22);
    expect(aggregate?.occupied).to.equal(SEATS);
    expect(setBits(aggregate?.absent as Uint8Array)).to.deep.equal(range(21, 31));
    expect(verifies([...range(0, 21), 31])).to.equal(true);
  });

  it("merges once more what came after the checkpoint was accepted, without the rest", () => {
    votes.open(ballot);
    const absent = bitsFrom([1, 5, 6, 9, 30], SEATS);
    cast(range(10, 30));
    for (const seats of [[1], [6, 9], [5, 7]]) cast(seats);
    const late = votes.late(ballot.target, absent);
    expect(setBits(late?.added as Uint8Array), "what can be told apart").to.deep.equal([1, 6, 9]);
    const { source, target } = ballot;
    const digest = voteDigest(crypto, parent.view.domain, {
      sourceEpoch: source.epoch,
      sourceRoot: source.root,
      targetEpoch: target.epoch,
      targetRoot: target.root,
    });
    const keys = parent.keysAt([1, 6, 9]).map((key) => crypto.bls.publicKey(key));
    const { signature } = late as NonNullable<typeof late>;
    expect(crypto.bls.fastAggregateVerify(keys, digest, signature, SIGNATURE_TAG)).to.equal(true);
    expect(votes.late(target, bitsFrom([30], SEATS)), "nobody of these has voted").to.equal(null);
    expect(votes.late({ ...target, epoch: 0 }, absent)).to.equal(null);
  });

  it("says so when everybody has voted, and names no absent then", async () => {
    votes.open(ballot);
    const signal = AbortSignal.timeout(20_000);
    const all = votes.waitForAll(ballot.target, signal);
    cast(range(0, 16));
    cast(range(16, 32));
    await all;
    expect(signal.aborted).to.equal(false);
    expect(votes.aggregate(ballot.target)?.absent).to.deep.equal(new Uint8Array());
  });

  it("waits no longer than its signal for those who do not vote", async () => {
    votes.open(ballot);
    cast(range(0, 31));
    await votes.waitForAll(ballot.target, AbortSignal.timeout(10));
    expect(votes.aggregate(ballot.target)?.present).to.equal(31);
  });

  it("counts votes that came before the proposal", () => {
    cast(range(0, 8), "a");
    cast(range(8, 16), "b");
    // One may hand on another one's vote besides its own.
    cast(range(16, 24), "b");
    votes.open(ballot);
    expect(votes.aggregate(ballot.target)?.present).to.equal(24);
    expect(verifies(range(0, 24))).to.equal(true);
  });

  it("keeps one peer's early flood from taking the place of the others' votes", () => {
    const one = parent.vote(ballot, [0]);
    for (let i = 0; i < 3_000; i++) {
      const checkpointRoot = i % 2 === 0 ? ballot.target.root : crypto.sha256(Uint8Array.of(i, i >> 8));
      const seats = { count: SEATS, bits: crypto.sha256(Uint8Array.of(i >> 8, i)).slice(0, 4) };
      votes.add({ ...one, checkpointRoot, seats }, "attacker");
    }
    cast(range(0, 11), "a");
    cast(range(11, 22), "b");
    votes.open(ballot);
    expect(votes.aggregate(ballot.target)?.present).to.equal(22);
  });

  it("counts nobody twice, and nobody whose signature is not theirs", () => {
    votes.open(ballot);
    cast(range(0, 16));
    cast(range(0, 16));
    cast(range(15, 24));
    votes.add({ ...parent.vote(ballot, range(16, 32)), signature: parent.vote(ballot, range(16, 31)).signature }, "x");
    votes.add({ ...parent.vote(ballot, range(16, 32)), signature: new Uint8Array(96) }, "x");
    votes.add({ ...parent.vote(ballot, [16]), seats: { count: SEATS, bits: new Uint8Array(4) } }, "x");
    votes.add({ ...parent.vote(ballot, [16]), seats: { count: 31, bits: Uint8Array.of(0, 0, 1, 0) } }, "x");
    expect(votes.aggregate(ballot.target)).to.equal(null);
    cast(range(16, 22));
    expect(votes.aggregate(ballot.target)?.present).to.equal(22);
  });

  it("takes a vote for its own source and target only", () => {
    parent.accept(EPOCH, []);
    parent.moveToEpoch(EPOCH + 2);
    const later = parent.ballot(EPOCH + 1);
    votes.open(later);
    const fromGenesis = parent.vote({ source: ballot.source, target: later.target }, range(0, 32));
    votes.add(fromGenesis, "x");
    votes.add({ ...parent.vote(ballot, range(0, 32)), targetEpoch: EPOCH + 1 }, "x");
    votes.add({ ...parent.vote(later, range(0, 32)), targetEpoch: EPOCH + 3 }, "x");
    votes.add({ ...parent.vote(later, range(0, 32)), targetEpoch: Number.MAX_SAFE_INTEGER }, "x");
    expect(votes.aggregate(later.target)).to.equal(null);
    votes.add(parent.vote(later, range(0, 32)), "x");
    expect(votes.aggregate(later.target)?.present).to.equal(SEATS);
    expect(votes.aggregate(ballot.target)).to.equal(null);
  });
});
