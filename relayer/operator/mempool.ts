import { DecodeError, toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { BASE_FEE, MAX_PAYLOAD_BYTES } from "../../protocol/presets.ts";
import type { Account } from "../../protocol/state.ts";
import { decodeCall, FLAT_GAS } from "../../protocol/system-contracts.ts";
import { decodeTransaction, recoverSender, type Transaction } from "../../protocol/transaction.ts";
import { type PooledTransaction, SenderQueue } from "./sender-queue.ts";
import { inOrderOfPrice } from "./transaction-order.ts";
import { TransactionRefused } from "./transaction-refused.ts";

export interface MempoolLimits {
  /** Nonces, counted from the account's, that a sender can occupy. */
  readonly perSender: number;
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

/** Signed transactions that wait for a block. Everything in it is admissible as far as one transaction alone can tell. */
export class Mempool {
  readonly limits: MempoolLimits;
  readonly #options: MempoolOptions;
  readonly #byHash = new Map<string, PooledTransaction>();
  /** By the sender's address in hexadecimal. */
  readonly #queues = new Map<string, SenderQueue>();
  #bytes = 0;
  #arrivals = 0;

  constructor(options: MempoolOptions) {
    this.#options = options;
    this.limits = { ...DEFAULT_MEMPOOL_LIMITS, ...options.limits };
  }

  get count(): number {
    return this.#byHash.size;
  }

  get(hash: string): PooledTransaction | null {
    return this.#byHash.get(hash) ?? null;
  }

  /** The nonce that follows the last block's and the pool's transactions of that sender. */
  pendingNonce(address: Uint8Array): bigint {
    let next = this.#options.account(address).nonce;
    for (const _ of this.#queues.get(toHex(address))?.runFrom(next) ?? []) next++;
    return next;
  }

  /**
   * Takes a signed transaction in; the pool keeps the array.
   * @returns its hash
   * @throws TransactionRefused
   */
  add(payload: Uint8Array): string {
    const transaction = this.#decode(payload);
    const hash = toHex(this.#options.crypto.keccak256(payload));
    if (this.#byHash.has(hash)) throw new TransactionRefused("already known");
    const { gas, price } = this.#terms(transaction);
    const sender = recoverSender(this.#options.crypto, transaction);
    if (sender === null) throw new TransactionRefused("invalid sender: invalid transaction v, r, s values");

    const cost = transaction.value + gas * price;
    this.#admit({ hash, payload, transaction, sender, gas, price, cost, arrival: this.#arrivals++ });
    return hash;
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

  /** Drops what a block has overtaken: call with the senders of its transactions. */
  onBlock(senders: Iterable<Uint8Array>): void {
    for (const sender of senders) {
      const key = toHex(sender);
      const queue = this.#queues.get(key);
      if (queue === undefined) continue;
      for (const dropped of queue.dropBelow(this.#options.account(sender).nonce)) this.#forget(dropped);
      if (queue.size === 0) this.#queues.delete(key);
    }
  }

  /** @throws TransactionRefused when the bytes are no transaction that any shard admits */
  #decode(payload: Uint8Array): Transaction {
    if (payload.length > MAX_PAYLOAD_BYTES) {
      throw new TransactionRefused(`oversized data: transaction size ${payload.length}, limit ${MAX_PAYLOAD_BYTES}`);
    }
    const first = payload[0];
    if (first !== undefined && first !== 2 && (first < 0x80 || first >= 0xc0)) {
      throw new TransactionRefused("transaction type not supported: a shard takes type 2 (EIP-1559)");
    }
    try {
      return decodeTransaction(payload);
    } catch (error) {
      if (error instanceof DecodeError) throw new TransactionRefused(`invalid transaction: ${error.message}`);
      throw error;
    }
  }

  /** Flat gas and price, in the order of checks of docs/formats.md. @throws TransactionRefused */
  #terms(transaction: Transaction): { gas: bigint; price: bigint } {
    const { chainId, gasLimit, maxFeePerGas, maxPriorityFeePerGas, to } = transaction;
    if (chainId !== BigInt(this.#options.chainId)) {
      throw new TransactionRefused(`invalid chain id for signer: have ${chainId} want ${this.#options.chainId}`);
    }
    if (transaction.hasAccessList) throw new TransactionRefused("transaction type not supported: access lists");
    if (to === null) throw new TransactionRefused("contract creation not supported");
    const call = decodeCall(to, transaction.data);
    if (call === null) throw new TransactionRefused("call not supported: neither a transfer nor a system contract's");
    const gas = FLAT_GAS[call.name];
    if (gasLimit < gas) throw new TransactionRefused(`intrinsic gas too low: gas ${gasLimit}, minimum needed ${gas}`);
    if (maxPriorityFeePerGas > maxFeePerGas) {
      throw new TransactionRefused(
        `max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: ${maxPriorityFeePerGas}, maxFeePerGas: ${maxFeePerGas}`,
      );
    }
    if (maxFeePerGas < BASE_FEE) {
      throw new TransactionRefused(
        `max fee per gas less than block base fee: maxFeePerGas: ${maxFeePerGas}, baseFee: ${BASE_FEE}`,
      );
    }
    const tipped = BASE_FEE + maxPriorityFeePerGas;
    const price = tipped < maxFeePerGas ? tipped : maxFeePerGas;
    if (price < this.limits.priceFloor) {
      throw new TransactionRefused(`transaction underpriced: price ${price}, minimum needed ${this.limits.priceFloor}`);
    }
    return { gas, price };
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
    const queue = this.#queues.get(key) ?? new SenderQueue();
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
    const bytes = this.#bytes + pooled.payload.length - (replaced?.payload.length ?? 0);
    const count = this.#byHash.size + (replaced === undefined ? 1 : 0);
    if (count > this.limits.count || bytes > this.limits.bytes) throw new TransactionRefused("txpool is full");

    if (replaced !== undefined) this.#forget(replaced);
    queue.set(pooled);
    this.#queues.set(key, queue);
    this.#byHash.set(pooled.hash, pooled);
    this.#bytes += pooled.payload.length;
  }

  /** As in geth, cap and tip both have to rise; except that a tip of nothing, usual here, may stay nothing. */
  #outbids({ transaction: bid }: PooledTransaction, { transaction: old }: PooledTransaction): boolean {
    const bump = 100n + this.limits.priceBump;
    return (
      bid.maxFeePerGas * 100n >= old.maxFeePerGas * bump &&
      bid.maxPriorityFeePerGas * 100n >= old.maxPriorityFeePerGas * bump
    );
  }

  #forget(pooled: PooledTransaction): void {
    this.#byHash.delete(pooled.hash);
    this.#bytes -= pooled.payload.length;
  }

  /** The queue's run from the account's nonce, as far as its balance goes. */
  *#payable(queue: SenderQueue): Generator<PooledTransaction> {
    const first = queue.first;
    if (first === undefined) return;
    const account = this.#options.account(first.sender);
    let balance = account.balance;
    for (const pooled of queue.runFrom(account.nonce)) {
      balance -= pooled.cost;
      if (balance < 0n) return;
      yield pooled;
    }
  }
}
