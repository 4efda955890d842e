import type { ParentView } from "../parent/parent-view.ts";

/** What an operator needs from others; wired in `node.ts`. */

/** What it reads of the parent chain. */
export type OperatorParentView = Pick<
  ParentView,
  | "domain"
  | "parameters"
  | "genesisTime"
  | "shard"
  | "shards"
  | "operatorOf"
  | "parentOf"
  | "isVoid"
  | "facts"
  | "inboxEntry"
  | "demand"
  | "demandedSources"
  | "justified"
  | "settled"
  | "settledAsOf"
  | "settlement"
  | "checkpoint"
  | "crosslinkByHash"
  | "operatorOf"
  | "parentOf"
>;

/**
 * ImportMessage payloads (docs/formats.md, section 5) of messages from `source` to `shardId`, in order from index
 * `fromIndex`, proven against what was settled in an epoch <= `asOfEpoch`. Empty when there are none, or when nobody can
 * be asked just now.
 */
export type MessageSource = (
  shardId: number,
  source: number,
  fromIndex: number,
  asOfEpoch: number,
) => Promise<readonly Uint8Array[]> | readonly Uint8Array[];

/**
 * What others have of a shard's blocks from `first` up to at most `last`, encoded, one answer after the other: of several
 * generations, and as bad as they like.
 */
export type BlockFetcher = (shardId: number, first: number, last: number) => AsyncIterable<readonly Uint8Array[]>;

/** Takes a block (docs/formats.md, "Block and witness on the wire") that is in the log already. */
export type BlockPublisher = (block: Uint8Array) => void;

/** Where a shard stands on the parent chain. */
export interface CrosslinkParent {
  /** Of the crosslink that the next one builds on. */
  readonly hash: Uint8Array;
  readonly lastBlock: number;
}
