import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { bitsFrom } from "../../../protocol/bits.ts";
import { rollCallableAt, rollStatus } from "../../../relayer/parent/roll-status.ts";
import { RollCaller } from "../../../relayer/poster/roll-caller.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";

const POSTERS = 4;
const SIGNATURE = new Uint8Array(96).fill(1);

describe("RollCaller", () => {
  let parent: HandFedParent;
  let sent: string[];
  let errors: unknown[];
  let hasNews: boolean;
  let callers: RollCaller[];

  beforeEach(async () => {
    parent = new HandFedParent(await createNativeCrypto());
    sent = [];
    errors = [];
    hasNews = true;
    callers = Array.from({ length: POSTERS }, (_, rank) => {
      const send = (what: string) => {
        sent.push(`${rank} ${what}`);
        return Promise.resolve();
      };
      return new RollCaller({
        source: parent,
        actions: { call: () => send("call"), answer: () => send("answer"), eject: (group) => send(`eject ${group}`) },
        answers: () => (hasNews ? { seats: { bits: bitsFrom([1], 32) }, signature: SIGNATURE } : null),
        rank,
        posters: POSTERS,
        onError: (error) => errors.push(error),
      });
    });
  });

  const { inactivityEpochs, rollCallEpochs } = { inactivityEpochs: 16, rollCallEpochs: 4 };
  const slots = (epochs: number) => epochs * parent.parameters.slotsPerEpoch;
  const step = async () => {
    sent = [];
    for (const caller of callers) await caller.onBlock();
    return sent;
  };

  it("calls the roll in turns, when nothing was accepted for the inactivity period", async () => {
    expect([parent.parameters.inactivityEpochs, parent.parameters.rollCallEpochs]).to.deep.equal([
      inactivityEpochs,
      rollCallEpochs,
    ]);
    parent.moveTo(slots(inactivityEpochs) - 1);
    expect(await step()).to.deep.equal([]);
    parent.moveTo(slots(inactivityEpochs));
    expect(await step()).to.deep.equal(["0 call"]);
    parent.moveTo(slots(inactivityEpochs) + 2);
    expect(await step(), "nobody else while it is in time").to.deep.equal(["0 call", "1 call"]);
  });

  it("counts from the latest checkpoint, and from the latest roll", async () => {
    parent.moveToEpoch(2);
    const { acceptedTime } = parent.accept(1, []);
    expect(rollCallableAt(parent.view)).to.equal(acceptedTime + slots(inactivityEpochs));
    parent.moveToEpoch(inactivityEpochs + 3);
    parent.callRoll();
    const { calledTime } = parent.view.roll as NonNullable<typeof parent.view.roll>;
    expect(rollCallableAt(parent.view)).to.equal(calledTime + slots(inactivityEpochs + rollCallEpochs));
    parent.accept(2, []);
    expect(rollStatus(parent.view), "cancelled").to.equal("idle");
    expect(await step()).to.deep.equal([]);
  });

  it("brings answers in turns, after the first of them, as long as there are new ones", async () => {
    parent.moveToEpoch(inactivityEpochs);
    parent.callRoll();
    const start = parent.view.slot();
    expect(await step()).to.deep.equal([]);
    for (const turn of [1, 2, 3, 4]) {
      parent.moveTo(start + 2 * turn);
      expect(await step()).to.deep.equal([`${turn % POSTERS} answer`]);
    }
    hasNews = false;
    parent.moveTo(start + 10);
    expect(await step()).to.deep.equal([]);
  });

  it("has every group ejected once the time to answer is over, in parent time and blocks", async () => {
    parent.moveToEpoch(inactivityEpochs);
    parent.callRoll();
    const start = parent.view.slot();
    parent.moveTo(start + slots(rollCallEpochs));
    expect(rollStatus(parent.view), "one block later").to.equal("answering");
    for (let i = 0; i < 8; i++) parent.moveTo(start + slots(rollCallEpochs));
    expect(rollStatus(parent.view)).to.equal("ejecting");
    expect(await step()).to.deep.equal(["0 eject 0"]);
    parent.ejectGroup(0);
    expect(rollStatus(parent.view)).to.equal("idle");
    expect(await step()).to.deep.equal([]);
  });

  it("gives up a roll that nobody finished, and calls the next", async () => {
    parent.moveToEpoch(inactivityEpochs);
    parent.callRoll();
    parent.moveTo(parent.view.slot() + slots(inactivityEpochs + rollCallEpochs));
    expect(rollStatus(parent.view)).to.equal("idle");
    expect(await step()).to.include("0 call");
  });

  it("goes on after a failure", async () => {
    parent.moveTo(slots(inactivityEpochs));
    let isFailing = true;
    const caller = new RollCaller({
      source: parent,
      actions: {
        call: () => {
          if (isFailing) throw new Error("the parent chain is away");
          sent.push("call");
          return Promise.resolve();
        },
        answer: () => Promise.resolve(),
        eject: () => Promise.resolve(),
      },
      answers: () => null,
      rank: 0,
      posters: 1,
      onError: (error) => errors.push(error),
    });
    await caller.onBlock();
    isFailing = false;
    await caller.onBlock();
    expect([errors.length, sent.length]).to.deep.equal([1, 1]);
  });
});
