import { toHex } from "../../protocol/bytes.ts";
import type { ChainBlock, ChainTransaction } from "./chain-block.ts";

export interface LocatedTransaction {
  readonly block: ChainBlock;
  readonly transaction: ChainTransaction;
}

export interface BlockIndexLimits {
  /** Blocks kept, the latest ones. */
  readonly blocks: number;
  /** Their transactions; the latest block stays in any case. */
  readonly transactions: number;
}

export const DEFAULT_BLOCK_INDEX_LIMITS: BlockIndexLimits = { blocks: 8192, transactions: 262_144 };

/** The latest blocks with their receipts, by number, hash and transaction. Older blocks are in the log alone. */
export class BlockIndex {
  readonly #limits: BlockIndexLimits;
  readonly #byNumber = new Map<number, ChainBlock>();
  readonly #numberByHash = new Map<string, number>();
  readonly #byTransaction = new Map<string, LocatedTransaction>();
  #oldest = 1;
  #transactions = 0;

  constructor(limits: Partial<BlockIndexLimits> = {}) {
    this.#limits = { ...DEFAULT_BLOCK_INDEX_LIMITS, ...limits };
  }

  /** Number of the earliest block that is kept. */
  get oldest(): number {
    return this.#oldest;
  }

  add(block: ChainBlock): void {
    this.#byNumber.set(block.header.number, block);
    this.#numberByHash.set(toHex(block.hash), block.header.number);
    for (const transaction of block.transactions) this.#byTransaction.set(transaction.hash, { block, transaction });
    this.#transactions += block.transactions.length;
    while (
      this.#byNumber.size > 1 &&
      (this.#byNumber.size > this.#limits.blocks || this.#transactions > this.#limits.transactions)
    ) {
      this.#dropOldest();
    }
  }

  /** Forgets the blocks after that one. @returns those of them that were kept, ascending */
  rollBack(number: number): ChainBlock[] {
    const dropped: ChainBlock[] = [];
    for (let next = Math.max(number + 1, this.#oldest); ; next++) {
      const block = this.block(next);
      if (block === null) break;
      dropped.push(block);
      this.#drop(block);
    }
    this.#oldest = Math.min(this.#oldest, number + 1);
    return dropped;
  }

  block(number: number): ChainBlock | null {
    return this.#byNumber.get(number) ?? null;
  }

  /** @param hash 0x and 64 hexadecimal digits, lower case */
  blockByHash(hash: string): ChainBlock | null {
    return this.block(this.#numberByHash.get(hash) ?? -1);
  }

  transaction(hash: string): LocatedTransaction | null {
    return this.#byTransaction.get(hash) ?? null;
  }

  #dropOldest(): void {
    this.#drop(this.#byNumber.get(this.#oldest++) as ChainBlock);
  }

  #drop(block: ChainBlock): void {
    this.#byNumber.delete(block.header.number);
    this.#numberByHash.delete(toHex(block.hash));
    for (const { hash } of block.transactions) this.#byTransaction.delete(hash);
    this.#transactions -= block.transactions.length;
  }
}
