import { expect } from "chai";
import { EpochBoard } from "../../../relayer/store/epoch-board.ts";

const never = new AbortController().signal;

describe("EpochBoard", () => {
  let board: EpochBoard<string>;

  beforeEach(() => {
    board = new EpochBoard({ maxEpochs: 2, maxKeys: 2 });
  });

  it("keeps the first value of a key", () => {
    expect(board.put(1, "a", "first")).to.equal(true);
    expect(board.put(1, "a", "second")).to.equal(false);
    expect(board.get(1, "a")).to.equal("first");
    expect([...board.entries(1)]).to.deep.equal([["a", "first"]]);
    expect(board.get(2, "a")).to.equal(undefined);
    expect(board.entries(2).size).to.equal(0);
  });

  it("has room for so many keys in an epoch", () => {
    expect([board.put(1, "a", ""), board.put(1, "b", ""), board.put(1, "c", "")]).to.deep.equal([true, true, false]);
    expect(board.put(2, "c", "")).to.equal(true);
  });

  it("lets the oldest epoch make room for a later one, and for no earlier one", () => {
    board.put(5, "a", "five");
    board.put(6, "a", "six");
    expect(board.put(4, "a", "four")).to.equal(false);
    expect(board.get(4, "a")).to.equal(undefined);
    expect(board.put(9, "a", "nine")).to.equal(true);
    expect([board.get(5, "a"), board.get(6, "a"), board.get(9, "a")]).to.deep.equal([undefined, "six", "nine"]);
  });

  it("tells everybody who waits, once the value is there", async () => {
    const waiting = [board.wait(1, "a", never), board.wait(1, "a", never)];
    const other = new AbortController();
    const elsewhere = board.wait(1, "b", other.signal);
    board.put(1, "a", "here");
    expect(await Promise.all(waiting)).to.deep.equal(["here", "here"]);
    expect(await board.wait(1, "a", AbortSignal.abort())).to.equal("here");
    other.abort();
    expect(await elsewhere).to.equal(null);
  });

  it("ends a wait with its signal, and only that one", async () => {
    const impatient = new AbortController();
    const ended = board.wait(1, "a", impatient.signal);
    const patient = board.wait(1, "a", never);
    impatient.abort();
    expect(await ended).to.equal(null);
    expect(await board.wait(1, "a", AbortSignal.abort())).to.equal(null);
    board.put(1, "a", "here");
    expect(await patient).to.equal("here");
  });

  it("keeps a wait for an epoch that had no room", async () => {
    const patient = board.wait(5, "a", never);
    board.put(3, "x", "");
    board.put(4, "x", "");
    board.put(5, "a", "here");
    expect(await patient).to.equal("here");
  });
});
