import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { equal, ZERO_HASH } from "../../../protocol/bytes.ts";
import { checkpointRoot } from "../../../protocol/checkpoint.ts";
import { crosslinkHash, genesisCrosslink } from "../../../protocol/crosslink.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { createDomain } from "../../../protocol/eip712.ts";
import { INBOX_DEPOSIT, inboxEntryDigest } from "../../../protocol/inbox-entry.ts";
import { parametersFor } from "../../../protocol/presets.ts";
import { genesisMix, seedOf } from "../../../protocol/randomness.ts";
import type { ChangedRecord } from "../../../relayer/parent/checkpoint-submission.ts";
import { committeeOf } from "../../../relayer/parent/committee.ts";
import { ParentInconsistent } from "../../../relayer/parent/errors.ts";
import type { ParentLog } from "../../../relayer/parent/parent-log.ts";
import { ParentState } from "../../../relayer/parent/parent-state.ts";
import type { ParentBlock } from "../../../relayer/parent/parent-view.ts";

const GENESIS = 1_000;
const ACCOUNT = new Uint8Array(20).fill(0x22);
const NOWHERE = "0x0000000000000000000000000000000000000000";

describe("ParentState", () => {
  const parameters = parametersFor("minimal", "devnet");
  const epochSeconds = parameters.slotsPerEpoch * parameters.secondsPerSlot;
  let crypto: Crypto;
  let state: ParentState;

  const domain = () => createDomain(crypto, 31337n, ACCOUNT);
  /** A block early in the epoch; one second per block. */
  const block = (number: number, epoch: number): ParentBlock => ({
    number,
    hash: new Uint8Array(32).fill(number),
    timestamp: GENESIS + epoch * epochSeconds,
  });

  function launch(shards: number, validators: number): ParentLog[] {
    const opened = Array.from({ length: shards }, (_, position): ParentLog => {
      const shard = { id: position + 1, operator: ACCOUNT, position, chainId: 7000 + position, openedEpoch: 0 };
      return { kind: "shardOpened", blockNumber: 1, ...shard };
    });
    const enrolled = Array.from({ length: validators }, (_, seat): ParentLog => {
      const publicKey = new Uint8Array(48).fill(seat);
      return { kind: "validatorEnrolled", blockNumber: 1, index: seat + 1, seat, activationEpoch: 0, publicKey };
    });
    const paid = { firstValidator: 1, count: validators, withdrawalAddress: ACCOUNT };
    return [
      ...opened,
      ...enrolled,
      { kind: "deposited", blockNumber: 1, ...paid },
      { kind: "genesisScheduled", blockNumber: 1, genesisTime: GENESIS },
    ];
  }

  /** The vote of an epoch on one change at position 0, from the justified checkpoint, with the root that belongs to it. */
  function accepted(targetEpoch: number, at: ParentBlock): ParentLog & { kind: "checkpointAccepted" } {
    const source = state.checkpoint(state.justified.epoch);
    if (source === null) throw new Error("there is no source");
    const blocks = { firstBlock: 1, lastBlock: 2, blocksRoot: ZERO_HASH, stateRoot: new Uint8Array(32).fill(9) };
    const changed: ChangedRecord[] = [{ position: 0, record: { generation: 0, ...blocks } }];
    const previous = source.crosslinkOf(0) ?? genesisCrosslink(1);
    const parent = crosslinkHash(crypto, state.domain, previous);
    const entry = crosslinkHash(crypto, state.domain, {
      shardId: 1,
      epoch: targetEpoch,
      parent,
      generation: 0,
      ...blocks,
    });
    const sourceEpoch = source.checkpoint.body.epoch;
    const body = { epoch: targetEpoch, sourceEpoch, sourceRoot: source.root, rewardsRoot: ZERO_HASH };
    const root = checkpointRoot(crypto, { body, entries: source.checkpoint.entries.with(0, entry) });
    const submission = {
      targetEpoch,
      sourceEpoch,
      sourceRoot: source.root,
      previousEntries: source.checkpoint.entries,
      changed,
      rewardsRoot: ZERO_HASH,
      absent: new Uint8Array(),
      signature: new Uint8Array(256),
      reveal: new Uint8Array(256),
    };
    return { kind: "checkpointAccepted", blockNumber: at.number, block: at, root, submission };
  }

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(() => {
    const addresses = {
      registry: NOWHERE,
      staking: NOWHERE,
      anchors: NOWHERE,
      shardRegistry: NOWHERE,
      inbox: NOWHERE,
      slashings: NOWHERE,
      vault: NOWHERE,
      rollCall: NOWHERE,
      disputes: NOWHERE,
      dataChallenges: NOWHERE,
    };
    state = new ParentState(crypto, { domain: domain(), parameters, addresses }, block(0, 0));
    state.extend(launch(2, 8), block(1, 0));
  });

  it("refuses a checkpoint whose submission does not lead to its root, and stays as it was", () => {
    const before = state.head;
    const forged = { ...accepted(1, block(2, 2)), root: ZERO_HASH };
    const shard: ParentLog = {
      kind: "shardOpened",
      blockNumber: 2,
      id: 3,
      operator: ACCOUNT,
      position: 2,
      chainId: 1,
      openedEpoch: 2,
    };
    expect(() => state.extend([shard, forged], block(2, 2))).to.throw(ParentInconsistent, "leads to the root");
    expect(state.head).to.equal(before);
    expect(state.checkpoint(1)).to.equal(null);
    expect(state.shards()).to.have.length(2);
    expect(state.seatCount(0)).to.equal(8);
  });

  it("refuses a change where there is no shard", () => {
    const log = accepted(1, block(2, 2));
    const moved = log.submission.changed.map((change) => ({ ...change, position: 3 }));
    const forged = { ...log, submission: { ...log.submission, changed: moved } };
    expect(() => state.extend([forged], block(2, 2))).to.throw(ParentInconsistent, "there is no shard");
  });

  it("refuses gaps in what is numbered", () => {
    const entry = {
      shardId: 1,
      index: 1,
      epoch: 0,
      kind: INBOX_DEPOSIT,
      sender: ACCOUNT,
      recipient: ACCOUNT,
      value: 1n,
      data: new Uint8Array(),
    };
    const digest = inboxEntryDigest(crypto, state.domain, entry);
    const gap: ParentLog = { kind: "inboxEntryAdded", blockNumber: 2, entry: { ...entry, digest } };
    expect(() => state.extend([gap], block(2, 0))).to.throw(ParentInconsistent, "where 0 is next");
    const wrong: ParentLog = { kind: "inboxEntryAdded", blockNumber: 2, entry: { ...entry, index: 0, digest } };
    expect(() => state.extend([wrong], block(2, 0))).to.throw(ParentInconsistent, "digest");
    const stranger = { firstValidator: 9, count: 1, withdrawalAddress: ACCOUNT };
    const unpaid: ParentLog = { kind: "deposited", blockNumber: 2, ...stranger };
    expect(() => state.extend([unpaid], block(2, 0))).to.throw(ParentInconsistent, "stakes");
  });

  it("reads nothing from void positions and settled exceptions", () => {
    state.extend([accepted(1, block(2, 2))], block(2, 2));
    state.extend([{ kind: "entriesVoided", blockNumber: 3, targetEpoch: 1, positions: [0] }], block(3, 2));
    expect(state.checkpoint(1)?.voided).to.deep.equal([0]);
    const settled = { kind: "checkpointSettled" as const, block: block(4, 5), epoch: 1, exceptions: [0] };
    state.extend([{ ...settled, blockNumber: 4 }], block(4, 5));
    const facts = state.facts();
    expect(facts.settledCheckpointRoot(1, 0, 5)).to.equal(null);
    expect(facts.settledCheckpointRoot(1, 1, 5)).to.deep.equal(state.checkpoint(1)?.root);
    expect(facts.settledCheckpointRoot(1, 1, 4)).to.equal(null);
  });

  it("knows a seed only when its mix cannot change any more", () => {
    expect(equal(state.seed(0) ?? ZERO_HASH, seedOf(crypto, genesisMix(crypto, state.domain), 0))).to.equal(true);
    expect(state.seed(1)).to.equal(null);
    const mix = new Uint8Array(32).fill(5, 4);
    state.extend([{ kind: "mixAdvanced", blockNumber: 2, epoch: 2, mix }], block(2, 2));
    expect(equal(state.seed(2) ?? ZERO_HASH, seedOf(crypto, genesisMix(crypto, state.domain), 2))).to.equal(true);
    expect(state.seed(3)).to.equal(null);
    state.extend([], block(3, 3));
    expect(state.seed(3)).to.deep.equal(seedOf(crypto, mix, 3));
  });

  it("knows no seed, committee or proposer before genesis, whose mix is that of the last deposit", () => {
    state.rollBack(block(0, 0));
    const mixes = [5, 6].map((byte) => new Uint8Array(32).fill(byte, 4));
    const deposited = mixes.map((mix): ParentLog => ({ kind: "mixAdvanced", blockNumber: 1, epoch: 0, mix }));
    state.extend(launch(2, 8).slice(0, -1), block(1, -2));
    state.extend(deposited.slice(0, 1), block(2, -2));
    const unknown = () => [state.mixAsOf(-1), state.seed(0), state.committee(0, 0), state.proposer(0)];
    expect(unknown(), "not scheduled").to.deep.equal([null, null, null, null]);
    state.extend([{ kind: "genesisScheduled", blockNumber: 3, genesisTime: GENESIS }], block(3, -2));
    state.extend(deposited.slice(1), block(4, -1));
    expect(unknown(), "scheduled").to.deep.equal([null, null, null, null]);
    state.extend([], block(5, 0));
    expect(state.mixAsOf(-1)).to.deep.equal(mixes[1]);
    expect(state.seed(0)).to.deep.equal(seedOf(crypto, mixes[1] as Uint8Array, 0));
    expect(state.committee(0, 0)).to.have.length(8);
    expect(state.proposer(0)).not.to.equal(null);
    state.extend([], block(6, 1));
    expect(state.seed(1)).to.deep.equal(seedOf(crypto, mixes[1] as Uint8Array, 1));
  });

  it("leaves a seat vacant from the exit epoch on, until somebody is enrolled for it", () => {
    const leaves: ParentLog = { kind: "validatorExitScheduled", blockNumber: 2, index: 3, exitEpoch: 4 };
    state.extend([leaves], block(2, 2));
    const publicKey = new Uint8Array(48).fill(99);
    const enrolled = { index: 9, seat: 2, activationEpoch: 6, publicKey };
    const paid = { firstValidator: 9, count: 1, withdrawalAddress: ACCOUNT };
    const refilled: ParentLog[] = [
      { kind: "validatorEnrolled", blockNumber: 3, ...enrolled },
      { kind: "deposited", blockNumber: 3, ...paid },
    ];
    state.extend(refilled, block(3, 3));
    const occupants = [3, 4, 5, 6].map((epoch) => state.occupant(2, epoch)?.index ?? null);
    expect(occupants).to.deep.equal([3, null, null, 9]);
    expect([3, 4, 5, 6].map((epoch) => state.occupiedCount(epoch))).to.deep.equal([8, 7, 7, 8]);
    expect([3, 4, 5, 6].map((epoch) => state.seatCount(epoch))).to.deep.equal([8, 8, 8, 8]);
    expect(state.validator(3)?.exitEpoch).to.equal(4);
    expect(state.validatorByKey(publicKey)?.exitEpoch).to.equal(Number.POSITIVE_INFINITY);

    state.extend([], block(4, 5));
    const committee = state.committee(0, 5) ?? [];
    expect(committee, "the vacant seat is a member").to.include(2);
    expect(committeeOf(state, 0, 5)?.[committee.indexOf(2)]).to.equal(null);
  });

  it("keeps the number of seats when the last one is left", () => {
    state.extend([{ kind: "validatorExitScheduled", blockNumber: 2, index: 8, exitEpoch: 4 }], block(2, 2));
    expect([state.seatCount(4), state.occupiedCount(4), state.occupant(7, 4)]).to.deep.equal([8, 7, null]);
  });

  it("forgets what a reorg took back: exits, slashings, changes of the withdrawal address", () => {
    const before = [state.validator(3), state.shard(2), state.occupant(2, 4)] as const;
    const withdrawalAddress = new Uint8Array(20).fill(0x77);
    const changes: ParentLog[] = [
      { kind: "validatorExitScheduled", blockNumber: 2, index: 3, exitEpoch: 4 },
      { kind: "validatorSlashed", blockNumber: 2, index: 3 },
      { kind: "withdrawalAddressChanged", blockNumber: 2, index: 3, withdrawalAddress },
      { kind: "bondSlashed", blockNumber: 2, shardId: 2 },
    ];
    state.extend(changes, block(2, 2));
    expect(state.occupant(2, 3)).to.deep.include({ index: 3, exitEpoch: 4, isSlashed: true, withdrawalAddress });
    expect(state.validatorByKey(before[0]?.publicKey as Uint8Array)).to.equal(state.validator(3));
    expect([state.isBonded(1, 0), state.isBonded(2, 0)]).to.deep.equal([true, false]);
    state.rollBack(block(1, 0));
    expect([state.validator(3), state.shard(2), state.occupant(2, 4)]).to.deep.equal(before);
  });

  it("refuses exits of nobody, and second ones", () => {
    const exit = (index: number): ParentLog => ({
      kind: "validatorExitScheduled",
      blockNumber: 2,
      index,
      exitEpoch: 4,
    });
    expect(() => state.extend([exit(9)], block(2, 2))).to.throw(ParentInconsistent, "never enrolled");
    const slashed: ParentLog = { kind: "bondSlashed", blockNumber: 2, shardId: 3 };
    expect(() => state.extend([slashed], block(2, 2))).to.throw(ParentInconsistent, "never opened");
    expect(() => state.extend([exit(3), exit(3)], block(2, 2))).to.throw(ParentInconsistent, "second time");
    expect(state.occupiedCount(4)).to.equal(8);
  });

  it("comes back to what it was when it is rolled back", () => {
    state.extend([accepted(1, block(2, 2))], block(2, 2));
    const finalized: ParentLog = { kind: "checkpointFinalized", blockNumber: 3, epoch: 1 };
    state.extend([accepted(2, block(3, 3)), finalized], block(3, 3));
    expect([state.justified.epoch, state.finalized.epoch]).to.deep.equal([2, 1]);
    state.rollBack(block(2, 2));
    expect([state.justified.epoch, state.finalized.epoch]).to.deep.equal([1, 0]);
    expect(state.epoch()).to.equal(2);
    expect(state.checkpoint(2)).to.equal(null);
    state.rollBack(block(0, 0));
    expect([state.justified.epoch, state.validatorCount(), state.genesisTime]).to.deep.equal([0, 0, null]);
  });
});
