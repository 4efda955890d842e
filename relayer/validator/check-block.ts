import { LedgerError, type LedgerErrorCode } from "../../ledger/errors.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import type { PublishedBlock, PublishedBlocks } from "../store/published-blocks.ts";

/** The stateless check of one block of a shard on top of another (none for block 1). @throws LedgerError */
export type BlockVerifier = (block: Uint8Array, previous: BlockHeader | null) => void;

/** Errors that another view of the parent chain may not have: they say nothing for good about a block. */
const DEPENDS_ON_PARENT: ReadonlySet<LedgerErrorCode> = new Set([
  "FactsUnavailable",
  "WrongSeed",
  "WrongShardCount",
  "UnknownInboxEntry",
  "WrongInboxEntry",
  "InboxEntryTooRecent",
  "CheckpointNotSettled",
  "WrongCheckpointRoot",
]);

/**
 * Re-executes a copy of a block from its witness, unless it was found good before; remembers a good one, and refuses one
 * that can never be. What a witness proves hangs on the header below alone, which the block names by its hash: so the
 * blocks before need not have been checked.
 * @returns null when it is good
 */
export function checkBlock(
  blocks: PublishedBlocks,
  verifyBlock: BlockVerifier,
  block: PublishedBlock,
  previous: BlockHeader | null,
): LedgerError | null {
  if (block.verified) return null;
  try {
    verifyBlock(block.bytes, previous);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    if (!DEPENDS_ON_PARENT.has(error.code)) blocks.refuse(block);
    return error;
  }
  blocks.confirm(block);
  return null;
}
