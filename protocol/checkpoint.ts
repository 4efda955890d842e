import { concat, word, ZERO_HASH } from "./bytes.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink } from "./crosslink.ts";
import type { Crypto } from "./crypto.ts";
import { cachedTypeHash, type Domain, hashStruct } from "./eip712.ts";
import { hashNode, paddedTreeProof, paddedTreeRoot } from "./padded-tree.ts";

/** What an epoch's vote is about. */
export interface CheckpointBody {
  readonly epoch: number;
  readonly sourceEpoch: number;
  readonly sourceRoot: Uint8Array;
  /** zero until rewards exist */
  readonly rewardsRoot: Uint8Array;
}

const BODY = cachedTypeHash("CheckpointBody(uint64 epoch,uint64 sourceEpoch,bytes32 sourceRoot,bytes32 rewardsRoot)");

/** The right child of the checkpoint root. */
export function checkpointBodyRoot(crypto: Crypto, body: CheckpointBody): Uint8Array {
  return hashStruct(crypto, BODY(crypto), [
    word(body.epoch),
    word(body.sourceEpoch),
    body.sourceRoot,
    body.rewardsRoot,
  ]);
}

export interface Checkpoint {
  readonly body: CheckpointBody;
  /** Crosslink hashes by position, SHARD_COUNT of them, zero where there is none. */
  readonly entries: readonly Uint8Array[];
}

export function checkpointRoot(crypto: Crypto, checkpoint: Checkpoint): Uint8Array {
  return hashNode(crypto, paddedTreeRoot(crypto, checkpoint.entries), checkpointBodyRoot(crypto, checkpoint.body));
}

/** Names who was absent from a vote: zero when nobody was, else the hash of the bitmap. */
export function absentHashOf(crypto: Crypto, absent: Uint8Array): Uint8Array {
  return absent.length === 0 ? ZERO_HASH : crypto.keccak256(absent);
}

/** All that CrosslinkAnchors keeps of what was voted, and by whom. */
export function checkpointCommitment(crypto: Crypto, root: Uint8Array, absentHash: Uint8Array): Uint8Array {
  return crypto.keccak256(concat(root, absentHash));
}

/** The checkpoint that follows `source` when the entries at some positions change. */
export function nextCheckpoint(
  source: { readonly epoch: number; readonly root: Uint8Array; readonly entries: readonly Uint8Array[] },
  epoch: number,
  rewardsRoot: Uint8Array,
  changed: readonly { readonly position: number; readonly hash: Uint8Array }[],
): Checkpoint {
  const entries = [...source.entries];
  for (const { position, hash } of changed) entries[position] = hash;
  return { body: { epoch, sourceEpoch: source.epoch, sourceRoot: source.root, rewardsRoot }, entries };
}

export function genesisCheckpoint(shardCount: number): Checkpoint {
  return {
    body: { epoch: 0, sourceEpoch: 0, sourceRoot: ZERO_HASH, rewardsRoot: ZERO_HASH },
    entries: new Array<Uint8Array>(shardCount).fill(ZERO_HASH),
  };
}

/** Siblings of the entry at `position` in the entries tree, bottom up; the body root is the one above them. */
export function entryProof(crypto: Crypto, checkpoint: Checkpoint, position: number): Uint8Array[] {
  return paddedTreeProof(crypto, checkpoint.entries, position);
}

/** The crosslink hash that a new crosslink of `shardId` builds on, given the entry of the justified checkpoint. */
export function parentOfEntry(crypto: Crypto, domain: Domain, shardId: number, entry: Uint8Array): Uint8Array {
  const isEmpty = entry.every((byte) => byte === 0);
  return isEmpty ? crosslinkHash(crypto, domain, genesisCrosslink(shardId)) : entry;
}

/** Bytes of one changed entry in a submission. */
export const ENTRY_RECORD_BYTES = 4 + 8 + 8 + 32 + 32;

/** A changed entry as the parent chain sees it: what cannot be derived from position, target and previous entry. */
export type EntryRecord = Pick<Crosslink, "generation" | "firstBlock" | "lastBlock" | "blocksRoot" | "stateRoot">;
