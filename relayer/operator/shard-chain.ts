import { type Block, decodeBlock, encodeBlock } from "../../ledger/block.ts";
import type { BlockOutcome } from "../../ledger/block-execution.ts";
import { type BlockRequest, buildBlock } from "../../ledger/build-block.ts";
import { createLedgerEnvironment, type LedgerEnvironment } from "../../ledger/environment.ts";
import { executeBlock } from "../../ledger/execute-block.ts";
import { ShardState } from "../../ledger/shard-state.ts";
import { BLOCK_HEADER_BYTES, type BlockHeader, blockHash, readBlockHeader } from "../../protocol/block-header.ts";
import { ByteReader } from "../../protocol/bytes.ts";
import { crosslinkHash, genesisCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { addressOfKey, signAsOperator } from "../../protocol/operator-signature.ts";
import { type Account, accountKey, decodeAccount, type Head } from "../../protocol/state.ts";
import type { RecordLog } from "../store/record-log.ts";
import { BlockIndex, type BlockIndexLimits } from "./block-index.ts";
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
  /** Block n is record n. */
  readonly blocks: RecordLog;
  readonly indexLimits?: Partial<BlockIndexLimits>;
  /** Called for each block of the log while it is replayed. */
  readonly onReplay?: (block: ChainBlock, outboxes: Outboxes) => void;
}

export interface BuiltChainBlock extends ChainBlock {
  /** As it goes to peers. */
  readonly encoded: Uint8Array;
}

/** Bytes of overwritten words that are kept for reads of earlier states. */
const WORD_HISTORY_BYTES = 128 * 1024 * 1024;

/** What a block log holds cannot be executed: it belongs to another shard, key or deployment, or the parent chain disagrees. */
export class BlockLogError extends Error {
  override readonly name = "BlockLogError";
}

/** The operator's own chain: state, log of blocks, and what readers ask of both. It alone writes the log. */
export class ShardChain {
  readonly index: BlockIndex;
  readonly outboxes: Outboxes;
  readonly #options: ShardChainOptions;
  readonly #state: ShardState;
  readonly #words: WordHistory;

  /** Executes again what the log holds. @throws BlockLogError */
  constructor(options: ShardChainOptions) {
    const { crypto, view } = options;
    const window = 4 * view.parameters.maxBlocks;
    this.#options = options;
    this.#state = ShardState.genesis(crypto, window);
    this.#words = new WordHistory(this.#state.tree, WORD_HISTORY_BYTES);
    this.index = new BlockIndex(options.indexLimits);
    this.outboxes = new Outboxes(crypto, this.#state.tree, window);
    this.#replay();
  }

  /** Of the last block; all zero before block 1. */
  get head(): Head {
    return this.#state.head();
  }

  /** Of the last block; of the genesis crosslink before block 1. */
  get headHash(): Uint8Array {
    return this.hashOf(this.head.number);
  }

  account(address: Uint8Array): Account {
    return this.#state.account(address);
  }

  /** After block `number`; null when that is too long ago. */
  accountAt(address: Uint8Array, number: number): Account | null {
    const word = this.#words.wordAt(accountKey(this.#options.crypto, address), number);
    return word === null ? null : decodeAccount(word);
  }

  /** Index of the next import from that shard; 0 is the parent's inbox. */
  cursor(source: number): number {
    return this.#state.cursor(source);
  }

  /** As published; null when there is no such block. */
  encodedBlock(number: number): Uint8Array | null {
    return this.#options.blocks.read(number);
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
    const { crypto, view, shardId } = this.#options;
    if (number === 0) return crosslinkHash(crypto, view.domain, genesisCrosslink(shardId));
    const recent = this.index.block(number);
    if (recent !== null) return recent.hash;
    const header = this.header(number);
    if (header === null) throw new RangeError(`block ${number} does not exist`);
    return blockHash(crypto, view.domain, header);
  }

  /**
   * Builds the next block, signs it and writes it to the log.
   * @returns null, with nothing changed, when the block would be empty and an empty one is not wanted
   * @throws LedgerError when not even an empty block is admissible in that slot
   */
  build(request: BlockRequest & { readonly evenEmpty: boolean }): BuiltChainBlock | null {
    const { crypto, operatorKey, blocks } = this.#options;
    const built = buildBlock(this.#environment(), this.#state, request);
    if (built.steps.length === 1 && !request.evenEmpty) {
      this.#state.undoBlock();
      return null;
    }
    let encoded: Uint8Array;
    try {
      const operatorSignature = signAsOperator(crypto, built.blockHash, operatorKey);
      encoded = encodeBlock({ ...built, operatorSignature });
      blocks.append(encoded);
    } catch (error) {
      // What is not on disk was never built: the next try may hold other steps.
      this.#state.undoBlock();
      throw error;
    }
    return { ...this.#onBlock(built, { ...built, size: encoded.length }), encoded };
  }

  #replay(): void {
    const { crypto, operatorKey, blocks, shardId, onReplay } = this.#options;
    const operator = addressOfKey(crypto, operatorKey);
    const environment = this.#environment();
    for (let number = 1; number <= blocks.last; number++) {
      const encoded = blocks.read(number) as Uint8Array;
      try {
        const block = decodeBlock(encoded);
        const { generation } = block.header;
        const outcome = executeBlock(environment, this.#state, { generation, operator }, block);
        const replayed = this.#onBlock(outcome, { ...block, size: encoded.length });
        onReplay?.(replayed, this.outboxes);
      } catch (cause) {
        throw new BlockLogError(`block ${number} of shard ${shardId} does not execute`, { cause });
      }
    }
  }

  #onBlock(outcome: BlockOutcome, { steps, size }: Pick<Block, "steps"> & { readonly size: number }): ChainBlock {
    const { header, blockHash: hash, receipts, messages } = outcome;
    const undo = this.#state.lastUndo;
    if (undo !== null) this.#words.push(undo.tree);
    this.outboxes.onBlock(header.number, messages);
    const block = createChainBlock({ header, hash, size, steps }, receipts);
    this.index.add(block);
    return block;
  }

  #environment(): LedgerEnvironment {
    const { crypto, view, shardId } = this.#options;
    const { domain, parameters } = view;
    return createLedgerEnvironment({ crypto, domain, parameters, facts: view.facts(), shardId });
  }
}
