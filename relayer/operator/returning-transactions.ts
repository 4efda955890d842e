/** A transaction that was in a block or in the pool: its signature is known to hold. */
export interface ReturningTransaction {
  /** 0x and 64 hexadecimal digits. */
  readonly hash: string;
  /** As signed: 0x02 ‖ RLP. */
  readonly payload: Uint8Array;
  /** 20 bytes */
  readonly sender: Uint8Array;
}

export interface ReturningTransactionsOptions {
  /** Puts it back into the pool; false when it is not admissible now. */
  readonly restore: (transaction: ReturningTransaction) => boolean;
  /** Transactions that wait. */
  readonly limit: number;
  /** Slots that they wait. */
  readonly slots: number;
}

/**
 * Transactions of blocks that are void, which may be included again. Many can be paid for only after the deposits and
 * messages of those blocks are imported once more, so what the pool does not take at once is offered again after each block.
 */
export class ReturningTransactions {
  readonly #options: ReturningTransactionsOptions;
  #waiting: readonly ReturningTransaction[] = [];
  #until = 0;

  constructor(options: ReturningTransactionsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#waiting.length;
  }

  /** @param transactions in the order of their inclusion; those beyond the limit are dropped */
  take(transactions: readonly ReturningTransaction[], slot: number): void {
    this.#waiting = [...this.#waiting, ...transactions].slice(0, this.#options.limit);
    this.#until = slot + this.#options.slots;
    this.offer();
  }

  /** The accounts have changed: more of them may be admissible. */
  offer(): void {
    this.#waiting = this.#waiting.filter((transaction) => !this.#options.restore(transaction));
  }

  onSlot(slot: number): void {
    if (slot > this.#until) this.#waiting = [];
  }
}
