import { toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { BASE_FEE } from "../../protocol/presets.ts";
import type { Account } from "../../protocol/state.ts";
import { recoverSender } from "../../protocol/transaction.ts";
import { EvictionOrder } from "./eviction-order.ts";
import type { ReturningTransaction } from "./returning-transactions.ts";
import { type PooledTransaction, SenderQueue } from "./sender-queue.ts";
import { inOrderOfPrice } from "./transaction-order.ts";
import { TransactionRefused } from "./transaction-refused.ts";
import { decodePayload, termsOf } from "./transaction-terms.ts";

export interface MempoolLimits {
  /** Nonces, counted from the account's, that a sender can occupy. */
  readonly perSender: number;
  /** Of these, transactions that wait for an earlier nonce. */
  readonly gappedPerSender: number;
  /** Transactions of all senders that wait for an earlier nonce. */
  readonly gapped: number;
  /** Slots that they wait. */
  readonly gappedSlots: number;
  /** Transactions in the pool. */
  readonly count: number;
  /** Their payloads together, bytes. */
  readonly bytes: number;
  /** Least price per gas, wei. */
  readonly priceFloor: bigint;
  /** Per cent by which a transaction has to outbid the one whose nonce it takes. */
  readonly priceBump: bigint;
}

export const DEFAULT_MEMPOOL_LIMITS: MempoolLimits = {
  perSender: 1024,
  gappedPerSender: 64,
  gapped: 4096,
  gappedSlots: 900,
  count: 65_536,
  bytes: 64 * 1024 * 1024,
  priceFloor: BASE_FEE,
  priceBump: 10n,
};

export interface MempoolOptions {
  readonly crypto: Crypto;
  /** Of the shard. */
  readonly chainId: number;
  /** The account as of the last block, by its address of 20 bytes. */
  readonly account: (address: Uint8Array) => Account;
  readonly limits?: Partial<MempoolLimits>;
}

/** How much a block can still take. */
export interface BlockRoom {
  readonly transactions: number;
  /** Of payloads. */
  readonly bytes: number;
}

/**
 * Signed transactions that wait for a block. Everything in it is admissible as far as one transaction alone can tell, and its
 * sender can pay for all of its own. When the pool is full, a better transaction takes the place of the worst
 * (`EvictionOrder`): who wants to keep others out has to outbid them, from many accounts, and pays for it.
 */
export class Mempool {
  readonly limits: MempoolLimits;
  readonly #options: MempoolOptions;
  readonly #byHash = new Map<string, PooledTransaction>();
  /** By the sender's address in hexadecimal. */
  readonly #queues = new Map<string, SenderQueue>();
  readonly #evictionOrder = new EvictionOrder();
  /** Senders with transactions that wait for an earlier nonce, and the slot since which they do: earliest first. */
  readonly #gappedSince = new Map<string, number>();
  #gapped = 0;
  #bytes = 0;
  #arrivals = 0;
  #slot = 0;

  constructor(options: MempoolOptions) {
    this.#options = options;
    this.limits = { ...DEFAULT_MEMPOOL_LIMITS, ...options.limits };
  }

  get count(): number {
    return this.#byHash.size;
  }

  /** Transactions that wait for an earlier nonce. */
  get gapped(): number {
    return this.#gapped;
  }

  get(hash: string): PooledTransaction | null {
    return this.#byHash.get(hash) ?? null;
  }

  /** The nonce that follows the last block's and the pool's transactions of that sender. */
  pendingNonce(address: Uint8Array): bigint {
    return this.#options.account(address).nonce + BigInt(this.#queues.get(toHex(address))?.runLength ?? 0);
  }

  /**
   * Takes a signed transaction in; the pool keeps the array.
   * @returns its hash
   * @throws TransactionRefused; the pool is as it was
   */
  add(payload: Uint8Array): string {
    const { crypto, chainId } = this.#options;
    const transaction = decodePayload(payload);
    const hash = toHex(crypto.keccak256(payload));
    if (this.#byHash.has(hash)) throw new TransactionRefused("already known");
    const { gas, price } = termsOf(transaction, chainId, this.limits.priceFloor);
    this.#refuseBelowTheWorst(price);
    const sender = recoverSender(crypto, transaction);
    if (sender === null) throw new TransactionRefused("invalid sender: invalid transaction v, r, s values");

    const cost = transaction.value + gas * price;
    this.#admit({ hash, payload, transaction, sender, gas, price, cost, arrival: this.#arrivals++ });
    return hash;
  }

  /**
   * Takes a transaction in again whose signer is known: it was in a block, or in this pool.
   * @returns false when it is not admissible now
   */
  restore({ hash, payload, sender }: ReturningTransaction): boolean {
    if (this.#byHash.has(hash)) return true;
    try {
      const transaction = decodePayload(payload);
      const { gas, price } = termsOf(transaction, this.#options.chainId, this.limits.priceFloor);
      const cost = transaction.value + gas * price;
      this.#admit({ hash, payload, transaction, sender, gas, price, cost, arrival: this.#arrivals++ });
      return true;
    } catch (error) {
      if (!(error instanceof TransactionRefused)) throw error;
      return false;
    }
  }

  /** Takes everything out, in the order in which it came. */
  clear(): ReturningTransaction[] {
    const pooled = [...this.#byHash.values()].sort((a, b) => a.arrival - b.arrival);
    for (const transaction of pooled) this.#remove(transaction);
    return pooled;
  }

  /** Transactions for a block, in their order: each sender's follow its account, and it can pay for them. */
  select(room: BlockRoom): PooledTransaction[] {
    const selected: PooledTransaction[] = [];
    let bytes = 0;
    const runs = Iterator.from(this.#queues.values()).map((queue) => this.#payable(queue));
    for (const pooled of inOrderOfPrice(runs)) {
      if (selected.length === room.transactions || bytes + pooled.payload.length > room.bytes) break;
      bytes += pooled.payload.length;
      selected.push(pooled);
    }
    return selected;
  }

  /** Drops what a block has overtaken or made too dear: call with the senders of its transactions, forced ones included. */
  onBlock(senders: Iterable<Uint8Array>): void {
    for (const key of new Set(Iterator.from(senders).map(toHex))) {
      const queue = this.#queues.get(key);
      if (queue === undefined) continue;
      const { nonce, balance } = this.#options.account(queue.first?.sender as Uint8Array);
      this.#change(key, queue, () => {
        for (const overtaken of queue.advance(nonce)) this.#forget(overtaken);
        while (queue.cost > balance) this.#dropLast(queue);
      });
    }
  }

  /** Drops what has waited too long for an earlier nonce. */
  onSlot(slot: number): void {
    this.#slot = slot;
    for (const [key, since] of this.#gappedSince) {
      if (slot - since < this.limits.gappedSlots) return;
      const queue = this.#queues.get(key) as SenderQueue;
      this.#change(key, queue, () => {
        while (queue.gapped > 0) this.#dropLast(queue);
      });
    }
  }

  /** Spares a flood of cheap transactions the recovery of their signers, which is most of the work. @throws TransactionRefused */
  #refuseBelowTheWorst(price: bigint): void {
    const worst = this.#evictionOrder.first;
    if (worst === undefined || this.#byHash.size < this.limits.count || worst.gapped > 0) return;
    if (price < worst.lastPrice) {
      throw new TransactionRefused(`transaction underpriced: the pool is full, price ${price} is its lowest`);
    }
  }

  /** What depends on the sender's account and on the rest of the pool. @throws TransactionRefused */
  #admit(pooled: PooledTransaction): void {
    const { sender, cost } = pooled;
    const { nonce } = pooled.transaction;
    const account = this.#options.account(sender);
    if (nonce < account.nonce) {
      throw new TransactionRefused(`nonce too low: next nonce ${account.nonce}, tx nonce ${nonce}`);
    }
    if (nonce >= account.nonce + BigInt(this.limits.perSender)) {
      throw new TransactionRefused(
        `account limit exceeded: next nonce ${account.nonce}, tx nonce ${nonce}, at most ${this.limits.perSender} ahead`,
      );
    }
    const key = toHex(sender);
    const queue = this.#queues.get(key) ?? new SenderQueue(account.nonce);
    const replaced = queue.get(nonce);
    const queued = queue.cost - (replaced?.cost ?? 0n);
    if (account.balance < queued + cost) {
      throw new TransactionRefused(
        `insufficient funds for gas * price + value: balance ${account.balance}, queued cost ${queued}, tx cost ${cost}, overshot ${queued + cost - account.balance}`,
      );
    }
    if (replaced !== undefined && !this.#outbids(pooled, replaced)) {
      throw new TransactionRefused("replacement transaction underpriced");
    }
    const isNext = nonce <= account.nonce + BigInt(queue.runLength);
    if (!isNext && replaced === undefined && queue.gapped >= this.limits.gappedPerSender) {
      throw new TransactionRefused(
        `account limit exceeded: ${queue.gapped} transactions wait for an earlier nonce, next nonce ${account.nonce + BigInt(queue.runLength)}`,
      );
    }
    if (replaced !== undefined) this.#remove(replaced);
    this.#put(key, queue, pooled);
    this.#makeRoom(pooled, replaced);
  }

  /** Evicts the worst while the pool holds too much; when that is the newcomer, puts everything back. @throws TransactionRefused */
  #makeRoom(newcomer: PooledTransaction, replaced: PooledTransaction | undefined): void {
    const { count, bytes, gapped } = this.limits;
    const evicted: PooledTransaction[] = [];
    while (this.#byHash.size > count || this.#bytes > bytes || this.#gapped > gapped) {
      const worst = this.#evictionOrder.first?.last as PooledTransaction;
      this.#remove(worst);
      if (worst !== newcomer) {
        evicted.push(worst);
        continue;
      }
      if (replaced !== undefined) evicted.push(replaced);
      for (const lost of evicted.reverse()) {
        const key = toHex(lost.sender);
        this.#put(key, this.#queues.get(key) ?? new SenderQueue(this.#options.account(lost.sender).nonce), lost);
      }
      throw new TransactionRefused("txpool is full: it holds nothing worse than this transaction");
    }
  }

  /** As geth's rule: cap and tip both have to rise, by the bump or more. */
  #outbids({ transaction: bid }: PooledTransaction, { transaction: old }: PooledTransaction): boolean {
    const bump = 100n + this.limits.priceBump;
    const rises = (now: bigint, before: bigint) => now > before && now * 100n >= before * bump;
    return rises(bid.maxFeePerGas, old.maxFeePerGas) && rises(bid.maxPriorityFeePerGas, old.maxPriorityFeePerGas);
  }

  #put(key: string, queue: SenderQueue, pooled: PooledTransaction): void {
    this.#queues.set(key, queue);
    this.#change(key, queue, () => {
      queue.set(pooled);
      this.#byHash.set(pooled.hash, pooled);
      this.#bytes += pooled.payload.length;
    });
  }

  #remove(pooled: PooledTransaction): void {
    const key = toHex(pooled.sender);
    const queue = this.#queues.get(key) as SenderQueue;
    this.#change(key, queue, () => {
      queue.remove(pooled.transaction.nonce);
      this.#forget(pooled);
    });
  }

  /** Changes a queue, and with it everything that is known of it. */
  #change(key: string, queue: SenderQueue, change: () => void): void {
    this.#gapped -= queue.gapped;
    change();
    const { gapped } = queue;
    this.#gapped += gapped;
    if (gapped === 0) this.#gappedSince.delete(key);
    else if (!this.#gappedSince.has(key)) this.#gappedSince.set(key, this.#slot);
    if (queue.size === 0) this.#queues.delete(key);
    this.#evictionOrder.update(queue);
  }

  #dropLast(queue: SenderQueue): void {
    const last = queue.last as PooledTransaction;
    queue.remove(last.transaction.nonce);
    this.#forget(last);
  }

  #forget(pooled: PooledTransaction): void {
    this.#byHash.delete(pooled.hash);
    this.#bytes -= pooled.payload.length;
  }

  /** The queue's run from the account's nonce, as far as its balance goes. */
  *#payable(queue: SenderQueue): Generator<PooledTransaction> {
    const { first } = queue;
    if (first === undefined || queue.runLength === 0) return;
    let { balance } = this.#options.account(first.sender);
    for (const pooled of queue.run()) {
      balance -= pooled.cost;
      if (balance < 0n) return;
      yield pooled;
    }
  }
}
