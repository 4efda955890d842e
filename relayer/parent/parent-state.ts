import type { ParentFacts } from "../../ledger/environment.ts";
import { toHex } from "../../protocol/bytes.ts";
import { epochAt, slotAt } from "../../protocol/clock.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Domain } from "../../protocol/eip712.ts";
import type { Parameters } from "../../protocol/presets.ts";
import { genesisMix, proposerSeat, seedOf } from "../../protocol/randomness.ts";
import { ChallengeHistory } from "./challenge-history.ts";
import { CheckpointHistory } from "./checkpoint-history.ts";
import { Committees } from "./committees.ts";
import { InboxHistory } from "./inbox-history.ts";
import type { DataChallenged, ParentLog, ShardOpened } from "./parent-log.ts";
import type {
  AcceptedCheckpoint,
  ChangedEntry,
  CheckpointLink,
  ContractAddresses,
  DataChallenge,
  Hold,
  MessageDemand,
  ParentBlock,
  ParentView,
  Proposer,
  RecordedInboxEntry,
  Roll,
  Settlement,
  Shard,
  Validator,
} from "./parent-view.ts";
import { RollHistory } from "./roll-history.ts";
import { SeatHistory } from "./seat-history.ts";
import { ShardHistory } from "./shard-history.ts";

/** What is fixed for the life of a deployment. */
export interface Deployment {
  readonly domain: Domain;
  readonly parameters: Parameters;
  readonly addresses: ContractAddresses;
}

/** The model: a fold over the contracts' events. It keeps them, and starts over without the last ones after a reorg. */
export class ParentState implements ParentView {
  readonly domain: Domain;
  readonly parameters: Parameters;
  readonly addresses: ContractAddresses;
  readonly #crypto: Crypto;
  readonly #base: ParentBlock;
  readonly #genesisMix: Uint8Array;
  #logs: ParentLog[] = [];
  #head: ParentBlock;

  // What the fold has come to; `#reset` makes it anew.
  #genesisTime: number | null = null;
  #seats = new SeatHistory();
  #committees: Committees;
  #mixes: { epoch: number; mix: Uint8Array }[] = [];
  #shards = new ShardHistory();
  #checkpoints: CheckpointHistory;
  #inboxes: InboxHistory;
  #challenges = new ChallengeHistory();
  #rolls = new RollHistory();

  /** @param base the last block before the contracts' first event */
  constructor(crypto: Crypto, deployment: Deployment, base: ParentBlock) {
    this.#crypto = crypto;
    this.domain = deployment.domain;
    this.parameters = deployment.parameters;
    this.addresses = deployment.addresses;
    this.#base = base;
    this.#head = base;
    this.#genesisMix = genesisMix(crypto, this.domain);
    this.#committees = new Committees(crypto, this.parameters);
    this.#checkpoints = this.#emptyHistory();
    this.#inboxes = new InboxHistory(crypto, this.domain);
  }

  // ------------------------------------------------------------------ changes

  /**
   * Takes all events of the blocks after the head up to the new one.
   * @throws ParentInconsistent and leaves the state as it was
   */
  extend(logs: readonly ParentLog[], head: ParentBlock): void {
    const before = this.#head;
    try {
      for (const log of logs) this.#apply(log);
    } catch (error) {
      this.rollBack(before);
      throw error;
    }
    this.#logs.push(...logs);
    this.#head = head;
  }

  /** Forgets everything after the block, which is the new head. */
  rollBack(ancestor: ParentBlock): void {
    this.#reset();
    this.#logs = this.#logs.filter((log) => log.blockNumber <= ancestor.number);
    for (const log of this.#logs) this.#apply(log);
    this.#head = ancestor;
  }

  #reset(): void {
    this.#genesisTime = null;
    this.#seats = new SeatHistory();
    this.#committees = new Committees(this.#crypto, this.parameters);
    this.#mixes = [];
    this.#shards = new ShardHistory();
    this.#checkpoints = this.#emptyHistory();
    this.#inboxes = new InboxHistory(this.#crypto, this.domain);
    this.#challenges = new ChallengeHistory();
    this.#rolls = new RollHistory();
  }

  #emptyHistory(): CheckpointHistory {
    return new CheckpointHistory(this.#crypto, this.domain, this.parameters.shardCount, this.#base);
  }

  #apply(log: ParentLog): void {
    switch (log.kind) {
      case "genesisScheduled":
        this.#genesisTime = log.genesisTime;
        break;
      case "validatorEnrolled":
        this.#seats.enroll(log);
        break;
      case "validatorExitScheduled":
        this.#seats.exit(log);
        break;
      case "validatorSlashed":
        this.#seats.slash(log);
        break;
      case "withdrawalAddressChanged":
        this.#seats.changeWithdrawalAddress(log);
        break;
      case "deposited":
        this.#seats.deposit(log);
        break;
      case "mixAdvanced":
        this.#mixes.push(log);
        break;
      case "shardOpened":
        this.#addShard(log);
        break;
      case "bondSlashed":
        this.#shards.slashBond(log);
        break;
      case "generationAdvanced":
        this.#shards.advance(log);
        break;
      case "operatorChanged":
        this.#shards.changeOperator(log);
        break;
      case "inboxEntryAdded":
        this.#inboxes.add(log);
        break;
      case "messageDemanded":
        this.#inboxes.demand(log);
        break;
      case "checkpointAccepted":
        this.#checkpoints.accept(log, this.#epochOf(log.block), (position) => this.shardAt(position));
        break;
      case "entriesVoided":
        this.#checkpoints.void(log);
        break;
      case "votesSupplemented":
        this.#checkpoints.supplement(log);
        break;
      case "checkpointFinalized":
        this.#checkpoints.finalize(log.epoch);
        break;
      case "checkpointSettled":
        this.#checkpoints.settle(log, this.#epochOf(log.block));
        this.#forgetChallenges();
        break;
      case "crosslinkVoided":
        this.#checkpoints.voidEntry(log);
        this.#forgetChallenges();
        break;
      case "entryHeld":
        this.#checkpoints.holdBack(log);
        break;
      case "dataChallenged":
        this.#openChallenge(log);
        break;
      case "challengeAnswered":
        this.#challenges.answer(log);
        break;
      case "bondReturned":
        this.#challenges.returnBond(log);
        break;
      case "rollCalled":
        this.#rolls.call(log);
        break;
      case "rollAnswered":
        this.#rolls.answer(log);
        break;
      case "groupEjected":
        this.#rolls.eject(log);
        break;
    }
  }

  #addShard(log: ShardOpened): void {
    this.#shards.open(log);
    this.#checkpoints.addShard(log.id);
  }

  #openChallenge(log: DataChallenged): void {
    const crosslink = this.crosslinkByHash(log.crosslinkHash);
    const shard = crosslink === null ? null : this.shard(crosslink.shardId);
    this.#challenges.open(log, shard?.position ?? null, crosslink);
  }

  #forgetChallenges(): void {
    const disputable = new Set(this.disputable().map(({ hash }) => toHex(hash)));
    this.#challenges.forget(({ crosslinkHash }) => disputable.has(toHex(crosslinkHash)));
  }

  // ------------------------------------------------------------------ time

  get head(): ParentBlock {
    return this.#head;
  }

  get genesisTime(): number | null {
    return this.#genesisTime;
  }

  slot(): number {
    return this.#genesisTime === null ? 0 : slotAt(this.parameters, this.#genesisTime, this.#head.timestamp);
  }

  epoch(): number {
    return this.#epochOf(this.#head);
  }

  #hasStarted(): boolean {
    return this.#genesisTime !== null && this.#head.timestamp >= this.#genesisTime;
  }

  #epochOf(block: ParentBlock): number {
    return this.#genesisTime === null ? 0 : epochAt(this.parameters, this.#genesisTime, block.timestamp);
  }

  // ------------------------------------------------------------------ validators and seats

  validatorCount(): number {
    return this.#seats.count;
  }

  validator(index: number): Validator | null {
    return this.#seats.validator(index);
  }

  validatorByKey(publicKey: Uint8Array): Validator | null {
    return this.#seats.byKey(publicKey);
  }

  seatCount(epoch: number): number {
    return this.#seats.seats(epoch).length;
  }

  occupiedCount(epoch: number): number {
    return this.#seats.occupied(epoch);
  }

  occupant(seat: number, epoch: number): Validator | null {
    return this.#seats.seats(epoch)[seat] ?? null;
  }

  seatsOf(epoch: number): readonly (Validator | null)[] {
    return this.#seats.seats(epoch);
  }

  // ------------------------------------------------------------------ randomness

  mixAsOf(epoch: number): Uint8Array | null {
    if (!this.#hasStarted() || (epoch >= 0 && epoch >= this.epoch())) return null;
    // What deposits before genesis mixed is of epoch 0.
    return this.#mixes.findLast((advance) => advance.epoch <= Math.max(0, epoch))?.mix ?? this.#genesisMix;
  }

  seed(epoch: number): Uint8Array | null {
    const mix = this.mixAsOf(epoch - this.parameters.inputDelay);
    return mix === null ? null : seedOf(this.#crypto, mix, epoch);
  }

  committee(position: number, epoch: number): readonly number[] | null {
    const seed = this.seed(epoch);
    return seed === null ? null : this.#committees.committee(position, epoch, this.seatCount(epoch), seed);
  }

  proposer(epoch: number): Proposer | null {
    const seed = this.seed(epoch);
    const seats = this.seatCount(epoch);
    if (seed === null || seats === 0) return null;
    const seat = proposerSeat(seed, seats);
    return { seat, validator: this.occupant(seat, epoch) };
  }

  // ------------------------------------------------------------------ shards

  shards(): readonly Shard[] {
    return this.#shards.shards;
  }

  shard(id: number): Shard | null {
    return this.#shards.shard(id);
  }

  shardAt(position: number): Shard | null {
    return this.#shards.shardAt(position);
  }

  operatorOf(shardId: number, generation: number): Uint8Array | null {
    return this.#shards.operatorOf(shardId, generation);
  }

  isBonded(shardId: number, generation: number): boolean {
    return this.#shards.isBonded(shardId, generation);
  }

  shardCountAsOf(epoch: number): number {
    return this.shards().filter((shard) => shard.openedEpoch <= epoch).length;
  }

  // ------------------------------------------------------------------ checkpoints

  get justified(): CheckpointLink {
    return this.#checkpoints.justified;
  }

  get finalized(): CheckpointLink {
    return this.#checkpoints.finalized;
  }

  get settled(): CheckpointLink {
    return this.#checkpoints.settled;
  }

  checkpoint(epoch: number): AcceptedCheckpoint | null {
    return this.#checkpoints.checkpoint(epoch);
  }

  settledAsOf(epoch: number): number {
    return this.#checkpoints.settledAsOf(epoch);
  }

  settlement(epoch: number): Settlement | null {
    return this.#checkpoints.settlement(epoch);
  }

  crosslinkByHash(hash: Uint8Array): Crosslink | null {
    return this.#checkpoints.crosslink(hash);
  }

  // ------------------------------------------------------------------ disputes

  parentOf(shardId: number): Crosslink | null {
    const shard = this.shard(shardId);
    return shard === null ? null : this.#checkpoints.parentOf(shard);
  }

  isVoid(position: number, epoch: number): boolean {
    return this.#checkpoints.isVoid(position, epoch);
  }

  disputable(): readonly ChangedEntry[] {
    return this.#checkpoints.disputable();
  }

  hold(position: number): Hold | null {
    return this.#checkpoints.hold(position, this.#head);
  }

  challenges(): readonly DataChallenge[] {
    return this.#challenges.list();
  }

  challenge(id: bigint): DataChallenge | null {
    return this.#challenges.challenge(id);
  }

  // ------------------------------------------------------------------ roll

  get roll(): Roll | null {
    return this.#rolls.latest;
  }

  // ------------------------------------------------------------------ inbox

  inboxCount(shardId: number): number {
    return this.#inboxes.count(shardId);
  }

  inboxEntry(shardId: number, index: number): RecordedInboxEntry | null {
    return this.#inboxes.entry(shardId, index);
  }

  demand(destination: number, source: number, index: number): MessageDemand | null {
    return this.#inboxes.demanded(destination, source, index);
  }

  demandedSources(destination: number): readonly number[] {
    return this.#inboxes.demandedSources(destination);
  }

  // ------------------------------------------------------------------ facts

  facts(): ParentFacts {
    return {
      seed: (epoch) => this.seed(epoch),
      // Shards may still be opened in an epoch that is not over; what is asked before genesis is what epoch 0 says.
      shardCount: (asOfEpoch) => {
        const epoch = Math.max(0, asOfEpoch);
        return epoch < this.epoch() ? this.shardCountAsOf(epoch) : null;
      },
      inboxEntryDigest: (shardId, index) => this.inboxEntry(shardId, index),
      settledCheckpointRoot: (checkpointEpoch, position, asOfEpoch) => {
        const settlement = this.settlement(checkpointEpoch);
        if (settlement === null || settlement.settledEpoch > asOfEpoch) return null;
        return settlement.exceptions.includes(position) ? null : (this.checkpoint(checkpointEpoch)?.root ?? null);
      },
    };
  }
}
