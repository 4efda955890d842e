import { LedgerError } from "../../ledger/errors.ts";
import { STEP_KIND, type Step } from "../../ledger/step.ts";
import { concat, equal, toHex } from "../../protocol/bytes.ts";
import { epochOfSlot, lastSlotOf } from "../../protocol/clock.ts";
import { type Crosslink, crosslinkHash, type SignedCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { addressOfKey, signAsOperator } from "../../protocol/operator-signature.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { MAX_STEPS } from "../../protocol/presets.ts";
import type { RecordLog } from "../store/record-log.ts";
import { BlockFeed } from "./block-feed.ts";
import type { BlockIndexLimits } from "./block-index.ts";
import { CrosslinkArchive } from "./crosslink-archive.ts";
import { ImportCandidates } from "./import-candidates.ts";
import { Mempool, type MempoolLimits } from "./mempool.ts";
import { MessageProofs } from "./message-proofs.ts";
import type { OutboxPaths } from "./outboxes.ts";
import type { BlockPublisher, CrosslinkParent, MessageSource, OperatorParentView } from "./ports.ts";
import { ShardChain } from "./shard-chain.ts";
import { type ShardStanding, shardStanding } from "./shard-standing.ts";

export interface ShardOperatorOptions {
  readonly shardId: number;
  readonly crypto: Crypto;
  readonly view: OperatorParentView;
  /** secp256k1, 32 bytes: of the address that the shard registry names as operator. */
  readonly operatorKey: Uint8Array;
  /** Every block this operator has signed, encoded; block n is record n. */
  readonly blocks: RecordLog;
  /** Every crosslink this operator has signed, encoded with its signature. */
  readonly crosslinks: RecordLog;
  readonly messagesFor: MessageSource;
  readonly publish: BlockPublisher;
  /** Told of sources of messages that could not be asked, and of listeners to new blocks that fail. */
  readonly onError: (error: unknown) => void;
  readonly mempoolLimits?: Partial<MempoolLimits>;
  readonly indexLimits?: Partial<BlockIndexLimits>;
}

/** This node must not act as the shard's operator: it would sign what no validator accepts. */
export class ShardOperatorError extends Error {
  override readonly name = "ShardOperatorError";
}

/** Payloads of transactions in one block, bytes; the rest of the block is its witness. */
const MAX_TRANSACTION_BYTES = 8 * 1024 * 1024;
/** Epochs by which a destination may lag behind when it asks for messages. */
const PROOF_SLACK_EPOCHS = 8;

/** Orders one shard's transactions, builds and signs its blocks and crosslinks, and proves its messages. */
export class ShardOperator {
  readonly shardId: number;
  readonly chainId: number;
  readonly crypto: Crypto;
  readonly view: OperatorParentView;
  readonly chain: ShardChain;
  readonly mempool: Mempool;
  readonly crosslinks: CrosslinkArchive;
  readonly proofs: MessageProofs;
  readonly blocks: BlockFeed;
  readonly #options: ShardOperatorOptions;
  readonly #imports: ImportCandidates;

  /**
   * Goes on from the blocks and crosslinks in the logs.
   * @throws ShardOperatorError when the shard is not open or another's; BlockLogError
   */
  constructor(options: ShardOperatorOptions) {
    const { shardId, crypto, view, messagesFor, mempoolLimits } = options;
    const shard = view.shard(shardId);
    if (shard === null) throw new ShardOperatorError(`shard ${shardId} is not open`);
    if (!equal(shard.operator, addressOfKey(crypto, options.operatorKey))) {
      throw new ShardOperatorError(`shard ${shardId} is operated by ${toHex(shard.operator)}`);
    }
    this.#options = options;
    this.shardId = shardId;
    this.chainId = shard.chainId;
    this.crypto = crypto;
    this.view = view;
    this.blocks = new BlockFeed(options.onError);
    this.crosslinks = new CrosslinkArchive(crypto, view.domain, options.crosslinks);
    this.chain = new ShardChain({
      ...options,
      onReplay: ({ header }, outboxes) => {
        if (!this.crosslinks.endsWith(header.number)) return;
        this.crosslinks.setPaths(header.number, outboxes.paths(header.number) as OutboxPaths);
      },
    });
    const { chain, crosslinks } = this;
    const { outboxes } = chain;
    this.mempool = new Mempool({
      crypto,
      chainId: this.chainId,
      account: (address) => chain.account(address),
      ...(mempoolLimits === undefined ? {} : { limits: mempoolLimits }),
    });
    this.proofs = new MessageProofs({ shardId, crypto, view, outboxes, crosslinks });
    this.#imports = new ImportCandidates({
      shardId,
      view,
      messagesFor,
      cursor: (source) => chain.cursor(source),
      onError: options.onError,
    });
  }

  /**
   * Builds, signs, logs and publishes at most one block: when there is something to put into it, after a block with fees,
   * and once per epoch in any case, so that head and seed go on. Not while MAX_BLOCKS are unanchored, nor before the parent
   * chain is known far enough. Messages of other shards are asked for between two slots.
   * @returns whether there is a new block
   */
  onSlot(slot: number): boolean {
    this.mempool.onSlot(slot);
    if (!this.#mayBuild(slot)) return false;
    const hasBuilt = this.#build(slot, this.#imports.collect(slot));
    this.#imports.prefetch(slot);
    return hasBuilt;
  }

  /**
   * The crosslink of `epoch` on top of `parent`: the blocks after the parent's last, up to the epoch's last slot. There is
   * one per epoch: asked again it is the same, and null for another parent. Null, too, when there is no block to anchor.
   * @throws ShardOperatorError when the parent is not of this operator's chain
   */
  buildCrosslink(epoch: number, parent: CrosslinkParent): SignedCrosslink | null {
    const { crypto, view, chain } = this;
    const signed = this.crosslinks.ofEpoch(epoch)?.signed;
    if (signed !== undefined) return equal(signed.crosslink.parent, parent.hash) ? signed : null;
    this.#checkParent(parent);
    const firstBlock = parent.lastBlock + 1;
    const lastBlock = Math.min(this.#lastBlockOf(epoch), parent.lastBlock + view.parameters.maxBlocks);
    const header = chain.header(lastBlock);
    const paths = chain.outboxes.paths(lastBlock);
    if (lastBlock < firstBlock || header === null || paths === null) return null;

    const hashes = Array.from({ length: lastBlock - firstBlock + 1 }, (_, i) => chain.hashOf(firstBlock + i));
    const crosslink: Crosslink = {
      shardId: this.shardId,
      generation: header.generation,
      epoch,
      parent: parent.hash,
      firstBlock,
      lastBlock,
      blocksRoot: paddedTreeRoot(crypto, hashes),
      stateRoot: header.stateRoot,
    };
    const digest = crosslinkHash(crypto, view.domain, crosslink);
    const operatorSignature = signAsOperator(crypto, digest, this.#options.operatorKey);
    const archived = this.crosslinks.add({ crosslink, operatorSignature });
    this.crosslinks.setPaths(lastBlock, paths);
    this.#forgetOldPaths(epoch);
    return archived.signed;
  }

  /** At most 64 ImportMessage payloads for `destination`, as a MessageSource answers. */
  messagesTo(destination: number, fromIndex: number, asOfEpoch: number): Uint8Array[] {
    return this.proofs.importPayloads(destination, fromIndex, asOfEpoch);
  }

  /** Where the latest justified or settled checkpoint leaves this shard. */
  standing(finality: "justified" | "settled"): ShardStanding {
    return shardStanding(this.crypto, this.view, this.shardId, finality);
  }

  #mayBuild(slot: number): boolean {
    const { head } = this.chain;
    if (head.number > 0 && slot <= head.slot) return false;
    // Below zero: blocks are anchored that this operator has lost. It must not sign others of their numbers.
    const unanchored = head.number - this.standing("justified").lastBlock;
    return unanchored >= 0 && unanchored < this.view.parameters.maxBlocks;
  }

  #build(slot: number, imports: readonly Step[]): boolean {
    const { chain, mempool, view } = this;
    const transactions = mempool.select({
      transactions: MAX_STEPS - 1 - imports.length,
      bytes: MAX_TRANSACTION_BYTES,
    });
    const evenEmpty = this.#isDue(slot);
    if (imports.length + transactions.length === 0 && !evenEmpty) return false;
    try {
      const block = chain.build({
        slot,
        generation: view.shard(this.shardId)?.generation ?? 0,
        candidates: [...imports, ...transactions.map(({ payload }) => ({ kind: STEP_KIND.transaction, payload }))],
        senders: concat(...transactions.map(({ sender }) => sender)),
        evenEmpty,
      });
      if (block === null) return false;
      mempool.onBlock(block.transactions.map(({ receipt }) => receipt.sender));
      this.#options.publish(block.encoded);
      this.blocks.tell(block);
      return true;
    } catch (error) {
      // The parent chain is not known far enough yet: the next slot tries again.
      if (error instanceof LedgerError && error.code === "FactsUnavailable") return false;
      throw error;
    }
  }

  /** Whether a block is wanted though nothing waits for it. */
  #isDue(slot: number): boolean {
    const { head } = this.chain;
    if (head.number === 0 || epochOfSlot(this.view.parameters, slot) > head.epoch) return true;
    // The next block credits the fees. Besides, wallets that look for a receipt when the block number changes can miss
    // the change that brought it, and would wait for the next epoch.
    return (this.chain.header(head.number)?.fees ?? 0n) > 0n;
  }

  /** Number of the last block up to the end of the epoch; 0 when there is none. */
  #lastBlockOf(epoch: number): number {
    const lastSlot = lastSlotOf(this.view.parameters, epoch);
    let { number } = this.chain.head;
    while (number > 0 && (this.chain.header(number)?.slot ?? 0) > lastSlot) number--;
    return number;
  }

  #checkParent({ hash, lastBlock }: CrosslinkParent): void {
    const anchored = this.view.crosslinkByHash(hash);
    const own = this.chain.header(lastBlock);
    if (anchored === null || own === null || anchored.lastBlock === 0) return;
    if (anchored.lastBlock !== lastBlock || !equal(anchored.stateRoot, own.stateRoot)) {
      throw new ShardOperatorError(`block ${lastBlock} of shard ${this.shardId} is not the one that is anchored`);
    }
  }

  /** Destinations prove against what was settled INPUT_DELAY epochs before theirs; older states are of no more use. */
  #forgetOldPaths(epoch: number): void {
    const { view } = this;
    const oldest = view.settledAsOf(epoch - view.parameters.inputDelay - PROOF_SLACK_EPOCHS);
    const position = view.shard(this.shardId)?.position ?? -1;
    this.crosslinks.forgetPathsBefore(view.checkpoint(oldest)?.crosslinkOf(position)?.lastBlock ?? 0);
  }
}
