import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { genesisCrosslink } from "../../../protocol/crosslink.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { ParentInconsistent } from "../../../relayer/parent/errors.ts";
import type { ParentLog } from "../../../relayer/parent/parent-log.ts";
import type { ChangedEntry, DataChallenge, ParentBlock } from "../../../relayer/parent/parent-view.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";

const SHARD = 2;
const POSITION = 1;

describe("What the view says of disputed entries", () => {
  let crypto: Crypto;
  let parent: HandFedParent;

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(() => {
    parent = new HandFedParent(crypto);
    parent.moveToEpoch(1);
  });

  const anchor = (epoch: number, shards: readonly number[] = [SHARD]) => {
    parent.moveToEpoch(epoch + 1);
    const crosslinks = shards.map((shard) => parent.crosslink(shard, epoch).crosslink);
    return parent.accept(epoch, crosslinks).changed;
  };
  const entryOf = (epoch: number) => parent.view.checkpoint(epoch)?.changed[0] as ChangedEntry;
  const voidEpochs = (last: number) =>
    Array.from({ length: last + 1 }, (_, epoch) => epoch).filter((epoch) => parent.view.isVoid(POSITION, epoch));
  const disputable = () => parent.view.disputable().map(({ position, crosslink }) => [position, crosslink.epoch]);
  const rollBack = (to: ParentBlock) => parent.view.rollBack(to);

  it("takes everything after a void entry for void, until the shard goes on from its parent in a new generation", () => {
    const { view } = parent;
    const [first] = anchor(1) as [ChangedEntry];
    anchor(2);
    anchor(3);
    expect(disputable()).to.deep.equal([
      [POSITION, 1],
      [POSITION, 2],
      [POSITION, 3],
    ]);
    const voided = parent.voidEntry(SHARD, 2);
    expect(voided).to.deep.include({ position: POSITION, epoch: 2, generation: 1, resume: first.crosslink });
    expect(view.shard(SHARD)).to.deep.include({ generation: 1, operator: parent.operator });
    expect(view.operatorOf(SHARD, 1)).to.deep.equal(parent.operator);
    expect(view.parentOf(SHARD)).to.deep.equal(first.crosslink);
    expect(voidEpochs(5)).to.deep.equal([2, 3, 4, 5]);
    expect(disputable()).to.deep.equal([[POSITION, 1]]);

    parent.accept(4, []);
    expect(view.parentOf(SHARD), "an epoch without the shard").to.deep.equal(first.crosslink);
    const [resumed] = anchor(5);
    expect(resumed?.crosslink).to.deep.include({ generation: 1, firstBlock: first.crosslink.lastBlock + 1 });
    expect(view.parentOf(SHARD)).to.deep.equal(resumed?.crosslink);
    expect(voidEpochs(7)).to.deep.equal([2, 3, 4]);
    expect(disputable()).to.deep.equal([
      [POSITION, 1],
      [POSITION, 5],
    ]);
  });

  it("goes back to an ancestor that becomes void later, and keeps void what was before", () => {
    for (const epoch of [1, 2, 3]) anchor(epoch);
    parent.voidEntry(SHARD, 3);
    anchor(4);
    parent.voidEntry(SHARD, 2);
    expect(parent.view.parentOf(SHARD)).to.deep.equal(entryOf(1).crosslink);
    expect(voidEpochs(5)).to.deep.equal([2, 3, 4, 5]);
    anchor(5);
    anchor(6);
    parent.voidEntry(SHARD, 6);
    expect(voidEpochs(7)).to.deep.equal([2, 3, 4, 6, 7]);
    parent.voidEntry(SHARD, 1);
    expect(parent.view.parentOf(SHARD)).to.deep.equal(genesisCrosslink(SHARD));
    expect(voidEpochs(7)).to.deep.equal([1, 2, 3, 4, 5, 6, 7]);
    expect(parent.view.shard(SHARD)?.generation).to.equal(4);
  });

  it("passes over an entry of a generation that its shard had left", () => {
    anchor(1);
    const dead = parent.crosslink(SHARD, 2).crosslink;
    parent.slashBond(SHARD);
    expect(parent.view.shard(SHARD)).to.deep.include({ generation: 1, operator: new Uint8Array(20) });
    parent.moveToEpoch(3);
    parent.accept(2, [dead]);
    expect(voidEpochs(3)).to.deep.equal([2, 3]);
    expect(disputable()).to.deep.equal([[POSITION, 1]]);
    expect(parent.view.parentOf(SHARD)).to.deep.equal(entryOf(1).crosslink);
    const [resumed] = anchor(3);
    expect(resumed?.crosslink.parent).to.deep.equal(dead.parent);
    expect(voidEpochs(4)).to.deep.equal([2]);
  });

  it("knows who operates which generation, and for which a bond is there", () => {
    const { view } = parent;
    const successor = new Uint8Array(20).fill(0x51);
    anchor(1);
    parent.voidEntry(SHARD, 1);
    expect([0, 1, 2].map((generation) => view.isBonded(SHARD, generation))).to.deep.equal([true, true, false]);
    parent.slashBond(SHARD);
    expect([0, 1, 2].map((generation) => view.isBonded(SHARD, generation))).to.deep.equal([false, false, false]);
    parent.takeOver(SHARD, successor);
    expect([0, 1, 2].map((generation) => view.isBonded(SHARD, generation))).to.deep.equal([false, false, true]);
    expect([0, 1, 2, 3].map((generation) => view.operatorOf(SHARD, generation))).to.deep.equal([
      parent.operator,
      parent.operator,
      successor,
      null,
    ]);
    expect(view.shard(SHARD)?.operator).to.deep.equal(successor);
    expect(view.operatorOf(9, 0)).to.equal(null);
  });

  it("lets nothing be disputed that has settled, where it has", () => {
    anchor(1, [SHARD, 3]);
    anchor(2, [SHARD, 3]);
    parent.voidEntry(SHARD, 2);
    parent.settle(1);
    expect(disputable()).to.deep.equal([[2, 2]]);
    parent.settle(2);
    expect(disputable()).to.deep.equal([]);
    const { view } = parent;
    expect(view.settlement(2)?.exceptions).to.deep.equal([POSITION]);
    expect(view.facts().settledCheckpointRoot(2, POSITION, view.epoch())).to.equal(null);
    expect(view.facts().settledCheckpointRoot(1, POSITION, view.epoch())).to.deep.equal(view.checkpoint(1)?.root);
    expect(() => parent.voidEntry(SHARD, 1)).to.throw(ParentInconsistent, "not to be disputed");
  });

  it("keeps the disputes of an entry open while it is held", () => {
    const [entry] = anchor(1) as [ChangedEntry];
    const { deadlineTime, deadlineBlock } = parent.challenge(entry);
    const held = { fromEpoch: 1, untilTime: deadlineTime, untilBlock: deadlineBlock };
    expect(parent.view.hold(POSITION)).to.deep.equal(held);
    expect(parent.view.hold(0)).to.equal(null);
    parent.moveToEpoch(4);
    expect(parent.view.hold(POSITION), "not in blocks yet").to.deep.equal(held);
    while (parent.view.head.number < deadlineBlock) parent.moveToEpoch(4);
    expect(parent.view.hold(POSITION)).to.equal(null);
  });

  it("forgets a challenge that is answered when its entry can be disputed no more, and another with its bond", () => {
    const { view } = parent;
    const [first] = anchor(1) as [ChangedEntry];
    const [second] = anchor(2) as [ChangedEntry];
    const headers = parent.challenge(first);
    const asked = { blockHash: first.hash, chunk: 3, missing: 0b11 };
    const steps = parent.challenge(second, asked);
    expect(headers).to.deep.include({ position: POSITION, crosslink: first.crosslink, blockHash: null, missing: 1 });
    expect(view.challenges().map(({ id }) => id)).to.deep.equal([headers.id, steps.id]);
    parent.answer(headers.id);
    parent.answer(steps.id, 0b10);
    const answered = view.challenge(steps.id) as DataChallenge;
    expect(answered).to.deep.include({ missing: 0b10, chunk: 3, blockHash: first.hash });
    expect(answered.answers).to.have.length(1);
    parent.settle(1);
    expect(view.challenges()).to.deep.equal([answered]);
    parent.voidEntry(SHARD, 2);
    expect(view.challenges(), "the bond is still to be fetched").to.deep.equal([answered]);
    parent.returnBond(steps.id);
    expect(view.challenges()).to.deep.equal([]);
  });

  it("is what it was before when the parent chain takes a dispute back", () => {
    const { view } = parent;
    const [first] = anchor(1) as [ChangedEntry];
    anchor(2);
    const before = { head: view.head, shard: view.shard(SHARD), disputable: disputable() };
    parent.challenge(first);
    parent.voidEntry(SHARD, 1);
    parent.slashBond(SHARD);
    anchor(3);
    rollBack(before.head);
    expect({ head: view.head, shard: view.shard(SHARD), disputable: disputable() }).to.deep.equal(before);
    expect(view.parentOf(SHARD)).to.deep.equal(entryOf(2).crosslink);
    expect([voidEpochs(4), view.challenges(), view.hold(POSITION)]).to.deep.equal([[], [], null]);
    expect([view.operatorOf(SHARD, 1), view.isBonded(SHARD, 0)]).to.deep.equal([null, true]);
  });

  it("refuses what cannot have happened", () => {
    const [entry] = anchor(1) as [ChangedEntry];
    const blockNumber = parent.view.head.number + 1;
    const head = { ...parent.view.head, number: blockNumber };
    const refused = (log: ParentLog, why: string) =>
      expect(() => parent.view.extend([log], head)).to.throw(ParentInconsistent, why);
    const voided = { kind: "crosslinkVoided", blockNumber, shardId: SHARD, position: POSITION, epoch: 1 } as const;
    const sound = { crosslinkHash: entry.hash, resume: entry.crosslink.parent };
    refused({ ...voided, ...sound, crosslinkHash: entry.crosslink.parent }, "not to be disputed");
    refused({ ...voided, ...sound, epoch: 2 }, "not to be disputed");
    refused({ ...voided, ...sound, position: 9 }, "no position 9");
    refused({ ...voided, ...sound, resume: entry.crosslink.stateRoot }, "nobody knows");
    const of = (shardId: number) => ({ blockNumber, shardId });
    refused({ kind: "generationAdvanced", ...of(SHARD), generation: 2 }, "went from generation 0 to 2");
    refused({ kind: "generationAdvanced", ...of(9), generation: 1 }, "never opened");
    const operator = parent.operator;
    refused({ kind: "operatorChanged", ...of(SHARD), generation: 1, operator }, "in generation 1");
    expect(disputable()).to.deep.equal([[POSITION, 1]]);
  });
});
