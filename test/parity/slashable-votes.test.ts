import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import { isDoubleVote, isSurroundVote } from "../../protocol/slashable-votes.ts";
import type { Vote } from "../../protocol/vote.ts";
import type { SlashableVotesMock } from "../../types/index.ts";
import { CompleteDatabase } from "../support/complete-database.ts";
import { property } from "../support/property.ts";

/** Epochs of the exhaustive test: enough for every order of two sources and two targets, with gaps between them. */
const EPOCHS = 6;

const root = (n: number) => new Uint8Array(32).fill(n);

function vote(sourceEpoch: number, targetEpoch: number, targetRoot = 0, sourceRoot = 0): Vote {
  return { sourceEpoch, sourceRoot: root(sourceRoot), targetEpoch, targetRoot: root(targetRoot) };
}

/** All votes over a few epochs, also those that point backwards: a contract is shown whatever was signed. */
const ALL = Array.from({ length: EPOCHS ** 2 * 4 }, (_, i) => {
  const [source, target] = [(i >> 2) % EPOCHS, Math.floor((i >> 2) / EPOCHS)];
  return vote(source, target, i & 1, (i >> 1) & 1);
});

const isSlashable = (a: Vote, b: Vote) => isDoubleVote(a, b) || isSurroundVote(a, b);

describe("Slashable votes: TypeScript, Solidity and a complete database of EIP-3076", () => {
  let mock: SlashableVotesMock;

  before(async () => {
    const { ethers } = await network.create();
    mock = await ethers.deployContract("SlashableVotesMock");
  });

  /** One byte per other vote: 1 double, 2 surround. */
  const inTypeScript = (one: Vote, others: readonly Vote[]) =>
    Uint8Array.from(others, (other) => (isDoubleVote(one, other) ? 1 : 0) | (isSurroundVote(one, other) ? 2 : 0));

  const inSolidity = async (one: Vote, others: readonly Vote[]) => {
    const struct = (v: Vote) => ({ ...v, sourceRoot: toHex(v.sourceRoot), targetRoot: toHex(v.targetRoot) });
    return fromHex(await mock.offences(struct(one), others.map(struct)));
  };

  it("knows the two offences, in either order, and no others", () => {
    const cases: [string, Vote, Vote, boolean, boolean][] = [
      ["the same vote", vote(1, 2), vote(1, 2), false, false],
      ["another target root", vote(1, 2), vote(1, 2, 1), true, false],
      ["another source root", vote(1, 2), vote(1, 2, 0, 1), true, false],
      ["another source of one target", vote(1, 3), vote(2, 3), true, false],
      ["one around the other", vote(1, 4), vote(2, 3), false, true],
      ["again from the same source, for a later epoch", vote(1, 2), vote(1, 5), false, false],
      ["the next link", vote(1, 2), vote(2, 3), false, false],
      ["overlapping links", vote(1, 3), vote(2, 4), false, false],
      ["one end in common", vote(0, 3), vote(0, 2), false, false],
    ];
    for (const [name, a, b, double, surround] of cases) {
      for (const [one, other] of [
        [a, b],
        [b, a],
      ] as const) {
        expect([isDoubleVote(one, other), isSurroundVote(one, other)], name).to.deep.equal([double, surround]);
      }
    }
  });

  it(`finds slashable what the database refuses and nothing else: all ${ALL.length ** 2} pairs`, async () => {
    let slashable = 0;
    for (const one of ALL) {
      const found = inTypeScript(one, ALL);
      expect(await inSolidity(one, ALL)).to.deep.equal(found);
      ALL.forEach((other, i) => {
        const database = new CompleteDatabase();
        expect(database.sign(one)).to.equal(true);
        expect(database.sign(other), `${JSON.stringify([one, other])}`).to.equal(found[i] === 0);
        if (found[i] !== 0) slashable++;
      });
    }
    expect(slashable).to.be.within(1, ALL.length ** 2 - 1);
  });

  it("agrees with Solidity over all epochs and roots", async () => {
    const epoch = fc.oneof(fc.nat({ max: 8 }), fc.maxSafeNat());
    const byte = fc.nat({ max: 3 });
    const anyVote = fc.tuple(epoch, epoch, byte, byte).map((fields) => vote(...fields));
    await fc.assert(
      fc.asyncProperty(anyVote, fc.array(anyVote, { minLength: 1, maxLength: 16 }), async (one, others) => {
        expect(await inSolidity(one, others)).to.deep.equal(inTypeScript(one, others));
      }),
      property(150),
    );
  });

  it("agrees with the database about whole histories", () => {
    const small = fc.nat({ max: 12 });
    const anyVote = fc.tuple(small, small, fc.nat({ max: 1 }), fc.nat({ max: 1 })).map((fields) => vote(...fields));
    fc.assert(
      fc.property(fc.array(anyVote, { maxLength: 40 }), (votes) => {
        const database = new CompleteDatabase();
        const signed: Vote[] = [];
        for (const next of votes) {
          const isAllowed = !signed.some((before) => isSlashable(before, next));
          expect(database.sign(next)).to.equal(isAllowed);
          if (isAllowed) signed.push(next);
        }
      }),
      property(500),
    );
  });
});
