import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { bitsFrom } from "../../../protocol/bits.ts";
import { Supplements } from "../../../relayer/poster/supplements.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";

const SIGNATURE = new Uint8Array(96).fill(1);
const POSTERS = 2;

describe("Supplements", () => {
  let parent: HandFedParent;
  let late: readonly number[];
  let sent: number[];
  let errors: unknown[];
  let posters: Supplements[];
  /** Of the acceptance. */
  let slot: number;

  beforeEach(async () => {
    parent = new HandFedParent(await createNativeCrypto());
    parent.moveToEpoch(3);
    late = [1, 2];
    sent = [];
    errors = [];
    posters = Array.from(
      { length: POSTERS },
      (_, rank) =>
        new Supplements({
          source: parent,
          lateVotes: () => (late.length === 0 ? null : { added: bitsFrom(late, 32), signature: SIGNATURE }),
          send: async () => sent.push(rank),
          rank,
          posters: POSTERS,
          onError: (error) => errors.push(error),
        }),
    );
    slot = parent.view.slot();
  });

  const step = async (slots: number) => {
    parent.moveTo(slot + slots);
    for (const poster of posters) await poster.onBlock();
    return sent;
  };

  it("are brought once by each poster, in turns, in the second half of the time for them", async () => {
    parent.accept(2, [], [1, 2, 9]);
    expect(await step(3)).to.deep.equal([]);
    expect(await step(4)).to.deep.equal([0]);
    expect(await step(4)).to.deep.equal([0]);
    expect(await step(5)).to.deep.equal([0, 1]);
    expect(await step(6)).to.deep.equal([0, 1]);
    parent.accept(3, [], [4, 5]);
    slot += 6;
    expect(await step(3)).to.deep.equal([0, 1]);
    expect(await step(4), "the other one's turn comes first").to.deep.equal([0, 1, 1]);
  });

  it("are brought for a checkpoint that has a successor already", async () => {
    parent.accept(2, [], [1, 2]);
    parent.moveTo(slot + 2);
    parent.accept(3, []);
    expect(await step(4)).to.deep.equal([0]);
  });

  it("are not brought when nobody is absent, when it is too late, or when they are too few", async () => {
    late = [1];
    parent.accept(2, [], [1, 2]);
    await step(6);
    late = [];
    await step(6);
    late = [1, 2];
    await step(7);
    parent.accept(3, [], []);
    slot += 8;
    await step(6);
    expect(sent).to.deep.equal([]);
  });

  it("are given up when they fail: the next poster tries", async () => {
    parent.accept(2, [], [1, 2]);
    const failing = new Supplements({
      source: parent,
      lateVotes: () => ({ added: bitsFrom(late, 32), signature: SIGNATURE }),
      send: () => Promise.reject(new Error("refused")),
      rank: 0,
      posters: 1,
      onError: (error) => errors.push(error),
    });
    parent.moveTo(slot + 4);
    await failing.onBlock();
    await failing.onBlock();
    expect(errors).to.have.length(1);
  });
});
