import { type Block, decodeBlock, encodeBlock } from "../../ledger/block.ts";
import type { BlockOutcome } from "../../ledger/block-execution.ts";
import { type BlockRequest, buildBlock } from "../../ledger/build-block.ts";
import { createLedgerEnvironment, type LedgerEnvironment } from "../../ledger/environment.ts";
import { LedgerError } from "../../ledger/errors.ts";
import { executeBlock } from "../../ledger/execute-block.ts";
import { ShardState } from "../../ledger/shard-state.ts";
import { verifyBlock } from "../../ledger/verify-block.ts";
import { BLOCK_HEADER_BYTES, type BlockHeader, readBlockHeader } from "../../protocol/block-header.ts";
import { ByteReader } from "../../protocol/bytes.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { signAsOperator } from "../../protocol/operator-signature.ts";
import { type Account, accountKey, decodeAccount, type Head } from "../../protocol/state.ts";
import type { RecordLog } from "../store/record-log.ts";
import { BlockIndex, type BlockIndexLimits } from "./block-index.ts";
import { BlockLog, BlockLogError, type Branch } from "./block-log.ts";
import { type ChainBlock, createChainBlock } from "./chain-block.ts";
import { Outboxes } from "./outboxes.ts";
import type { OperatorParentView } from "./ports.ts";
import { WordHistory } from "./word-history.ts";

export interface ShardChainOptions {
  readonly shardId: number;
  readonly crypto: Crypto;
  readonly view: OperatorParentView;
  /** secp256k1, 32 bytes */
  readonly operatorKey: Uint8Array;
  /** Every block that was signed or taken over, of all generations. */
  readonly blocks: RecordLog;
  readonly indexLimits?: Partial<BlockIndexLimits>;
  /** Called for each block that is executed again, or taken over. */
  readonly onReplay?: (block: ChainBlock, outboxes: Outboxes) => void;
}

export interface ChainBlockRequest extends BlockRequest {
  /** Whether a block is wanted that holds nothing. */
  readonly evenEmpty: boolean;
  /** Asked when the block is built, with the chain's state after it: whether it may be signed. */
  readonly mayStand: () => boolean;
}

export interface BuiltChainBlock extends ChainBlock {
  /** As it goes to peers. */
  readonly encoded: Uint8Array;
}

/** Bytes of overwritten words that are kept for reads of earlier states. */
const WORD_HISTORY_BYTES = 128 * 1024 * 1024;
/** No signature is by the zero address. */
const NOBODY = new Uint8Array(20);

/** What the execution of a chain's blocks has led to. */
interface Executed {
  readonly state: ShardState;
  readonly words: WordHistory;
  readonly index: BlockIndex;
  readonly outboxes: Outboxes;
}

/**
 * The operator's own chain: state, log of blocks, and what readers ask of both. It alone writes the log. Which of the log's
 * blocks are the chain is said by the parent chain: `follow`.
 */
export class ShardChain {
  readonly log: BlockLog;
  readonly #options: ShardChainOptions;
  #executed: Executed;

  /**
   * Executes again what the log holds: the chain that `view` says, or, when the log does not hold that, the last one that
   * was written.
   * @throws BlockLogError
   */
  constructor(options: ShardChainOptions) {
    const { crypto, view, shardId, blocks } = options;
    this.#options = options;
    this.log = new BlockLog(crypto, view.domain, shardId, blocks);
    this.#executed = this.#genesis();
    const parent = view.parentOf(shardId);
    const branch = parent === null ? null : this.log.branchOf(parent);
    const { generation } = view.shard(shardId) ?? { generation: 0 };
    this.#goTo(branch === null ? this.log.latest : this.log.extended(branch, generation));
  }

  /** The latest blocks, with their receipts. */
  get index(): BlockIndex {
    return this.#executed.index;
  }

  get outboxes(): Outboxes {
    return this.#executed.outboxes;
  }

  /** Of the last block; all zero before block 1. */
  get head(): Head {
    return this.#executed.state.head();
  }

  /** Of the last block; of the genesis crosslink before block 1. */
  get headHash(): Uint8Array {
    return this.hashOf(this.head.number);
  }

  account(address: Uint8Array): Account {
    return this.#executed.state.account(address);
  }

  /** After block `number`; null when that is too long ago. */
  accountAt(address: Uint8Array, number: number): Account | null {
    const word = this.#executed.words.wordAt(accountKey(this.#options.crypto, address), number);
    return word === null ? null : decodeAccount(word);
  }

  /** Index of the next import from that shard; 0 is the parent's inbox. */
  cursor(source: number): number {
    return this.#executed.state.cursor(source);
  }

  /** As published; null when there is no such block. */
  encodedBlock(number: number): Uint8Array | null {
    return this.log.read(number);
  }

  /** null when there is no such block. */
  header(number: number): BlockHeader | null {
    const recent = this.index.block(number);
    if (recent !== null) return recent.header;
    const encoded = this.encodedBlock(number);
    return encoded === null ? null : readBlockHeader(new ByteReader(encoded.subarray(0, BLOCK_HEADER_BYTES)));
  }

  /** Of the genesis crosslink for 0. @throws RangeError when there is no such block */
  hashOf(number: number): Uint8Array {
    return this.log.hashOf(number);
  }

  /**
   * Goes to where a shard of that generation stands on top of a crosslink: the blocks up to the crosslink's last, and those
   * of the generation that the log holds on top of them. What is left behind stays in the log.
   * @returns the blocks that are of the chain no more, ascending, as far as they were kept; null, with nothing changed, when
   * the crosslink's blocks are not in the log
   * @throws BlockLogError, LedgerError FactsUnavailable; then it is on its way, and goes on when it is called again
   */
  follow(crosslink: Crosslink, generation: number): ChainBlock[] | null {
    if (this.log.follows(crosslink, generation)) return [];
    const branch = this.log.branchOf(crosslink);
    return branch === null ? null : this.#goTo(this.log.extended(branch, generation));
  }

  /** As `follow`, to the crosslink's last block itself. */
  backTo(crosslink: Crosslink): ChainBlock[] | null {
    const branch = this.log.branchOf(crosslink);
    return branch === null ? null : this.#goTo(branch);
  }

  /** Whether a published block is sound on top of the chain by its witness alone, as validators see it. */
  verifies(encoded: Uint8Array): boolean {
    const { view, shardId } = this.#options;
    const { header: previous } = this.#executed.state;
    const { generation } = readBlockHeader(new ByteReader(encoded.subarray(0, BLOCK_HEADER_BYTES)));
    const operator = view.operatorOf(shardId, generation) ?? NOBODY;
    return verifyBlock(this.#environment(), { previous, generation, operator }, encoded).ok;
  }

  /** Executes a published block on top of the chain and writes it to the log. @throws LedgerError when it is unsound */
  take(encoded: Uint8Array): void {
    const executed = this.#execute(encoded);
    try {
      this.log.append(encoded);
    } catch (error) {
      this.#executed.state.undoBlock();
      throw error;
    }
    this.#tellReplayed(this.#onBlock(executed.outcome, { ...executed.block, size: encoded.length }));
  }

  /**
   * Builds the next block, signs it and writes it to the log.
   * @returns null, with nothing changed, when the block would be empty and an empty one is not wanted, or it must not stand
   * @throws LedgerError when not even an empty block is admissible in that slot
   * @throws BlockLogError when a block of that number and generation was signed before
   */
  build(request: ChainBlockRequest): BuiltChainBlock | null {
    const { crypto, operatorKey } = this.#options;
    const { generation } = request;
    if (this.log.lastOf(generation) > this.log.last) {
      throw new BlockLogError(`blocks up to ${this.log.lastOf(generation)} of generation ${generation} are signed`);
    }
    const { state } = this.#executed;
    const built = buildBlock(this.#environment(), state, request);
    if ((built.steps.length === 1 && !request.evenEmpty) || !request.mayStand()) {
      state.undoBlock();
      return null;
    }
    let encoded: Uint8Array;
    try {
      const operatorSignature = signAsOperator(crypto, built.blockHash, operatorKey);
      encoded = encodeBlock({ ...built, operatorSignature });
      this.log.append(encoded);
    } catch (error) {
      // What is not on disk was never built: the next try may hold other steps.
      state.undoBlock();
      throw error;
    }
    return { ...this.#onBlock(built, { ...built, size: encoded.length }), encoded };
  }

  #genesis(): Executed {
    const { crypto, view, indexLimits } = this.#options;
    const window = 4 * view.parameters.maxBlocks;
    const state = ShardState.genesis(crypto, window);
    return {
      state,
      words: new WordHistory(state.tree, WORD_HISTORY_BYTES),
      index: new BlockIndex(indexLimits),
      outboxes: new Outboxes(crypto, state.tree, window),
    };
  }

  /** @returns the blocks that are of the chain no more, ascending, as far as they were kept */
  #goTo(branch: Branch): ChainBlock[] {
    const { chain } = this.log;
    let common = 0;
    while (common < chain.length && chain[common] === branch[common]) common++;
    const left = this.#rollBack(common);
    this.log.select(branch);
    for (let number = this.head.number + 1; number <= branch.length; number++) this.#replay(number);
    return left;
  }

  /** Takes the state back to that block or, when that is too far for undoing, to genesis. */
  #rollBack(number: number): ChainBlock[] {
    const { state, words, index, outboxes } = this.#executed;
    const depth = this.head.number - number;
    const isNear = depth <= state.undoable && (number === 0 || index.block(number) !== null);
    const left = index.rollBack(number);
    if (isNear) {
      for (let i = 0; i < depth; i++) state.undoBlock();
      words.rollBack(number);
      outboxes.rollBack(number, (destination) => state.outbox(destination).count);
    } else this.#executed = this.#genesis();
    return left;
  }

  /** @throws BlockLogError; LedgerError FactsUnavailable while the parent chain is not known far enough */
  #replay(number: number): void {
    const encoded = this.log.read(number) as Uint8Array;
    try {
      const { block, outcome } = this.#execute(encoded);
      this.#tellReplayed(this.#onBlock(outcome, { ...block, size: encoded.length }));
    } catch (cause) {
      // The chain is what has been executed.
      this.log.select(this.log.chain.slice(0, number - 1));
      if (cause instanceof LedgerError && cause.code === "FactsUnavailable") throw cause;
      throw new BlockLogError(`block ${number} of shard ${this.#options.shardId} does not execute`, { cause });
    }
  }

  /** @throws LedgerError */
  #execute(encoded: Uint8Array): { readonly block: Block; readonly outcome: BlockOutcome } {
    const { view, shardId } = this.#options;
    const block = decodeBlock(encoded);
    const { generation } = block.header;
    const operator = view.operatorOf(shardId, generation) ?? NOBODY;
    const outcome = executeBlock(this.#environment(), this.#executed.state, { generation, operator }, block);
    return { block, outcome };
  }

  #tellReplayed(block: ChainBlock): void {
    this.#options.onReplay?.(block, this.outboxes);
  }

  #onBlock(outcome: BlockOutcome, { steps, size }: Pick<Block, "steps"> & { readonly size: number }): ChainBlock {
    const { state, words, index, outboxes } = this.#executed;
    const { header, blockHash: hash, receipts, messages } = outcome;
    const undo = state.lastUndo;
    if (undo !== null) words.push(undo.tree);
    outboxes.onBlock(header.number, messages);
    const block = createChainBlock({ header, hash, size, steps }, receipts);
    index.add(block);
    return block;
  }

  #environment(): LedgerEnvironment {
    const { crypto, view, shardId } = this.#options;
    const { domain, parameters } = view;
    return createLedgerEnvironment({ crypto, domain, parameters, facts: view.facts(), shardId });
  }
}
