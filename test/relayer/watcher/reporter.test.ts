import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import type { Offence } from "../../../relayer/watcher/offences.ts";
import { Reporter } from "../../../relayer/watcher/reporter.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";

const ROOT = new Uint8Array(32);

describe("Reporter", () => {
  let parent: HandFedParent;
  let pursued: Offence[];
  let outcome: () => "waiting" | "done";
  let claims: number;
  let errors: unknown[];

  const reporter = (rank = 0, watchers = 1) =>
    new Reporter({
      source: parent,
      pursue: async (offence) => {
        pursued.push(offence);
        return outcome();
      },
      claim: () => Promise.resolve(claims++),
      rank,
      watchers,
      onError: (error) => errors.push(error),
    });

  beforeEach(async () => {
    parent = new HandFedParent(await createNativeCrypto());
    parent.moveTo(1);
    pursued = [];
    outcome = () => "waiting";
    claims = 0;
    errors = [];
  });

  const proposals = (validator: number): Offence => {
    const signed = { epoch: 1, checkpointRoot: ROOT, signature: new Uint8Array(96) };
    return { evidence: { kind: "proposals", validator, a: signed, b: signed }, guilty: [validator] };
  };

  it("goes on until it is done, and claims once", async () => {
    const one = reporter();
    one.report(proposals(3));
    await one.onBlock();
    await one.onBlock();
    expect([pursued.length, claims]).to.deep.equal([2, 0]);
    outcome = () => "done";
    await one.onBlock();
    await one.onBlock();
    expect([pursued.length, claims]).to.deep.equal([3, 1]);
  });

  it("leaves to others what they have done already", async () => {
    const one = reporter();
    one.report(proposals(3));
    parent.slash(3);
    await one.onBlock();
    expect([pursued.length, claims, one.open]).to.deep.equal([0, 0, 1]);
  });

  it("waits for its turn", async () => {
    const second = reporter(1, 2);
    second.report(proposals(3));
    await second.onBlock();
    expect(pursued).to.deep.equal([]);
    parent.moveTo(1 + 12);
    await second.onBlock();
    expect(pursued).to.have.length(1);
  });

  it("begins again after a reorg, until none can take anything back", async () => {
    const one = reporter();
    one.report(proposals(3));
    outcome = () => "done";
    await one.onBlock();
    parent.emit("reorg", parent.view.head, parent.view.head);
    await one.onBlock();
    expect(pursued).to.have.length(2);
    for (let slot = 2; slot < 70; slot++) parent.moveTo(slot);
    await one.onBlock();
    expect([pursued.length, one.open]).to.deep.equal([2, 0]);
  });

  it("gives up what the parent chain never takes", async () => {
    const one = reporter();
    one.report(proposals(3));
    outcome = () => {
      throw new Error("refused");
    };
    for (let i = 0; i < 100; i++) await one.onBlock();
    expect([pursued.length, errors.length, one.open]).to.deep.equal([64, 64, 0]);
  });

  it("is not held up by one that fails", async () => {
    const one = reporter();
    one.report(proposals(3));
    one.report(proposals(4));
    outcome = () => {
      if (pursued.length % 2 === 1) throw new Error("the parent chain is away");
      return "done";
    };
    await one.onBlock();
    expect([pursued.length, errors.length, claims]).to.deep.equal([2, 1, 1]);
    await one.onBlock();
    expect(pursued.map(({ guilty }) => guilty[0])).to.deep.equal([3, 4, 3]);
  });
});
