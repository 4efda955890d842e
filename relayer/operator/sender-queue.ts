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

/** One sender's transactions, ascending by nonce, one per nonce. */
export class SenderQueue {
  #transactions: PooledTransaction[] = [];
  #cost = 0n;

  get size(): number {
    return this.#transactions.length;
  }

  get first(): PooledTransaction | undefined {
    return this.#transactions[0];
  }

  /** What all of them together take from the sender, wei. */
  get cost(): bigint {
    return this.#cost;
  }

  get(nonce: bigint): PooledTransaction | undefined {
    const found = this.#transactions[this.#position(nonce)];
    return found?.transaction.nonce === nonce ? found : undefined;
  }

  /** Adds it, in place of the one with its nonce. */
  set(pooled: PooledTransaction): void {
    const position = this.#position(pooled.transaction.nonce);
    const replaced = this.get(pooled.transaction.nonce);
    this.#transactions.splice(position, replaced === undefined ? 0 : 1, pooled);
    this.#cost += pooled.cost - (replaced?.cost ?? 0n);
  }

  /** Removes and returns those with a nonce below `nonce`. */
  dropBelow(nonce: bigint): PooledTransaction[] {
    const dropped = this.#transactions.splice(0, this.#position(nonce));
    for (const { cost } of dropped) this.#cost -= cost;
    return dropped;
  }

  /** The transactions that can follow each other from `nonce` on, without a gap. */
  *runFrom(nonce: bigint): Generator<PooledTransaction> {
    let next = nonce;
    for (let i = this.#position(nonce); i < this.#transactions.length; i++) {
      const pooled = this.#transactions[i] as PooledTransaction;
      if (pooled.transaction.nonce !== next) return;
      yield pooled;
      next++;
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
