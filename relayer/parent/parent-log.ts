import type { CheckpointSubmission } from "./checkpoint-submission.ts";
import type { LogPlace, MessageDemand, ParentBlock, RecordedInboxEntry } from "./parent-view.ts";

/** Events of the contracts, decoded as far as that needs no memory of earlier ones, in the order of the chain. */
export type ParentLog = { readonly blockNumber: number } & (
  | GenesisScheduled
  | ValidatorEnrolled
  | ValidatorExitScheduled
  | ValidatorSlashed
  | WithdrawalAddressChanged
  | Deposited
  | MixAdvanced
  | ShardOpened
  | BondSlashed
  | GenerationAdvanced
  | OperatorChanged
  | InboxEntryAdded
  | MessageDemanded
  | CheckpointAccepted
  | EntriesVoided
  | VotesSupplemented
  | CheckpointFinalized
  | CheckpointSettled
  | CrosslinkVoided
  | EntryHeld
  | DataChallenged
  | ChallengeAnswered
  | BondReturned
  | RollCalled
  | RollAnswered
  | GroupEjected
);

export interface GenesisScheduled {
  readonly kind: "genesisScheduled";
  readonly genesisTime: number;
}

export interface ValidatorEnrolled {
  readonly kind: "validatorEnrolled";
  readonly index: number;
  readonly seat: number;
  readonly activationEpoch: number;
  /** 48 bytes, compressed. */
  readonly publicKey: Uint8Array;
}

export interface ValidatorExitScheduled {
  readonly kind: "validatorExitScheduled";
  readonly index: number;
  /** The first epoch without it. */
  readonly exitEpoch: number;
}

export interface ValidatorSlashed {
  readonly kind: "validatorSlashed";
  readonly index: number;
}

export interface WithdrawalAddressChanged {
  readonly kind: "withdrawalAddressChanged";
  readonly index: number;
  readonly withdrawalAddress: Uint8Array;
}

/** Comes after the enrolment of the validators that it is about. */
export interface Deposited {
  readonly kind: "deposited";
  readonly firstValidator: number;
  readonly count: number;
  readonly withdrawalAddress: Uint8Array;
}

export interface MixAdvanced {
  readonly kind: "mixAdvanced";
  readonly epoch: number;
  /** A word, the mix in its low 224 bits. */
  readonly mix: Uint8Array;
}

export interface ShardOpened {
  readonly kind: "shardOpened";
  readonly id: number;
  readonly operator: Uint8Array;
  readonly position: number;
  readonly chainId: number;
  readonly openedEpoch: number;
}

export interface BondSlashed {
  readonly kind: "bondSlashed";
  readonly shardId: number;
}

export interface GenerationAdvanced {
  readonly kind: "generationAdvanced";
  readonly shardId: number;
  /** The one that lives from now on. */
  readonly generation: number;
}

export interface OperatorChanged {
  readonly kind: "operatorChanged";
  readonly shardId: number;
  /** The first one that it operates. */
  readonly generation: number;
  /** 20 bytes; all zero: nobody, until the shard is taken over. */
  readonly operator: Uint8Array;
}

export interface InboxEntryAdded {
  readonly kind: "inboxEntryAdded";
  readonly entry: RecordedInboxEntry;
}

export interface MessageDemanded {
  readonly kind: "messageDemanded";
  readonly demand: MessageDemand;
}

export interface CheckpointAccepted {
  readonly kind: "checkpointAccepted";
  readonly block: ParentBlock;
  readonly root: Uint8Array;
  /** From the input of the transaction. */
  readonly submission: CheckpointSubmission;
}

export interface EntriesVoided {
  readonly kind: "entriesVoided";
  readonly targetEpoch: number;
  readonly positions: readonly number[];
}

export interface VotesSupplemented {
  readonly kind: "votesSupplemented";
  readonly targetEpoch: number;
  /** Bitmap of the seats that are not absent any more. */
  readonly added: Uint8Array;
  /** Names those who still are. */
  readonly absentHash: Uint8Array;
}

export interface CheckpointFinalized {
  readonly kind: "checkpointFinalized";
  readonly epoch: number;
}

export interface CheckpointSettled {
  readonly kind: "checkpointSettled";
  readonly block: ParentBlock;
  readonly epoch: number;
  readonly exceptions: readonly number[];
}

export interface CrosslinkVoided {
  readonly kind: "crosslinkVoided";
  readonly shardId: number;
  readonly position: number;
  readonly epoch: number;
  readonly crosslinkHash: Uint8Array;
  /** Hash of the crosslink that the shard goes on from. */
  readonly resume: Uint8Array;
}

export interface EntryHeld {
  readonly kind: "entryHeld";
  readonly block: ParentBlock;
  readonly position: number;
  readonly epoch: number;
  readonly untilTime: number;
  readonly untilBlock: number;
}

export interface DataChallenged {
  readonly kind: "dataChallenged";
  readonly id: bigint;
  readonly crosslinkHash: Uint8Array;
  /** All zero if all headers are asked for. */
  readonly blockHash: Uint8Array;
  readonly chunk: number;
  readonly missing: number;
  readonly challenger: Uint8Array;
  readonly bond: bigint;
  readonly deadlineTime: number;
  readonly deadlineBlock: number;
}

/** Headers or steps: what they are stays on the chain, since it may be long. */
export interface ChallengeAnswered {
  readonly kind: "challengeAnswered";
  readonly id: bigint;
  /** What is left to answer. */
  readonly missing: number;
  readonly place: LogPlace;
}

/** The challenge was not answered in time, or its crosslink is void. */
export interface BondReturned {
  readonly kind: "bondReturned";
  readonly id: bigint;
}

export interface RollCalled {
  readonly kind: "rollCalled";
  readonly block: ParentBlock;
  /** Whose seats have to answer. */
  readonly epoch: number;
  readonly justifiedEpoch: number;
  readonly groups: number;
}

export interface RollAnswered {
  readonly kind: "rollAnswered";
  readonly epoch: number;
  /** Bitmap of the seats. */
  readonly seats: Uint8Array;
}

export interface GroupEjected {
  readonly kind: "groupEjected";
  readonly epoch: number;
  readonly group: number;
}
