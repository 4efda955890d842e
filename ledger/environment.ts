import type { Crypto } from "../protocol/crypto.ts";
import { type Domain, shardChainId } from "../protocol/eip712.ts";
import type { Parameters } from "../protocol/presets.ts";

/**
 * What a shard may know of the parent chain. Every answer must be final for the asker: the same today and in a dispute.
 * `null` means that there is no such fact, or that the asker's view of the parent chain does not reach it yet.
 */
export interface ParentFacts {
  /** seed(epoch), 32 bytes; null while it is not known. */
  seed(epoch: number): Uint8Array | null;
  /** Shards opened in epochs up to `asOfEpoch`; null while it is not known. */
  shardCount(asOfEpoch: number): number | null;
  /** Digest (32 bytes) of the shard's inbox entry, and the epoch in which it was recorded. */
  inboxEntryDigest(shardId: number, index: number): { readonly digest: Uint8Array; readonly epoch: number } | null;
  /**
   * Root (32 bytes) of the checkpoint if it was settled in an epoch up to `asOfEpoch`, without exception at `position`.
   */
  settledCheckpointRoot(checkpointEpoch: number, position: number, asOfEpoch: number): Uint8Array | null;
}

/** What the execution of a shard's steps depends on besides its state. */
export interface LedgerEnvironment {
  readonly crypto: Crypto;
  readonly domain: Domain;
  readonly parameters: LedgerParameters;
  readonly facts: ParentFacts;
  readonly shardId: number;
  /** The shard's EIP-155 chain id. */
  readonly chainId: bigint;
}

export type LedgerParameters = Pick<Parameters, "slotsPerEpoch" | "inputDelay" | "shardCount">;

export function createLedgerEnvironment(
  parts: Pick<LedgerEnvironment, "crypto" | "domain" | "parameters" | "facts" | "shardId">,
): LedgerEnvironment {
  return { ...parts, chainId: BigInt(shardChainId(parts.crypto, parts.domain, parts.shardId)) };
}
