import { leavesLying, waitingSince } from "../../ledger/duties.ts";
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
import { CatchUp } from "./catch-up.ts";
import type { ChainBlock } from "./chain-block.ts";
import { CrosslinkArchive } from "./crosslink-archive.ts";
import { ImportCandidates } from "./import-candidates.ts";
import { Mempool, type MempoolLimits } from "./mempool.ts";
import { MessageProofs } from "./message-proofs.ts";
import type { OutboxPaths } from "./outboxes.ts";
import type { BlockFetcher, BlockPublisher, CrosslinkParent, MessageSource, OperatorParentView } from "./ports.ts";
import { ReturningTransactions } from "./returning-transactions.ts";
import { ShardChain } from "./shard-chain.ts";
import { type ShardStanding, shardStanding, soundlySettled } from "./shard-standing.ts";

export interface ShardOperatorOptions {
  readonly shardId: number;
  readonly crypto: Crypto;
  readonly view: OperatorParentView;
  /** secp256k1, 32 bytes: of the address that the shard registry names as operator. */
  readonly operatorKey: Uint8Array;
  /** Every block this operator has signed or taken over, encoded. */
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
/** Slots in which transactions of void blocks wait until they are admissible again. */
const RETURN_SLOTS = 64;
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
  readonly #returning: ReturningTransactions;
  readonly #address: Uint8Array;
  #isCatchingUp = false;
  #slot = 0;

  /**
   * Goes on from the blocks and crosslinks in the logs. Where these do not lead to what the shard stands on, `catchUp` has to
   * come before anything is built.
   * @throws ShardOperatorError when the shard is not open or another's; BlockLogError
   */
  constructor(options: ShardOperatorOptions) {
    const { shardId, crypto, view, messagesFor, mempoolLimits } = options;
    const shard = view.shard(shardId);
    if (shard === null) throw new ShardOperatorError(`shard ${shardId} is not open`);
    this.#address = addressOfKey(crypto, options.operatorKey);
    if (!equal(shard.operator, this.#address)) {
      throw new ShardOperatorError(`shard ${shardId} is operated by ${toHex(shard.operator)}`);
    }
    this.#options = options;
    this.shardId = shardId;
    this.chainId = shard.chainId;
    this.crypto = crypto;
    this.view = view;
    this.blocks = new BlockFeed(options.onError);
    this.crosslinks = new CrosslinkArchive(crypto, view.domain, options.crosslinks);
    this.#wantAnchored();
    this.chain = new ShardChain({
      ...options,
      onReplay: ({ header: { number, stateRoot } }, outboxes) => {
        if (!this.crosslinks.endsWith(stateRoot)) return;
        this.crosslinks.setPaths(stateRoot, number, outboxes.paths(number) as OutboxPaths);
      },
    });
    const { chain, crosslinks } = this;
    this.mempool = new Mempool({
      crypto,
      chainId: this.chainId,
      account: (address) => chain.account(address),
      ...(mempoolLimits === undefined ? {} : { limits: mempoolLimits }),
    });
    this.#returning = new ReturningTransactions({
      restore: (transaction) => this.mempool.restore(transaction),
      limit: this.mempool.limits.count,
      slots: RETURN_SLOTS,
    });
    this.proofs = new MessageProofs({ shardId, crypto, view, chain, crosslinks });
    this.#imports = new ImportCandidates({
      shardId,
      view,
      messagesFor,
      cursor: (source) => chain.cursor(source),
      onError: options.onError,
    });
  }

  /** Whether the shard registry names this node. */
  get isOperator(): boolean {
    return equal(this.view.shard(this.shardId)?.operator ?? new Uint8Array(20), this.#address);
  }

  /**
   * Goes to where the parent chain says that the shard stands: after a void back to the last sound crosslink. Transactions of
   * the blocks left behind are offered to the pool again. Call when the parent chain has a new block.
   * @returns false when the log does not hold what the shard stands on
   * @throws BlockLogError
   */
  follow(): boolean {
    const parent = this.view.parentOf(this.shardId);
    if (parent === null || this.#isCatchingUp) return false;
    const before = this.chain.headHash;
    const left = this.chain.follow(parent, this.#generation);
    if (left === null) return false;
    if (!equal(this.chain.headHash, before)) this.#leave(left);
    return true;
  }

  /** Number of the last block that is anchored and not here yet; null when the chain is where the shard stands. */
  get behind(): number | null {
    const { lastBlock = 0 } = this.view.parentOf(this.shardId) ?? {};
    return this.#isCatchingUp && lastBlock > this.chain.head.number ? lastBlock : null;
  }

  /**
   * Fetches and executes what the shard stands on, when the log does not hold it: for who has taken the shard over.
   * @throws CatchUpError, BlockLogError
   */
  async catchUp(fetchBlocks: BlockFetcher, signal: AbortSignal): Promise<void> {
    const { view, shardId, crypto, chain } = this;
    const parent = view.parentOf(shardId);
    if (this.#isCatchingUp || parent === null || this.follow()) return;
    if (parent.generation === this.#generation && parent.lastBlock > 0) {
      throw new ShardOperatorError(
        `shard ${shardId}: blocks up to ${parent.lastBlock} of generation ${parent.generation} are anchored and not in this log, whose operator must not sign others of their numbers`,
      );
    }
    this.#isCatchingUp = true;
    try {
      this.#wantAnchored();
      await new CatchUp({ shardId, crypto, view, chain, fetchBlocks }).run(signal);
    } finally {
      this.#isCatchingUp = false;
      this.#leave([]);
    }
    this.follow();
  }

  /**
   * Builds, signs, logs and publishes at most one block: when there is something to put into it, after a block with fees,
   * and once per epoch in any case, so that head and seed go on. Not while MAX_BLOCKS are unanchored, nor before the parent
   * chain is known far enough, nor when the shard is another's. Messages of other shards are asked for between two slots.
   * @returns whether there is a new block
   */
  onSlot(slot: number): boolean {
    this.#slot = slot;
    this.mempool.onSlot(slot);
    this.#returning.onSlot(slot);
    if (!this.follow() || !this.#mayBuild(slot)) return false;
    const hasBuilt = this.#build(slot, this.#imports.collect(slot));
    this.#imports.prefetch(slot);
    return hasBuilt;
  }

  /**
   * The crosslink of `epoch` on top of `parent`: the blocks after the parent's last, up to the epoch's last slot. There is
   * one per generation and epoch: asked again it is the same, and null for another parent. Null, too, when there is no block
   * to anchor, or the shard is another's.
   * @throws ShardOperatorError when the parent is not of this operator's chain
   */
  buildCrosslink(epoch: number, parent: CrosslinkParent): SignedCrosslink | null {
    const { crypto, view, chain } = this;
    if (!this.isOperator || !this.follow()) return null;
    const generation = this.#generation;
    const signed = this.crosslinks.ofEpoch(epoch).get(generation)?.signed;
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
      generation,
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
    this.crosslinks.setPaths(header.stateRoot, lastBlock, paths);
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

  get #generation(): number {
    return this.view.shard(this.shardId)?.generation ?? 0;
  }

  /** The chain has gone elsewhere than to its next block. @param blocks of the chain no more, ascending */
  #leave(blocks: readonly ChainBlock[]): void {
    const { chain, mempool, crosslinks } = this;
    crosslinks.forgetPathsAfter(chain.head.number);
    this.#imports.forget();
    const included = blocks.flatMap(({ transactions }) =>
      transactions.map(({ hash, payload, receipt: { sender } }) => ({ hash, payload, sender })),
    );
    // What waits in the pool was judged by accounts that are no more.
    this.#returning.take([...included, ...mempool.clear()], this.#slot);
    if (blocks.length > 0) this.blocks.tellRemoved(blocks);
  }

  /** Messages are proven against what is anchored, whoever has signed it. */
  #wantAnchored(): void {
    const { view, shardId, crosslinks } = this;
    for (let at = view.parentOf(shardId); at !== null && at.lastBlock > 0; at = view.crosslinkByHash(at.parent)) {
      crosslinks.want(at.stateRoot);
    }
  }

  #mayBuild(slot: number): boolean {
    const { head, log } = this.chain;
    if (!this.isOperator || (head.number > 0 && slot <= head.slot)) return false;
    // On another branch, after the parent chain has taken a void back: it must not sign others of their numbers.
    if (log.lastOf(this.#generation) > head.number) return false;
    const unanchored = head.number - this.standing("justified").lastBlock;
    return unanchored < this.view.parameters.maxBlocks;
  }

  #build(slot: number, imports: readonly Step[]): boolean {
    const { chain, mempool } = this;
    const transactions = mempool.select({
      transactions: Math.max(0, MAX_STEPS - 1 - imports.length),
      bytes: MAX_TRANSACTION_BYTES,
    });
    const evenEmpty = this.#isDue(slot);
    const cursors = this.#cursors();
    if (imports.length + transactions.length === 0 && !evenEmpty) return false;
    try {
      const block = chain.build({
        slot,
        generation: this.#generation,
        candidates: [...imports, ...transactions.map(({ payload }) => ({ kind: STEP_KIND.transaction, payload }))],
        senders: concat(...transactions.map(({ sender }) => sender)),
        evenEmpty,
        mayStand: () => this.#doesDuties(slot, cursors),
      });
      if (block === null) return false;
      mempool.onBlock(block.transactions.map(({ receipt }) => receipt.sender));
      this.#returning.offer();
      this.#options.publish(block.encoded);
      this.blocks.tell(block);
      return true;
    } catch (error) {
      // The parent chain is not known far enough yet: the next slot tries again.
      if (error instanceof LedgerError && error.code === "FactsUnavailable") return false;
      throw error;
    }
  }

  /** Of the inbox, and of the shards of which messages were demanded. */
  #cursors(): [source: number, cursor: number][] {
    return [0, ...this.view.demandedSources(this.shardId)].map((source) => [source, this.chain.cursor(source)]);
  }

  /**
   * Whether nothing overdue is left behind since the cursors stood there. A crosslink may end with any block, so it is asked
   * of each: it is better to build none than one that is void.
   */
  #doesDuties(slot: number, cursors: readonly (readonly [source: number, cursor: number])[]): boolean {
    const { view, shardId, chain } = this;
    const lastEpoch = epochOfSlot(view.parameters, slot);
    const ignored = cursors.find(([source, before]) => {
      const after = chain.cursor(source);
      const cameIn = waitingSince(view, shardId, source, after);
      return leavesLying(view.parameters, { source, before, after, lastEpoch, cameIn });
    });
    if (ignored === undefined) return true;
    const [source] = ignored;
    const missing = `import ${chain.cursor(source)} from ${source === 0 ? "the inbox" : `shard ${source}`}`;
    this.#options.onError(new ShardOperatorError(`shard ${shardId}, slot ${slot}: no block, as ${missing} is overdue`));
    return false;
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
    const position = view.shard(this.shardId)?.position ?? -1;
    const settled = view.settledAsOf(epoch - view.parameters.inputDelay - PROOF_SLACK_EPOCHS);
    const oldest = soundlySettled(view, position, settled);
    this.crosslinks.forgetPathsBefore(view.checkpoint(oldest)?.crosslinkOf(position)?.lastBlock ?? 0);
  }
}
