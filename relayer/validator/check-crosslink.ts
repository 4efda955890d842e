import type { BlockHeader } from "../../protocol/block-header.ts";
import { DecodeError, equal, toHex } from "../../protocol/bytes.ts";
import { epochOfSlot } from "../../protocol/clock.ts";
import { type Crosslink, crosslinkHash, type SignedCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { MAX_REQUESTED_BLOCKS } from "../../protocol/gossip.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import type { ParentView } from "../parent/parent-view.ts";
import type { PublishedBlock, PublishedBlocks } from "../store/published-blocks.ts";
import { type BlockVerifier, checkBlock } from "./check-block.ts";
import { ignoredDuty } from "./check-duties.ts";

/** A crosslink that must not be attested; the message says why. */
export class CrosslinkRefused extends Error {
  override readonly name = "CrosslinkRefused";
}

export interface CrosslinkCheckOptions {
  readonly crypto: Crypto;
  readonly view: ParentView;
  readonly blocks: PublishedBlocks;
  /** What the peers have of a range from its first block on, one answer after the other. */
  readonly fetchBlocks: (shardId: number, first: number, last: number) => AsyncIterable<readonly Uint8Array[]>;
  readonly verifyBlock: BlockVerifier;
}

/** Where a block stands: on top of this one. */
interface Below {
  /** null below block 1 */
  readonly header: BlockHeader | null;
  readonly hash: Uint8Array;
}

/**
 * What a committee member does before it signs: shape, links and boundaries of the crosslink, every block re-executed from
 * its witness, unless it was when it came, and what the shard has to import. @throws CrosslinkRefused, LedgerError
 */
export async function checkCrosslink(options: CrosslinkCheckOptions, { crosslink }: SignedCrosslink): Promise<void> {
  const { crypto, view } = options;
  const parent = parentOf(options, crosslink);
  checkShape(view, crosslink, parent);
  let below = await lastBlockOf(options, parent);
  const hashes: Uint8Array[] = [];
  for (let number = crosslink.firstBlock; number <= crosslink.lastBlock; number++) {
    const block = await soundBlock(options, crosslink, number, below);
    if (epochOfSlot(view.parameters, block.header.slot) > crosslink.epoch) {
      throw new CrosslinkRefused(`block ${number} is of a later epoch than ${crosslink.epoch}`);
    }
    hashes.push(block.hash);
    below = block;
  }
  if (!equal(paddedTreeRoot(crypto, hashes), crosslink.blocksRoot)) throw new CrosslinkRefused("blocks root");
  if (below.header === null || !equal(below.header.stateRoot, crosslink.stateRoot))
    throw new CrosslinkRefused("state root");
  const source = ignoredDuty(view, options.blocks, crosslink, { header: below.header, hash: below.hash });
  if (source !== null)
    throw new CrosslinkRefused(`imports from ${source === 0 ? "the inbox" : `shard ${source}`} are overdue`);
}

/** What the crosslink has to build on. */
function parentOf({ crypto, view }: CrosslinkCheckOptions, crosslink: Crosslink): Crosslink {
  const shard = view.shard(crosslink.shardId);
  const parent = view.parentOf(crosslink.shardId);
  if (shard === null || parent === null) throw new CrosslinkRefused(`shard ${crosslink.shardId} is unknown`);
  if (crosslink.generation !== shard.generation) {
    throw new CrosslinkRefused(`generation ${crosslink.generation} is not ${shard.generation}`);
  }
  if (!equal(crosslink.parent, crosslinkHash(crypto, view.domain, parent))) {
    throw new CrosslinkRefused(`parent ${toHex(crosslink.parent)} is not what the shard goes on from`);
  }
  return parent;
}

function checkShape(view: ParentView, crosslink: Crosslink, parent: Crosslink): void {
  const { firstBlock, lastBlock } = crosslink;
  if (firstBlock !== parent.lastBlock + 1) throw new CrosslinkRefused(`block ${firstBlock} after ${parent.lastBlock}`);
  const count = lastBlock - firstBlock + 1;
  if (count < 1 || count > view.parameters.maxBlocks) throw new CrosslinkRefused(`${count} blocks`);
}

/** The parent's last block, proven by the parent's blocks root: contents do not matter here. */
async function lastBlockOf(options: CrosslinkCheckOptions, parent: Crosslink): Promise<Below> {
  const { crypto, view, blocks, fetchBlocks } = options;
  const { shardId, firstBlock, lastBlock } = parent;
  if (lastBlock === 0) return { header: null, hash: crosslinkHash(crypto, view.domain, parent) };
  const find = (): PublishedBlock | undefined => {
    for (const start of blocks.numbered(shardId, firstBlock)) {
      const chain = blocks.chain(shardId, firstBlock, lastBlock, start.header.parentHash);
      const hashes = chain.map((block) => block.hash);
      if (equal(paddedTreeRoot(crypto, hashes), parent.blocksRoot)) return chain.at(-1);
    }
    return undefined;
  };
  let last = find();
  for (let first = firstBlock; last === undefined && first <= lastBlock; first += MAX_REQUESTED_BLOCKS) {
    for await (const answer of fetchBlocks(shardId, first, lastBlock)) {
      addAll(blocks, answer, undefined);
      last = find();
      if (last !== undefined) break;
    }
  }
  if (last === undefined) throw new CrosslinkRefused(`the blocks of the parent, up to ${lastBlock}, are not published`);
  return last;
}

/**
 * A block that re-executes. Of a copy that does not, another one may: all that is signed is the header. So every peer is
 * asked until one has a good copy. @throws CrosslinkRefused, LedgerError of the last copy
 */
async function soundBlock(
  options: CrosslinkCheckOptions,
  crosslink: Crosslink,
  number: number,
  below: Below,
): Promise<PublishedBlock> {
  const { blocks, fetchBlocks } = options;
  const { shardId, lastBlock } = crosslink;
  let failure: Error = new CrosslinkRefused(`block ${number} is not published`);
  /** What the operator itself made unsound is the same at every peer: once is enough. */
  const unsound = new Set<string>();
  const find = (): PublishedBlock | null => {
    for (const block of [...blocks.numbered(shardId, number)]) {
      if (block.header.generation !== crosslink.generation || !equal(block.header.parentHash, below.hash)) continue;
      if (block.verified) return block;
      const copy = toHex(options.crypto.keccak256(block.bytes));
      if (unsound.has(copy) || blocks.isRefused(block)) {
        blocks.discard(block);
        continue;
      }
      const fault = checkBlock(blocks, options.verifyBlock, block, below.header);
      if (fault === null) return block;
      // What is not known yet of the parent chain says nothing about the block.
      if (fault.code === "FactsUnavailable") throw fault;
      blocks.discard(block);
      unsound.add(copy);
      failure = fault;
    }
    return null;
  };
  const held = find();
  if (held !== null) return held;
  for await (const answer of fetchBlocks(shardId, number, lastBlock)) {
    addAll(blocks, answer, number);
    const found = find();
    if (found !== null) return found;
  }
  throw failure;
}

function addAll(blocks: PublishedBlocks, answer: readonly Uint8Array[], replaced: number | undefined): void {
  for (const bytes of answer) {
    try {
      blocks.add(bytes, replaced);
    } catch (error) {
      // One peer's rubbish; another one is asked.
      if (!(error instanceof DecodeError)) throw error;
    }
  }
}
