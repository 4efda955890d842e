import { expect } from "chai";
import { committeeCount, isQuorum } from "../../protocol/quorum.ts";

describe("quorum", () => {
  it("is two thirds of the occupied seats, rounded up", () => {
    for (const [occupied, needed] of [
      [1, 1],
      [2, 2],
      [3, 2],
      [6, 4],
      [7, 5],
      [8, 6],
      [128, 86],
      [8192, 5462],
    ] as const) {
      expect(isQuorum(needed, occupied), `${needed} of ${occupied}`).to.equal(true);
      expect(isQuorum(needed - 1, occupied), `${needed - 1} of ${occupied}`).to.equal(false);
    }
  });

  it("is never reached by nobody", () => {
    expect(isQuorum(0, 0)).to.equal(false);
  });
});

describe("committees of an epoch", () => {
  it("are as many as there are seats for, and not more than there are positions", () => {
    const parameters = { shardCount: 4, committeeSize: 8 };
    const counts = [0, 7, 8, 15, 16, 32, 1000].map((seats) => committeeCount(parameters, seats));
    expect(counts).to.deep.equal([0, 0, 1, 1, 2, 4, 4]);
  });
});
