import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { CheckAllowance, checksOf } from "../../../relayer/node/check-allowance.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";

describe("CheckAllowance", () => {
  const create = () => new CheckAllowance({ shardCount: 4, slotsPerEpoch: 8 });

  /** How many single checks the peer gets in the slot. */
  function drain(allowance: CheckAllowance, peer: string, slot: number): number {
    let taken = 0;
    while (allowance.take(peer, 1, slot)) taken++;
    return taken;
  }

  it("is as much as an honest peer needs in an epoch, for each peer", () => {
    const allowance = create();
    expect(drain(allowance, "a", 5)).to.equal(allowance.capacity);
    expect(drain(allowance, "b", 5)).to.equal(allowance.capacity);
    expect(drain(allowance, "a", 5)).to.equal(0);
  });

  it("comes back slot by slot, all of it within an epoch, and no more than that", () => {
    const allowance = create();
    drain(allowance, "a", 5);
    expect(drain(allowance, "a", 6)).to.equal(allowance.perSlot);
    expect(drain(allowance, "a", 8)).to.equal(2 * allowance.perSlot);
    expect(drain(allowance, "a", 16)).to.equal(allowance.capacity);
    expect(drain(allowance, "a", 1000)).to.equal(allowance.capacity);
  });

  it("does not come back with slots that a reorg of the parent chain took back", () => {
    const allowance = create();
    drain(allowance, "a", 5);
    expect(drain(allowance, "a", 3)).to.equal(0);
    expect(drain(allowance, "a", 5)).to.equal(0);
  });

  it("is given whole or not at all", () => {
    const allowance = create();
    expect(allowance.take("a", 0, 5)).to.equal(true);
    expect(allowance.take("a", allowance.capacity + 1, 5)).to.equal(false);
    expect(allowance.take("a", allowance.capacity - 1, 5)).to.equal(true);
    expect(allowance.take("a", 2, 5)).to.equal(false);
    expect(allowance.take("a", 1, 5)).to.equal(true);
  });

  it("is kept for so many peers at a time, whatever names they take", () => {
    const allowance = create();
    const accepted = Array.from({ length: 3000 }, (_, i) => allowance.take(`peer ${i}`, 1, 5)).filter(Boolean).length;
    expect(accepted).to.equal(1024);
    expect(allowance.take("another", 1, 6)).to.equal(true);
  });

  it("counts what a message may make its receiver verify", async () => {
    const parent = new HandFedParent(await createNativeCrypto());
    parent.moveToEpoch(2);
    const signed = parent.crosslink(1, 1);
    const certificate = parent.certificate(signed);
    expect(checksOf({ kind: "block", block: new Uint8Array(300) })).to.equal(0);
    expect(checksOf(parent.attestation(signed, [1]))).to.equal(1);
    expect(checksOf({ kind: "certificate", ...certificate })).to.equal(2);
    expect(checksOf(parent.proposal(1, [certificate]))).to.equal(4);
  });
});
