import type { BlockHeader } from "../../protocol/block-header.ts";
import { equal, toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { parentOfEntry } from "../../protocol/checkpoint.ts";
import { epochOfSlot } from "../../protocol/clock.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink, type SignedCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import type { ParentView } from "../parent/parent-view.ts";
import type { PublishedBlock, PublishedBlocks } from "../store/published-blocks.ts";

/** A crosslink that must not be attested; the message says why. */
export class CrosslinkRefused extends Error {
  override readonly name = "CrosslinkRefused";
}

export interface CrosslinkCheckOptions {
  readonly crypto: Crypto;
  readonly view: ParentView;
  readonly blocks: PublishedBlocks;
  /** Asks the peers for blocks that were not gossiped, and adds what they have to `blocks`. */
  readonly fetchBlocks: (shardId: number, first: number, last: number) => Promise<void>;
  /** The stateless check of one block on top of another (none for block 1). @throws LedgerError */
  readonly verifyBlock: (block: Uint8Array, previous: BlockHeader | null) => void;
}

/**
 * What a committee member does before it signs: shape, links and boundaries of the crosslink, and every block
 * re-executed from its witness. @throws CrosslinkRefused, LedgerError
 */
export async function checkCrosslink(options: CrosslinkCheckOptions, { crosslink }: SignedCrosslink): Promise<void> {
  const { crypto } = options;
  const parent = parentOf(options, crosslink);
  checkShape(options.view, crosslink, parent);
  const previous = await lastHeaderOf(options, parent);
  const { shardId, firstBlock, lastBlock } = crosslink;
  const blocks = await publishedChain(options, shardId, firstBlock, lastBlock, previous.hash);

  let below = previous.header;
  for (const block of blocks) {
    const { header } = block;
    if (header.generation !== crosslink.generation) throw new CrosslinkRefused(`block ${header.number}: generation`);
    if (below !== null && header.slot <= below.slot) throw new CrosslinkRefused(`block ${header.number}: slot`);
    if (epochOfSlot(options.view.parameters, header.slot) > crosslink.epoch) {
      throw new CrosslinkRefused(`block ${header.number} is of a later epoch than ${crosslink.epoch}`);
    }
    try {
      options.verifyBlock(block.bytes, below);
    } catch (error) {
      options.blocks.discard(block);
      throw error;
    }
    below = header;
  }
  const hashes = blocks.map((block) => block.hash);
  if (!equal(paddedTreeRoot(crypto, hashes), crosslink.blocksRoot)) throw new CrosslinkRefused("blocks root");
  if (below === null || !equal(below.stateRoot, crosslink.stateRoot)) throw new CrosslinkRefused("state root");
}

/** The justified entry that the crosslink has to build on. */
function parentOf({ crypto, view }: CrosslinkCheckOptions, crosslink: Crosslink): Crosslink {
  const shard = view.shard(crosslink.shardId);
  const justified = view.checkpoint(view.justified.epoch);
  if (shard === null || justified === null) throw new CrosslinkRefused(`shard ${crosslink.shardId} is unknown`);
  if (crosslink.generation !== shard.generation) {
    throw new CrosslinkRefused(`generation ${crosslink.generation} is not ${shard.generation}`);
  }
  const entry = justified.checkpoint.entries[shard.position] ?? ZERO_HASH;
  if (!equal(crosslink.parent, parentOfEntry(crypto, view.domain, shard.id, entry))) {
    throw new CrosslinkRefused(`parent ${toHex(crosslink.parent)} is not the justified entry`);
  }
  const parent = justified.crosslinkOf(shard.position);
  return parent ?? genesisCrosslink(shard.id);
}

function checkShape(view: ParentView, crosslink: Crosslink, parent: Crosslink): void {
  const { firstBlock, lastBlock } = crosslink;
  if (firstBlock !== parent.lastBlock + 1) throw new CrosslinkRefused(`block ${firstBlock} after ${parent.lastBlock}`);
  const count = lastBlock - firstBlock + 1;
  if (count < 1 || count > view.parameters.maxBlocks) throw new CrosslinkRefused(`${count} blocks`);
}

/** Header and hash of the parent's last block, proven by the parent's blocks root. */
async function lastHeaderOf(
  options: CrosslinkCheckOptions,
  parent: Crosslink,
): Promise<{ header: BlockHeader | null; hash: Uint8Array }> {
  const { crypto, view } = options;
  if (parent.lastBlock === 0) return { header: null, hash: crosslinkHash(crypto, view.domain, parent) };
  const find = () => {
    for (const start of options.blocks.numbered(parent.shardId, parent.firstBlock)) {
      const { shardId, firstBlock, lastBlock } = parent;
      const blocks = options.blocks.chain(shardId, firstBlock, lastBlock, start.header.parentHash);
      const hashes = blocks.map((block) => block.hash);
      if (equal(paddedTreeRoot(crypto, hashes), parent.blocksRoot)) return blocks.at(-1) as PublishedBlock;
    }
    return null;
  };
  let last = find();
  if (last === null) {
    await options.fetchBlocks(parent.shardId, parent.firstBlock, parent.lastBlock);
    last = find();
  }
  if (last === null)
    throw new CrosslinkRefused(`the blocks of the parent, up to ${parent.lastBlock}, are not published`);
  return last;
}

async function publishedChain(
  { blocks, fetchBlocks }: CrosslinkCheckOptions,
  shardId: number,
  first: number,
  last: number,
  parentHash: Uint8Array,
): Promise<PublishedBlock[]> {
  const count = last - first + 1;
  let chain = blocks.chain(shardId, first, last, parentHash);
  if (chain.length < count) {
    await fetchBlocks(shardId, first + chain.length, last);
    chain = blocks.chain(shardId, first, last, parentHash);
  }
  if (chain.length < count) throw new CrosslinkRefused(`block ${first + chain.length} is not published`);
  return chain;
}
