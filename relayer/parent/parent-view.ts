import type { ParentFacts } from "../../ledger/environment.ts";
import type { Checkpoint } from "../../protocol/checkpoint.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import type { Domain } from "../../protocol/eip712.ts";
import type { InboxEntry } from "../../protocol/inbox-entry.ts";
import type { Parameters } from "../../protocol/presets.ts";
import type { CheckpointSubmission } from "./checkpoint-submission.ts";

/**
 * What the relayer knows of the parent chain, as of its head. Hashes, keys and accounts are byte arrays; epochs, slots,
 * block numbers and Unix times (seconds) are numbers; wei are bigints. What is handed out is not to be changed.
 *
 * A view object stays the same for the life of its follower and is updated only between two events of `ParentEvents`, so
 * whatever is read without awaiting in between is consistent.
 */
export interface ParentView {
  readonly domain: Domain;
  readonly parameters: Parameters;
  readonly addresses: ContractAddresses;
  /** null while genesis is not scheduled. */
  readonly genesisTime: number | null;
  readonly head: ParentBlock;

  /** Of the head's timestamp; 0 before genesis. */
  slot(): number;
  /** Of the head's timestamp; 0 before genesis. */
  epoch(): number;

  // ------------------------------------------------------------------ validators and seats, by epoch
  // Seats of the epochs up to the current one + INPUT_DELAY are fixed; those of later ones may still change, and before
  // genesis those of all.

  validatorCount(): number;
  /** Validators are numbered from 1. */
  validator(index: number): Validator | null;
  /** The validator with this compressed key (48 bytes), or null. */
  validatorByKey(publicKey: Uint8Array): Validator | null;
  seatCount(epoch: number): number;
  occupiedCount(epoch: number): number;
  /** null when the seat is vacant or does not exist. */
  occupant(seat: number, epoch: number): Validator | null;
  /** By seat, `seatCount(epoch)` of them; null where vacant. */
  seatsOf(epoch: number): readonly (Validator | null)[];

  // ------------------------------------------------------------------ randomness, by epoch
  // null while the answer may still change: the seed of an epoch is known INPUT_DELAY - 1 epochs before it begins, those
  // of the first epochs from genesis on.

  /** Mix (a word, its first four bytes zero) after the last checkpoint accepted in an epoch <= `epoch`; at genesis below 0. */
  mixAsOf(epoch: number): Uint8Array | null;
  seed(epoch: number): Uint8Array | null;
  /** Seats of the committee in the shuffle's order, vacant ones included; empty when the epoch has no such committee. */
  committee(position: number, epoch: number): readonly number[] | null;
  /** null, too, when there are no seats. A vacant proposer's seat means that the epoch has no checkpoint. */
  proposer(epoch: number): Proposer | null;

  // ------------------------------------------------------------------ shards

  /** Ascending by id. */
  shards(): readonly Shard[];
  shard(id: number): Shard | null;
  shardAt(position: number): Shard | null;
  /** Shards opened in an epoch <= `epoch` (before genesis is 0), as far as known: it is fixed once `epoch` is over. */
  shardCountAsOf(epoch: number): number;
  /** Who signs for the shard in that generation: the zero address while nobody does; null if it has not come to it. */
  operatorOf(shardId: number, generation: number): Uint8Array | null;
  /** Whether a bond that answers for that generation of the shard is there to be taken. */
  isBonded(shardId: number, generation: number): boolean;

  // ------------------------------------------------------------------ checkpoints

  readonly justified: CheckpointLink;
  readonly finalized: CheckpointLink;
  readonly settled: CheckpointLink;
  /** The accepted checkpoint of that epoch, the genesis checkpoint for 0; null if there is none. */
  checkpoint(epoch: number): AcceptedCheckpoint | null;
  /** Epoch of the latest checkpoint whose settlement was recorded in an epoch <= `epoch`; 0 is genesis. */
  settledAsOf(epoch: number): number;
  /** null while that epoch's checkpoint is not settled. */
  settlement(epoch: number): Settlement | null;
  /** Crosslinks that stand in an accepted checkpoint, by their hash. Genesis crosslinks of open shards, too. */
  crosslinkByHash(hash: Uint8Array): Crosslink | null;

  // ------------------------------------------------------------------ disputes

  /**
   * What the shard's next crosslink of the living generation builds on: where it resumes after a void, else its justified
   * entry, else its genesis crosslink. null when there is no such shard.
   */
  parentOf(shardId: number): Crosslink | null;
  /** Whether what stands at the position in checkpoints of that epoch is void: it, or an ancestor, was at fault. */
  isVoid(position: number, epoch: number): boolean;
  /** Entries that a dispute can make void: accepted, changed, not void, not settled; ascending by epoch, then position. */
  disputable(): readonly ChangedEntry[];
  /** What holds up the settlement of the position now; null if nothing does. */
  hold(position: number): Hold | null;
  /** Demands for data of crosslinks that are not settled, and those whose bond has not gone anywhere; in order. */
  challenges(): readonly DataChallenge[];
  /** null when there is no such, or none that matters any more. */
  challenge(id: bigint): DataChallenge | null;

  // ------------------------------------------------------------------ roll

  /** The roll that was called last, whatever came of it (see `rollStatus`); null if none was ever. */
  readonly roll: Roll | null;

  // ------------------------------------------------------------------ inbox

  inboxCount(shardId: number): number;
  /** Indices start at 0. */
  inboxEntry(shardId: number, index: number): RecordedInboxEntry | null;
  /** Of a message from one shard to another, by its index; null while nobody has demanded that it be imported. */
  demand(destination: number, source: number, index: number): MessageDemand | null;
  /** Shards of which messages to this one were ever demanded, ascending. */
  demandedSources(destination: number): readonly number[];

  /** What a shard's steps are judged by. The answers are those of the moment of asking. */
  facts(): ParentFacts;
}

/** A block of the parent chain. */
export interface ParentBlock {
  readonly number: number;
  readonly hash: Uint8Array;
  /** Unix time, seconds. */
  readonly timestamp: number;
}

/** 0x and 40 hexadecimal digits each, in checksummed form. */
export interface ContractAddresses {
  readonly registry: string;
  readonly staking: string;
  readonly anchors: string;
  readonly slashings: string;
  readonly shardRegistry: string;
  readonly inbox: string;
  readonly vault: string;
  readonly rollCall: string;
  readonly disputes: string;
  readonly dataChallenges: string;
}

export interface Validator {
  /** From 1, in the order of enrolment. */
  readonly index: number;
  /** 48 bytes, compressed. */
  readonly publicKey: Uint8Array;
  /** 20 bytes */
  readonly withdrawalAddress: Uint8Array;
  readonly seat: number;
  /** The first epoch in which it sits there. */
  readonly activationEpoch: number;
  /** The first epoch in which it does not any more; Infinity while it is not leaving. */
  readonly exitEpoch: number;
  readonly isSlashed: boolean;
}

export interface Proposer {
  readonly seat: number;
  readonly validator: Validator | null;
}

export interface Shard {
  readonly id: number;
  readonly position: number;
  /** The living one: blocks and crosslinks of others are not accepted any more. */
  readonly generation: number;
  /** 20 bytes; all zero while it has none, after its bond was taken. */
  readonly operator: Uint8Array;
  /** EIP-155 chain id of its transactions. */
  readonly chainId: number;
  readonly openedEpoch: number;
}

/** A checkpoint as a vote names it. */
export interface CheckpointLink {
  readonly epoch: number;
  readonly root: Uint8Array;
}

export interface ChangedEntry {
  readonly position: number;
  readonly crosslink: Crosslink;
  /** What `checkpoint.entries[position]` holds. */
  readonly hash: Uint8Array;
}

export interface AcceptedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly root: Uint8Array;
  /** Right child of the root: opens it together with the entries. */
  readonly bodyRoot: Uint8Array;
  /** Bitmap of the seats that have not voted for it, so far; empty when all have. */
  readonly absent: Uint8Array;
  /** keccak256 of the absent bitmap, zero when nobody was absent: opens the commitment on chain together with the root. */
  readonly absentHash: Uint8Array;
  /** Time, block and epoch of the parent chain at acceptance; of deployment for the genesis checkpoint. */
  readonly acceptedTime: number;
  readonly acceptedBlock: number;
  readonly acceptedEpoch: number;
  /** Entries that differ from the source's, ascending by position. */
  readonly changed: readonly ChangedEntry[];
  /** Positions whose changed entry was of a dead generation when accepted: nothing may be read from it. */
  readonly voided: readonly number[];
  /** As it was submitted, to be submitted again after a reorg; null for the genesis checkpoint. */
  readonly submission: CheckpointSubmission | null;
  /** The latest crosslink at the position, of this checkpoint or an ancestor; null when the entry is zero. */
  crosslinkOf(position: number): Crosslink | null;
}

export interface Settlement {
  /** Epoch of the parent chain in which settlement was recorded. */
  readonly settledEpoch: number;
  /** Positions from which nothing may be read. */
  readonly exceptions: readonly number[];
}

/** An entry that was shown to be at fault. All that was built on it until then is void with it. */
export interface VoidedEntry {
  readonly shardId: number;
  readonly position: number;
  /** Of the checkpoint that the crosslink changed. */
  readonly epoch: number;
  readonly crosslinkHash: Uint8Array;
  /** What the shard goes on from: the parent of the void crosslink. */
  readonly resume: Crosslink;
  /** In which the shard goes on. */
  readonly generation: number;
}

/** Nothing settles at the position in checkpoints of `fromEpoch` and later before both that time and that block. */
export interface Hold {
  readonly fromEpoch: number;
  readonly untilTime: number;
  readonly untilBlock: number;
}

/** Somebody has asked, with a bond, to be shown what is behind an anchored crosslink. */
export interface DataChallenge {
  /** Follows from what is asked for. */
  readonly id: bigint;
  readonly position: number;
  readonly crosslink: Crosslink;
  readonly crosslinkHash: Uint8Array;
  /** Of the block whose steps are asked for; null if all headers of the crosslink are. */
  readonly blockHash: Uint8Array | null;
  /** Its steps from 256 * chunk on, up to 256 of them. */
  readonly chunk: number;
  /** 20 bytes */
  readonly challenger: Uint8Array;
  /** wei */
  readonly bond: bigint;
  /** To be answered before this time, or before this block: whichever comes last. */
  readonly deadlineTime: number;
  readonly deadlineBlock: number;
  /** Bit i: steps 8 i to 8 i + 7 of the chunk are not answered yet; of all headers it is bit 0. 0 once all is answered. */
  readonly missing: number;
  /** In the order in which they came; `readAnswer` brings what they say. */
  readonly answers: readonly LogPlace[];
}

/** Where an event stands on the parent chain that is read only when it is needed, since it may be long. */
export interface LogPlace {
  readonly blockNumber: number;
  readonly blockHash: Uint8Array;
  readonly logIndex: number;
}

/** A call of the roll: seats of the epoch that do not answer in time are vacated, group by group of 256. */
export interface Roll {
  readonly epoch: number;
  /** The latest justified epoch at the call: as soon as there is another, nothing comes of the roll. */
  readonly justifiedEpoch: number;
  readonly calledTime: number;
  readonly calledBlock: number;
  readonly groups: number;
  readonly answered: ReadonlySet<number>;
  readonly ejectedGroups: ReadonlySet<number>;
}

export interface RecordedInboxEntry extends InboxEntry {
  readonly digest: Uint8Array;
}

/** Somebody has shown a message on the parent chain, so that its destination has to import it. */
export interface MessageDemand {
  readonly destination: number;
  readonly source: number;
  readonly index: number;
  /** Of the parent chain, in which it was demanded. */
  readonly epoch: number;
  /** `readDemand` brings the message and its proof. */
  readonly place: LogPlace;
}

/**
 * What a follower tells, with the arguments of the listener. The view already holds what an event is about. After "reorg"
 * nothing later than the ancestor is known; what the new chain holds comes as new events.
 */
export interface ParentEvents {
  /** A new head; after all other events of its blocks. */
  block: [head: ParentBlock];
  checkpoint: [checkpoint: AcceptedCheckpoint];
  finalized: [epoch: number];
  settled: [epoch: number];
  inbox: [entry: RecordedInboxEntry];
  demand: [demand: MessageDemand];
  voided: [entry: VoidedEntry];
  /** Its generation or its operator is another one. */
  generation: [shard: Shard];
  challenge: [challenge: DataChallenge];
  /** It has answers that it had not. */
  answer: [challenge: DataChallenge];
  reorg: [ancestor: ParentBlock, abandonedHead: ParentBlock];
  /** Reading goes on; `ParentStalled` among them. */
  error: [error: Error];
}

/** A view that tells when it changes: what services are given. */
export interface ParentSource {
  readonly view: ParentView;
  on<E extends keyof ParentEvents>(event: E, listener: (...args: ParentEvents[E]) => void): unknown;
  off<E extends keyof ParentEvents>(event: E, listener: (...args: ParentEvents[E]) => void): unknown;
}
