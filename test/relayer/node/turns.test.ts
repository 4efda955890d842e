import { expect } from "chai";
import { Turns } from "../../../relayer/node/turns.ts";
import { eventually } from "../../support/eventually.ts";

describe("Turns", () => {
  let turns: Turns;
  let errors: unknown[];
  let begun: string[];
  let finish: () => void;

  beforeEach(() => {
    errors = [];
    begun = [];
    turns = new Turns((error) => errors.push(error));
  });

  /** A task that runs until `finish`. */
  const slow = (name: string) => () => {
    begun.push(name);
    return new Promise<void>((resolve) => {
      finish = resolve;
    });
  };
  const quick = (name: string) => async () => {
    begun.push(name);
  };

  it("runs one at a time, and of those that come meanwhile the last", async () => {
    turns.take(slow("a"));
    for (const name of ["b", "c", "d"]) turns.take(quick(name));
    expect(begun).to.deep.equal(["a"]);
    finish();
    await eventually(() => begun.length === 2);
    expect(begun).to.deep.equal(["a", "d"]);
    turns.take(quick("e"));
    await eventually(() => begun.length === 3);
    expect(begun.at(-1)).to.equal("e");
  });

  it("reports failures and goes on with the next", async () => {
    turns.take(async () => {
      throw new Error("no");
    });
    turns.take(quick("b"));
    await eventually(() => begun.length === 1);
    expect(errors.map(String)).to.deep.equal(["Error: no"]);
  });

  it("ends when the one that runs is done, without those that wait", async () => {
    turns.take(slow("a"));
    turns.take(quick("b"));
    let ended = false;
    const end = turns.end().then(() => {
      ended = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).to.equal(false);
    finish();
    await end;
    turns.take(quick("c"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).to.deep.equal(["a"]);
  });
});
