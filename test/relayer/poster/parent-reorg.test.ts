import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { ParentClock } from "../../../relayer/parent/parent-clock.ts";
import type { ParentBlock } from "../../../relayer/parent/parent-view.ts";
import { Poster } from "../../../relayer/poster/poster.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";

const EPOCH = 4;

describe("Poster, when the parent chain takes checkpoints back", () => {
  let crypto: Crypto;
  let parent: HandFedParent;
  let submitted: number[];

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(() => {
    parent = new HandFedParent(crypto);
    parent.moveToEpoch(EPOCH + 1);
    submitted = [];
  });

  const createPoster = () =>
    new Poster({
      source: parent,
      clock: new ParentClock(parent),
      actions: {
        submitCheckpoint: async ({ targetEpoch }) => {
          submitted.push(targetEpoch);
        },
        settle: async () => undefined,
        packKeys: async () => 0,
      },
      rank: 0,
      posters: 1,
      onError: (error) => {
        throw error;
      },
    });
  const accept = (epoch: number) => {
    parent.moveToEpoch(epoch + 1);
    parent.emit("checkpoint", parent.accept(epoch, []));
  };
  const takeBackTo = (ancestor: ParentBlock) => {
    const { timestamp } = parent.view.head;
    parent.view.rollBack(ancestor);
    parent.moveTo((timestamp - (parent.view.genesisTime ?? 0)) / parent.parameters.secondsPerSlot);
  };

  it("submits them again, one on top of the other", async () => {
    const poster = createPoster();
    const before = parent.view.head;
    accept(EPOCH);
    accept(EPOCH + 1);
    await poster.onBlock();
    expect(submitted, "nothing is lost").to.deep.equal([]);

    takeBackTo(before);
    await poster.onBlock();
    expect(submitted).to.deep.equal([EPOCH]);
    accept(EPOCH);
    await poster.onBlock();
    expect(submitted).to.deep.equal([EPOCH, EPOCH + 1]);
    accept(EPOCH + 1);
    await poster.onBlock();
    expect(submitted).to.deep.equal([EPOCH, EPOCH + 1]);
  });

  it("knows what was accepted before it was started", async () => {
    const before = parent.view.head;
    accept(EPOCH);
    accept(EPOCH + 1);
    const poster = createPoster();
    takeBackTo(before);
    await poster.onBlock();
    expect(submitted).to.deep.equal([EPOCH]);
  });

  it("gives up what can no longer be accepted", async () => {
    const poster = createPoster();
    const before = parent.view.head;
    accept(EPOCH);
    takeBackTo(before);
    parent.moveToEpoch(EPOCH + parent.parameters.submitEpochs + 1);
    await poster.onBlock();
    expect(submitted).to.deep.equal([]);
  });
});
