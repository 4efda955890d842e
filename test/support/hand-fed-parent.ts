import { EventEmitter } from "node:events";
import { bitsFrom } from "../../protocol/bits.ts";
import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { fromBigInt, toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { checkpointRoot, nextCheckpoint } from "../../protocol/checkpoint.ts";
import { firstSlotOf } from "../../protocol/clock.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink, type SignedCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { createDomain, shardChainId } from "../../protocol/eip712.ts";
import type { Attestation, Certificate, Proposal, RollAnswer, SeatVote } from "../../protocol/gossip.ts";
import { INBOX_DEPOSIT, inboxEntryDigest } from "../../protocol/inbox-entry.ts";
import { addressOfKey, signAsOperator } from "../../protocol/operator-signature.ts";
import { type Parameters, parametersFor } from "../../protocol/presets.ts";
import { proposalDigest, randaoRevealDigest, rollAnswerDigest, voteDigest } from "../../protocol/vote.ts";
import type { Ballot } from "../../relayer/aggregator/votes.ts";
import type { CheckpointSubmission } from "../../relayer/parent/checkpoint-submission.ts";
import type { ParentLog } from "../../relayer/parent/parent-log.ts";
import { ParentState } from "../../relayer/parent/parent-state.ts";
import type {
  AcceptedCheckpoint,
  ChangedEntry,
  DataChallenge,
  MessageDemand,
  ParentBlock,
  ParentEvents,
  ParentSource,
  Shard,
  Validator,
  VoidedEntry,
} from "../../relayer/parent/parent-view.ts";

const GENESIS_TIME = 1_000_000;
const REGISTRY = new Uint8Array(20).fill(0x5a);
const NOWHERE = "0x0000000000000000000000000000000000000000";
const ADDRESSES = {
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

const ALL_HEADERS = { blockHash: ZERO_HASH, chunk: 0, missing: 1 };

/**
 * The real model of the parent chain, fed with events by hand, and the keys of everybody in it: what validators,
 * aggregators and posters see, without a chain.
 */
export class HandFedParent extends EventEmitter<ParentEvents> implements ParentSource {
  readonly crypto: Crypto;
  readonly parameters: Parameters = parametersFor("minimal", "devnet");
  readonly view: ParentState;
  readonly operatorKey = new Uint8Array(32).fill(0x0f);
  readonly operator: Uint8Array;
  /** BLS, by seat. */
  readonly secretKeys: readonly Uint8Array[];
  #block = 1;
  #challenges = 0n;

  /** Shards 1 to 4 of one operator, and four committees of validators, in epoch 0. */
  constructor(crypto: Crypto) {
    super();
    this.crypto = crypto;
    const domain = createDomain(crypto, 31_337n, REGISTRY);
    this.operator = addressOfKey(crypto, this.operatorKey);
    const { shardCount, committeeSize } = this.parameters;
    this.secretKeys = Array.from({ length: shardCount * committeeSize }, (_, i) => fromBigInt(BigInt(i) + 7n, 32));
    const base = this.#blockAt(0);
    this.view = new ParentState(crypto, { domain, parameters: this.parameters, addresses: ADDRESSES }, base);
    const opened = Array.from({ length: shardCount }, (_, position): ParentLog => {
      const chainId = shardChainId(crypto, domain, position + 1);
      const shard = { id: position + 1, operator: this.operator, position, chainId, openedEpoch: 0 };
      return { kind: "shardOpened", blockNumber: 1, ...shard };
    });
    const enrolled = this.secretKeys.map((secretKey, seat): ParentLog => {
      const publicKey = crypto.bls.publicKey(secretKey);
      return { kind: "validatorEnrolled", blockNumber: 1, index: seat + 1, seat, activationEpoch: 0, publicKey };
    });
    const paid = { firstValidator: 1, count: this.secretKeys.length, withdrawalAddress: this.operator };
    this.#extend(0, [
      ...opened,
      ...enrolled,
      { kind: "deposited", blockNumber: 1, ...paid },
      { kind: "genesisScheduled", blockNumber: 1, genesisTime: GENESIS_TIME },
    ]);
  }

  // ------------------------------------------------------------------ what happens on the chain

  /** A new block in that slot, counted from genesis. */
  moveTo(slot: number): void {
    this.#extend(slot, []);
  }

  moveToEpoch(epoch: number): void {
    this.moveTo(firstSlotOf(this.parameters, epoch));
  }

  deposit(shardId: number, recipient: Uint8Array, value: bigint): void {
    const index = this.view.inboxCount(shardId);
    const epoch = this.view.epoch();
    const entry = { shardId, index, epoch, kind: INBOX_DEPOSIT, sender: this.operator, recipient, value };
    const whole = { ...entry, data: new Uint8Array() };
    const digest = inboxEntryDigest(this.crypto, this.view.domain, whole);
    const blockNumber = this.#block + 1;
    this.#extend(this.view.slot(), [{ kind: "inboxEntryAdded", blockNumber, entry: { ...whole, digest } }]);
  }

  /** Somebody demands on the parent chain that the message be imported; the place of it is where nothing can be read. */
  demandMessage(destination: number, source: number, index: number): MessageDemand {
    const blockNumber = this.#block + 1;
    const place = { blockNumber, blockHash: this.#blockAt(0, blockNumber).hash, logIndex: 0 };
    const demand = { destination, source, index, epoch: this.view.epoch(), place };
    this.#extend(this.view.slot(), [{ kind: "messageDemanded", blockNumber, demand }]);
    this.emit("demand", demand);
    return demand;
  }

  /** The parent chain accepts a checkpoint in which these crosslinks replace their shards' entries, without a look at them. */
  accept(epoch: number, crosslinks: readonly Crosslink[], absentSeats: readonly number[] = []): AcceptedCheckpoint {
    const { view } = this;
    const absent = absentSeats.length === 0 ? new Uint8Array() : bitsFrom(absentSeats, view.seatCount(epoch));
    const submission = { ...this.submission(epoch, crosslinks), absent };
    const root = checkpointRoot(this.crypto, this.#next(epoch, crosslinks));
    const number = this.#block + 1;
    const block = this.#blockAt(view.slot(), number);
    this.#extend(view.slot(), [{ kind: "checkpointAccepted", blockNumber: number, block, root, submission }]);
    return view.checkpoint(epoch) as AcceptedCheckpoint;
  }

  /** On top of the justified checkpoint, signed by nobody. */
  submission(epoch: number, crosslinks: readonly Crosslink[] = []): CheckpointSubmission {
    const source = this.view.checkpoint(this.view.justified.epoch) as AcceptedCheckpoint;
    return {
      targetEpoch: epoch,
      sourceEpoch: source.checkpoint.body.epoch,
      sourceRoot: source.root,
      previousEntries: source.checkpoint.entries,
      changed: crosslinks.map((crosslink) => ({ position: crosslink.shardId - 1, record: crosslink })),
      rewardsRoot: ZERO_HASH,
      absent: new Uint8Array(),
      signature: new Uint8Array(256),
      reveal: new Uint8Array(256),
    };
  }

  slash(validator: number): void {
    this.#extend(this.view.slot(), [{ kind: "validatorSlashed", blockNumber: this.#block + 1, index: validator }]);
  }

  /** In the present epoch, as the contract does it after a long time without a checkpoint. */
  callRoll(): void {
    const block = this.#blockAt(this.view.slot(), this.#block + 1);
    const epoch = this.view.epoch();
    const groups = Math.ceil(this.view.seatCount(epoch) / 256);
    const called = { epoch, justifiedEpoch: this.view.justified.epoch, groups };
    this.#extend(this.view.slot(), [{ kind: "rollCalled", blockNumber: block.number, block, ...called }]);
  }

  recordAnswer(seats: readonly number[]): void {
    const epoch = this.view.roll?.epoch ?? 0;
    const answered = { epoch, seats: bitsFrom(seats, this.view.seatCount(epoch)) };
    this.#extend(this.view.slot(), [{ kind: "rollAnswered", blockNumber: this.#block + 1, ...answered }]);
  }

  ejectGroup(group: number): void {
    const ejected = { epoch: this.view.roll?.epoch ?? 0, group };
    this.#extend(this.view.slot(), [{ kind: "groupEjected", blockNumber: this.#block + 1, ...ejected }]);
  }

  /** What the shard's crosslink of that epoch changed is void, with all that came after; the next generation begins. */
  voidEntry(shardId: number, epoch: number): VoidedEntry {
    const { view } = this;
    const position = shardId - 1;
    const entry = view.checkpoint(epoch)?.changed.find((changed) => changed.position === position);
    if (entry === undefined) throw new Error(`shard ${shardId} changed nothing in epoch ${epoch}`);
    const { hash: crosslinkHash, crosslink } = entry;
    const at = { shardId, position, epoch, crosslinkHash };
    const generation = (view.shard(shardId)?.generation ?? 0) + 1;
    const blockNumber = this.#block + 1;
    this.#extend(view.slot(), [
      { kind: "crosslinkVoided", blockNumber, ...at, resume: crosslink.parent },
      { kind: "generationAdvanced", blockNumber, shardId, generation },
    ]);
    const voided = { ...at, resume: view.crosslinkByHash(crosslink.parent) as Crosslink, generation };
    this.emit("voided", voided);
    this.emit("generation", view.shard(shardId) as Shard);
    return voided;
  }

  /** The shard's bond is taken: it is left without an operator, in the next generation. */
  slashBond(shardId: number): void {
    const blockNumber = this.#block + 1;
    const generation = (this.view.shard(shardId)?.generation ?? 0) + 1;
    this.#extend(this.view.slot(), [
      { kind: "bondSlashed", blockNumber, shardId },
      { kind: "generationAdvanced", blockNumber, shardId, generation },
      { kind: "operatorChanged", blockNumber, shardId, generation, operator: new Uint8Array(20) },
    ]);
    this.emit("generation", this.view.shard(shardId) as Shard);
  }

  takeOver(shardId: number, operator: Uint8Array): void {
    const generation = this.view.shard(shardId)?.generation ?? 0;
    const blockNumber = this.#block + 1;
    this.#extend(this.view.slot(), [{ kind: "operatorChanged", blockNumber, shardId, generation, operator }]);
    this.emit("generation", this.view.shard(shardId) as Shard);
  }

  /** Somebody asks for data of an entry: for all headers, or for what `asked` says of one block. */
  challenge(
    { hash: crosslinkHash, position, crosslink: { epoch } }: ChangedEntry,
    asked: { readonly blockHash: Uint8Array; readonly chunk: number; readonly missing: number } = ALL_HEADERS,
  ): DataChallenge {
    const { view } = this;
    const blockNumber = this.#block + 1;
    const id = ++this.#challenges;
    const untilTime = view.head.timestamp + this.parameters.secondsPerSlot * this.parameters.slotsPerEpoch;
    const untilBlock = blockNumber + this.parameters.challengeBlocks;
    const deadline = { deadlineTime: untilTime, deadlineBlock: untilBlock };
    const who = { challenger: this.operator, bond: 1n };
    this.#extend(view.slot(), [
      { kind: "entryHeld", blockNumber, block: view.head, position, epoch, untilTime, untilBlock },
      { kind: "dataChallenged", blockNumber, id, crosslinkHash, ...asked, ...who, ...deadline },
    ]);
    const challenge = view.challenge(id) as DataChallenge;
    this.emit("challenge", challenge);
    return challenge;
  }

  /** Answers a challenge, up to what is still missing; the place of the answer is where nothing can be read. */
  answer(id: bigint, missing = 0): void {
    const blockNumber = this.#block + 1;
    const place = { blockNumber, blockHash: this.#blockAt(0, blockNumber).hash, logIndex: 0 };
    this.#extend(this.view.slot(), [{ kind: "challengeAnswered", blockNumber, id, missing, place }]);
    this.emit("answer", this.view.challenge(id) as DataChallenge);
  }

  returnBond(id: bigint): void {
    this.#extend(this.view.slot(), [{ kind: "bondReturned", blockNumber: this.#block + 1, id }]);
  }

  finalize(epoch: number): void {
    this.#extend(this.view.slot(), [{ kind: "checkpointFinalized", blockNumber: this.#block + 1, epoch }]);
  }

  settle(epoch: number): void {
    const blockNumber = this.#block + 1;
    const block = this.#blockAt(this.view.slot(), blockNumber);
    const positions = Array.from({ length: this.parameters.shardCount }, (_, position) => position);
    const exceptions = positions.filter((position) => this.view.isVoid(position, epoch));
    this.#extend(this.view.slot(), [{ kind: "checkpointSettled", blockNumber, block, epoch, exceptions }]);
  }

  // ------------------------------------------------------------------ what others sign

  /** What the operator says of the shard: by default two blocks on top of what the shard stands on, in its generation. */
  crosslink(shardId: number, epoch: number, fields: Partial<Crosslink> = {}): SignedCrosslink {
    const { view, crypto } = this;
    const parent = view.parentOf(shardId) ?? genesisCrosslink(shardId);
    const firstBlock = parent.lastBlock + 1;
    return this.signed({
      shardId,
      generation: view.shard(shardId)?.generation ?? 0,
      epoch,
      parent: crosslinkHash(crypto, view.domain, parent),
      firstBlock,
      lastBlock: firstBlock + 1,
      blocksRoot: crypto.sha256(Uint8Array.of(1, shardId)),
      stateRoot: crypto.sha256(Uint8Array.of(2, shardId)),
      ...fields,
    });
  }

  signed(crosslink: Crosslink, key = this.operatorKey): SignedCrosslink {
    const hash = crosslinkHash(this.crypto, this.view.domain, crosslink);
    return { crosslink, operatorSignature: signAsOperator(this.crypto, hash, key) };
  }

  hashOf({ crosslink }: SignedCrosslink): Uint8Array {
    return crosslinkHash(this.crypto, this.view.domain, crosslink);
  }

  /** By the members at these places of the shard's committee. */
  attestation(signed: SignedCrosslink, places: readonly number[]): Attestation {
    const { shardId, epoch } = signed.crosslink;
    const { members, signature } = this.certificate(signed, places);
    return { kind: "attestation", shardId, epoch, crosslinkHash: this.hashOf(signed), members, signature };
  }

  certificate(signed: SignedCrosslink, places: readonly number[] = [0, 1, 2, 3, 4, 5]): Certificate {
    const seats = this.committee(signed.crosslink.shardId, signed.crosslink.epoch);
    const members = { count: seats.length, bits: bitsFrom(places, seats.length) };
    const signature = this.sign(
      places.map((place) => seats[place] as number),
      this.hashOf(signed),
    );
    return { signed, members, signature };
  }

  proposal(epoch: number, certificates: readonly Certificate[], fields: Partial<Proposal> = {}): Proposal {
    const { view, crypto } = this;
    const entries = certificates.map((certificate) => ({
      position: certificate.signed.crosslink.shardId - 1,
      certificate,
    }));
    const target = this.#next(
      epoch,
      certificates.map(({ signed }) => signed.crosslink),
    );
    const proposer = [view.proposer(epoch)?.seat ?? 0];
    return {
      kind: "proposal",
      epoch,
      sourceEpoch: view.justified.epoch,
      sourceRoot: view.justified.root,
      rewardsRoot: ZERO_HASH,
      reveal: this.sign(proposer, randaoRevealDigest(crypto, view.domain, epoch)),
      proposerSignature: this.sign(
        proposer,
        proposalDigest(crypto, view.domain, epoch, checkpointRoot(crypto, target)),
      ),
      entries,
      ...fields,
    };
  }

  /** The ballot on a checkpoint with these crosslinks, from the justified one. */
  ballot(epoch: number, crosslinks: readonly Crosslink[] = []): Ballot {
    const { epoch: sourceEpoch, root } = this.view.justified;
    const target = { epoch, root: checkpointRoot(this.crypto, this.#next(epoch, crosslinks)) };
    return { source: { epoch: sourceEpoch, root }, target };
  }

  vote({ source, target }: Ballot, seats: readonly number[]): SeatVote {
    const digest = voteDigest(this.crypto, this.view.domain, {
      sourceEpoch: source.epoch,
      sourceRoot: source.root,
      targetEpoch: target.epoch,
      targetRoot: target.root,
    });
    const count = this.view.seatCount(target.epoch);
    return {
      kind: "vote",
      sourceEpoch: source.epoch,
      sourceRoot: source.root,
      targetEpoch: target.epoch,
      checkpointRoot: target.root,
      seats: { count, bits: bitsFrom(seats, count) },
      signature: this.sign(seats, digest),
    };
  }

  rollAnswer(seats: readonly number[]): RollAnswer {
    const epoch = this.view.roll?.epoch ?? 0;
    const count = this.view.seatCount(epoch);
    const signature = this.sign(seats, rollAnswerDigest(this.crypto, this.view.domain, epoch));
    return { kind: "rollAnswer", epoch, seats: { count, bits: bitsFrom(seats, count) }, signature };
  }

  // ------------------------------------------------------------------ who sits where

  committee(shardId: number, epoch: number): readonly number[] {
    return this.view.committee(shardId - 1, epoch) ?? [];
  }

  keysAt(seats: readonly number[]): Uint8Array[] {
    return seats.map((seat) => this.secretKeys[seat] as Uint8Array);
  }

  publicKeysAt(seats: readonly number[]): string[] {
    return seats.map((seat) => toHex((this.view.occupant(seat, this.view.epoch()) as Validator).publicKey));
  }

  sign(seats: readonly number[], digest: Uint8Array): Uint8Array {
    const { bls } = this.crypto;
    return bls.sign(bls.sumSecretKeys(this.keysAt(seats)), digest, SIGNATURE_TAG);
  }

  #next(epoch: number, crosslinks: readonly Crosslink[]) {
    const { view, crypto } = this;
    const source = view.checkpoint(view.justified.epoch) as AcceptedCheckpoint;
    return nextCheckpoint(
      { ...view.justified, entries: source.checkpoint.entries },
      epoch,
      ZERO_HASH,
      crosslinks.map((crosslink) => ({
        position: crosslink.shardId - 1,
        hash: crosslinkHash(crypto, view.domain, crosslink),
      })),
    );
  }

  #extend(slot: number, logs: readonly ParentLog[]): void {
    const head = this.#blockAt(slot, this.#block + 1);
    this.#block = head.number;
    this.view.extend(logs, head);
    this.emit("block", head);
  }

  #blockAt(slot: number, number = 0): ParentBlock {
    return {
      number,
      hash: fromBigInt(BigInt(number), 32),
      timestamp: GENESIS_TIME + slot * this.parameters.secondsPerSlot,
    };
  }
}
