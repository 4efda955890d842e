import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { parametersFor } from "../../../protocol/presets.ts";
import type { CheckpointSubmission } from "../../../relayer/parent/checkpoint-submission.ts";
import { ParentClock } from "../../../relayer/parent/parent-clock.ts";
import { Poster } from "../../../relayer/poster/poster.ts";
import { eventually } from "../../support/eventually.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";

const EPOCH = 4;
const never = new AbortController().signal;

describe("Poster", function () {
  this.timeout(20_000);
  let crypto: Crypto;
  let parent: HandFedParent;
  let submitted: number[];
  let settled: number[];
  let errors: unknown[];
  let submit: (submission: CheckpointSubmission) => Promise<unknown>;

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(() => {
    parent = new HandFedParent(crypto);
    parent.moveToEpoch(EPOCH + 1);
    submitted = [];
    settled = [];
    errors = [];
    submit = async () => undefined;
  });

  const poster = (rank: number, posters = 4) =>
    new Poster({
      source: parent,
      clock: new ParentClock(parent),
      actions: {
        submitCheckpoint: async (submission) => {
          submitted.push(submission.targetEpoch);
          await submit(submission);
        },
        settle: async (max) => settled.push(max),
        packKeys: async () => 0,
      },
      rank,
      posters,
      onError: (error) => errors.push(error),
    });
  const aggregate = () => parent.submission(EPOCH);
  const slots = async (count: number) => {
    for (let i = 0; i < count; i++) {
      parent.moveTo(parent.view.slot() + 1);
      await sleep(5);
    }
  };

  /** Lets the chain go on until the poster is done, which it sees by the next slot. */
  const end = async (done: Promise<void>) => {
    let isDone = false;
    void done.then(() => {
      isDone = true;
    });
    for (let i = 0; i < 3 && !isDone; i++) await slots(1);
    expect(isDone, "done within three slots").to.equal(true);
  };

  it("submits at once when it is its turn, and is done when the checkpoint is accepted", async () => {
    submit = async () => parent.accept(EPOCH, []);
    await end(poster(0).submit(EPOCH, aggregate, never));
    expect(submitted).to.deep.equal([EPOCH]);
  });

  it("waits its turn, two slots after the one before it", async () => {
    const done = poster(2).submit(EPOCH, aggregate, never);
    await slots(3);
    expect(submitted, "three slots").to.deep.equal([]);
    submit = async () => parent.accept(EPOCH, []);
    await slots(1);
    await end(done);
    expect(submitted).to.deep.equal([EPOCH]);
  });

  it("has another turn in another epoch", async () => {
    parent.moveToEpoch(EPOCH + 3);
    submit = async () => parent.accept(EPOCH + 2, []);
    await end(poster(2).submit(EPOCH + 2, () => parent.submission(EPOCH + 2), never));
    expect(submitted).to.deep.equal([EPOCH + 2]);
  });

  it("submits nothing that somebody else has submitted while it waited", async () => {
    const done = poster(3).submit(EPOCH, aggregate, never);
    await slots(1);
    parent.accept(EPOCH, []);
    await end(done);
    expect(submitted).to.deep.equal([]);
  });

  it("tries again with every slot while there are no two thirds, and after failures", async () => {
    let attempts = 0;
    submit = async () => {
      attempts++;
      if (attempts < 3) throw new Error("out of gas");
      parent.accept(EPOCH, []);
    };
    let ready = false;
    const done = poster(0).submit(EPOCH, () => (ready ? aggregate() : null), never);
    await slots(2);
    expect(attempts).to.equal(0);
    ready = true;
    await slots(3);
    await end(done);
    expect(attempts).to.equal(3);
    expect(errors.map(String)).to.deep.equal(["Error: out of gas", "Error: out of gas"]);
  });

  it("gives up when the epoch can no longer be accepted", async () => {
    const late = poster(0).submit(EPOCH, () => null, never);
    parent.moveToEpoch(EPOCH + parent.parameters.submitEpochs + 1);
    await late;

    parent.accept(EPOCH + 1, []);
    await poster(0).submit(EPOCH, aggregate, never);

    const onOldSource = { ...parent.submission(EPOCH + 2), sourceEpoch: EPOCH };
    await poster(0, 1).submit(EPOCH + 2, () => onOldSource, never);
    expect(submitted).to.deep.equal([]);
  });

  it("stops with its signal, waiting or not", async () => {
    const stop = new AbortController();
    const waiting = [poster(3).submit(EPOCH, aggregate, stop.signal), poster(0).submit(EPOCH, () => null, stop.signal)];
    stop.abort();
    await Promise.all(waiting);
    await poster(0).submit(EPOCH, aggregate, AbortSignal.abort());
    expect(submitted).to.deep.equal([]);
  });

  describe("settlement", () => {
    const { challengeEpochs, challengeBlocks, slotsPerEpoch } = parametersFor("minimal", "devnet");

    it("is due when a final checkpoint's window is over, in time and in blocks", async () => {
      const each = poster(0, 1);
      parent.accept(EPOCH, []);
      const accepted = parent.view.slot();
      parent.moveTo(accepted + challengeEpochs * slotsPerEpoch);
      for (let i = 0; i < challengeBlocks; i++) parent.moveTo(parent.view.slot());
      await each.onBlock();
      expect(settled, "not final").to.deep.equal([]);
      parent.finalize(EPOCH);
      await each.onBlock();
      expect(settled).to.have.length(1);
    });

    it("is not due before its time, nor before its blocks", async () => {
      const each = poster(0, 1);
      parent.accept(EPOCH, []);
      parent.finalize(EPOCH);
      const accepted = parent.view.slot();
      for (let i = 0; i < 2 * challengeBlocks; i++) parent.moveTo(accepted + challengeEpochs * slotsPerEpoch - 1);
      await each.onBlock();
      expect(settled, "a slot too early").to.deep.equal([]);

      parent.accept(EPOCH + 1, []);
      parent.finalize(EPOCH + 1);
      const hasty = new HandFedParent(crypto);
      hasty.moveToEpoch(EPOCH + 1);
      hasty.accept(EPOCH, []);
      hasty.finalize(EPOCH);
      hasty.moveTo(hasty.view.slot() + 10 * challengeEpochs * slotsPerEpoch);
      parent = hasty;
      await poster(0, 1).onBlock();
      expect(settled, "two blocks after acceptance").to.deep.equal([]);
    });

    it("is sent once at a time, and reported when it fails", async () => {
      parent.accept(EPOCH, []);
      parent.finalize(EPOCH);
      parent.moveTo(parent.view.slot() + challengeEpochs * slotsPerEpoch);
      for (let i = 0; i < challengeBlocks; i++) parent.moveTo(parent.view.slot());
      let sending = 0;
      let fail: (reason: Error) => void = () => {};
      const each = new Poster({
        source: parent,
        clock: new ParentClock(parent),
        actions: {
          submitCheckpoint: async () => undefined,
          settle: () => {
            sending++;
            return new Promise((_resolve, reject) => {
              fail = reject;
            });
          },
          packKeys: async () => 0,
        },
        rank: 0,
        posters: 1,
        onError: (error) => errors.push(error),
      });
      const first = each.onBlock();
      await each.onBlock();
      expect(sending).to.equal(1);
      fail(new Error("refused"));
      await first;
      expect(errors.map(String)).to.deep.equal(["Error: refused"]);
      void each.onBlock();
      await eventually(() => sending === 2);
    });
  });
});
