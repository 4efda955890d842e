import type { BlockHeader } from "../../protocol/block-header.ts";
import { equal } from "../../protocol/bytes.ts";
import { epochOfSlot } from "../../protocol/clock.ts";
import type { ParentView } from "../parent/parent-view.ts";
import type { PublishedBlock, PublishedBlocks } from "../store/published-blocks.ts";
import { type BlockVerifier, checkBlock } from "./check-block.ts";

export interface EarlyChecksOptions {
  readonly view: ParentView;
  readonly blocks: PublishedBlocks;
  readonly verifyBlock: (shardId: number) => BlockVerifier;
  /** Whether this node will have to attest blocks of the shard and epoch; null while that is not known. */
  readonly attests: (shardId: number, epoch: number) => boolean | null;
  readonly onError: (error: unknown) => void;
}

/** Blocks that wait; what comes beyond them is checked with its crosslink. */
const MAX_WAITING = 4096;
/** Blocks of the parent chain that a block waits for what is not known yet: its committee, its facts, the block below it. */
const MAX_TRIES = 3;

interface Waiting {
  readonly block: PublishedBlock;
  readonly tries: number;
}

/**
 * Checks the blocks that this node will attest as they come, one per turn of the event loop: when a crosslink comes, at the
 * edge of an epoch with those of all other shards, only its newest blocks are left. Decides nothing: what was not checked
 * here, for whatever reason, is checked with its crosslink.
 */
export class EarlyChecks {
  readonly #options: EarlyChecksOptions;
  #queue: Waiting[] = [];
  /** Could not be judged yet; tried again with the next block of the parent chain. */
  #later: Waiting[] = [];
  #scheduled = false;
  #closed = false;

  constructor(options: EarlyChecksOptions) {
    this.#options = options;
  }

  take(block: PublishedBlock): void {
    this.#enqueue({ block, tries: 0 });
  }

  /** The view of the parent chain has changed. */
  onBlock(): void {
    const later = this.#later;
    this.#later = [];
    for (const { block, tries } of later) if (tries < MAX_TRIES) this.#enqueue({ block, tries });
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#later = [];
  }

  #enqueue(waiting: Waiting): void {
    if (this.#closed || this.#queue.length + this.#later.length >= MAX_WAITING) return;
    this.#queue.push(waiting);
    if (!this.#scheduled) this.#schedule();
  }

  #schedule(): void {
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const next = this.#queue.shift();
      if (next === undefined) return;
      try {
        if (!this.#check(next.block)) this.#later.push({ block: next.block, tries: next.tries + 1 });
      } catch (error) {
        this.#options.onError(error);
      }
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  /** False when it could not be judged yet. */
  #check(block: PublishedBlock): boolean {
    const { view, blocks, verifyBlock, attests } = this.#options;
    const { shardId, generation, slot } = block.header;
    // Nobody attests blocks of a dead generation.
    if (block.verified || generation !== view.shard(shardId)?.generation) return true;
    const isConcerned = attests(shardId, epochOfSlot(view.parameters, slot));
    if (isConcerned !== true) return isConcerned !== null;
    const below = this.#below(block);
    if (below === undefined) return false;
    if (blocks.isRefused(block)) {
      blocks.discard(block);
      return true;
    }
    const fault = checkBlock(blocks, verifyBlock(shardId), block, below);
    return fault === null || blocks.isRefused(block);
  }

  /** null for block 1; undefined when the block below is not known. */
  #below({ header }: PublishedBlock): BlockHeader | null | undefined {
    if (header.number === 1) return null;
    const rivals = this.#options.blocks.numbered(header.shardId, header.number - 1);
    return rivals.find(({ hash }) => equal(hash, header.parentHash))?.header;
  }
}
