import type { Transaction } from "../../protocol/transaction.ts";

/** A transaction that passed the pool's checks. */
export interface PooledTransaction {
  /** 0x and 64 hexadecimal digits. */
  readonly hash: string;
  /** As signed and sent: 0x02 ‖ RLP. */
  readonly payload: Uint8Array;
  readonly transaction: Transaction;
  /** 20 bytes */
  readonly sender: Uint8Array;
  /** Gas that it will pay for. */
  readonly gas: bigint;
  /** What it will pay per gas, wei. */
  readonly price: bigint;
  /** The most that it takes from the sender: value and fee, wei. */
  readonly cost: bigint;
  /** Order of arrival in the pool. */
  readonly arrival: number;
}

/** One sender's transactions, ascending by nonce, one per nonce, none below the account's. */
export class SenderQueue {
  #transactions: PooledTransaction[] = [];
  /** At each place the lowest price up to there: none is included before those in front of it. */
  #prices: bigint[] = [];
  #cost = 0n;
  #nonce: bigint;

  /** @param nonce the account's */
  constructor(nonce: bigint) {
    this.#nonce = nonce;
  }

  get size(): number {
    return this.#transactions.length;
  }

  get first(): PooledTransaction | undefined {
    return this.#transactions[0];
  }

  get last(): PooledTransaction | undefined {
    return this.#transactions.at(-1);
  }

  /** What a block earns per gas by including the last one: the lowest price of all, wei. */
  get lastPrice(): bigint {
    return this.#prices.at(-1) ?? 0n;
  }

  /** What all of them together take from the sender, wei. */
  get cost(): bigint {
    return this.#cost;
  }

  /** How many can follow each other from the account's nonce on. */
  get runLength(): number {
    // Nonces are distinct and ascending: up to the gap each is its index above the account's, after it more than that.
    let low = 0;
    let high = this.#transactions.length;
    if (high > 0 && this.#fitsAt(high - 1)) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#fitsAt(middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many wait for an earlier nonce. */
  get gapped(): number {
    return this.size - this.runLength;
  }

  get(nonce: bigint): PooledTransaction | undefined {
    const found = this.#transactions[this.#position(nonce)];
    return found?.transaction.nonce === nonce ? found : undefined;
  }

  /** Adds it, in place of the one with its nonce. */
  set(pooled: PooledTransaction): void {
    const { nonce } = pooled.transaction;
    const position = this.#position(nonce);
    const replaced = this.get(nonce);
    this.#transactions.splice(position, replaced === undefined ? 0 : 1, pooled);
    this.#cost += pooled.cost - (replaced?.cost ?? 0n);
    this.#reprice(position);
  }

  remove(nonce: bigint): void {
    const removed = this.get(nonce);
    if (removed === undefined) return;
    const position = this.#position(nonce);
    this.#transactions.splice(position, 1);
    this.#cost -= removed.cost;
    this.#reprice(position);
  }

  /** Moves on to the account's new nonce; removes and returns those below it. */
  advance(nonce: bigint): PooledTransaction[] {
    this.#nonce = nonce;
    const dropped = this.#transactions.splice(0, this.#position(nonce));
    for (const { cost } of dropped) this.#cost -= cost;
    if (dropped.length > 0) this.#reprice(0);
    return dropped;
  }

  /** The transactions that can follow each other from the account's nonce on. */
  *run(): Generator<PooledTransaction> {
    const length = this.runLength;
    for (let i = 0; i < length; i++) yield this.#transactions[i] as PooledTransaction;
  }

  #fitsAt(index: number): boolean {
    return (this.#transactions[index] as PooledTransaction).transaction.nonce === this.#nonce + BigInt(index);
  }

  #reprice(from: number): void {
    this.#prices.length = from;
    for (let i = from; i < this.#transactions.length; i++) {
      const { price } = this.#transactions[i] as PooledTransaction;
      const before = this.#prices[i - 1];
      this.#prices.push(before !== undefined && before < price ? before : price);
    }
  }

  /** Index of the first transaction whose nonce is not below `nonce`. */
  #position(nonce: bigint): number {
    let low = 0;
    let high = this.#transactions.length;
    // Most transactions come in order of nonce.
    if (high > 0 && (this.#transactions[high - 1] as PooledTransaction).transaction.nonce < nonce) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#transactions[middle] as PooledTransaction).transaction.nonce < nonce) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
