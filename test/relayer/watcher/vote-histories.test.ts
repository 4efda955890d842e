import { expect } from "chai";
import { fromBigInt } from "../../../protocol/bytes.ts";
import type { SignedVote } from "../../../protocol/evidence.ts";
import { isDoubleVote, isSurroundVote } from "../../../protocol/slashable-votes.ts";
import type { Vote } from "../../../protocol/vote.ts";
import { VoteHistories } from "../../../relayer/watcher/vote-histories.ts";
import { SeededRandom } from "../../support/random.ts";

const root = (number: number) => fromBigInt(BigInt(number), 32);
const isOffence = (a: Vote, b: Vote) => isDoubleVote(a, b) || isSurroundVote(a, b);

describe("VoteHistories", () => {
  /** One validator votes in any order; the digest stands for all of the vote. */
  function cast(histories: VoteHistories, vote: Vote, validator = 1) {
    const signed: SignedVote = { vote, signers: { validators: [validator] }, signature: new Uint8Array(96) };
    const { sourceEpoch, targetEpoch, targetRoot } = vote;
    const digest = root(sourceEpoch * 1_000_000 + targetEpoch * 100 + (targetRoot[31] as number));
    return histories.add(signed, digest, [validator]);
  }

  function randomVote(random: SeededRandom): Vote {
    const targetEpoch = 1 + random.below(12);
    const sourceEpoch = random.below(targetEpoch);
    return { sourceEpoch, sourceRoot: root(sourceEpoch), targetEpoch, targetRoot: root(1 + random.below(2)) };
  }

  it("finds an offence exactly when one of all pairs is one, and names a pair that is", () => {
    const random = new SeededRandom();
    let innocent = 0;
    for (let round = 0; round < 2_000; round++) {
      const histories = new VoteHistories();
      const votes: Vote[] = [];
      for (;;) {
        const vote = randomVote(random);
        const isGuilty = votes.some((other) => isOffence(other, vote));
        const [offence] = cast(histories, vote);
        expect(offence !== undefined, JSON.stringify([votes, vote])).to.equal(isGuilty);
        if (offence?.evidence.kind === "votes") {
          const { a, b } = offence.evidence;
          expect(isOffence(a.vote, b.vote)).to.equal(true);
          expect(votes).to.include(a.vote);
          break;
        }
        innocent++;
        votes.push(vote);
        if (votes.length === 6) break;
      }
    }
    expect(innocent).to.be.greaterThan(2_000);
  });

  it("keeps one vote per validator and target, and none of who is guilty", () => {
    const histories = new VoteHistories();
    const vote = { sourceEpoch: 1, sourceRoot: root(1), targetEpoch: 2, targetRoot: root(1) };
    for (const validator of [1, 1, 2]) cast(histories, vote, validator);
    expect(histories.size).to.equal(2);
    expect(cast(histories, { ...vote, targetRoot: root(2) }, 2)).to.have.length(1);
    expect(histories.size).to.equal(1);
    expect(cast(histories, { ...vote, targetRoot: root(2) }, 2)).to.have.length(0);
    histories.forgetBefore(2);
    expect(histories.size).to.equal(1);
    histories.forgetBefore(3);
    expect(histories.size).to.equal(0);
  });
});
