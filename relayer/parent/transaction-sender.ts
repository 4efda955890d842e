import { setTimeout as sleep } from "node:timers/promises";
import {
  isError,
  type JsonRpcProvider,
  keccak256,
  type TransactionReceipt,
  type TransactionRequest,
  Wallet,
} from "ethers";
import { toHex } from "../../protocol/bytes.ts";
import { ContractReverted, contractReverted } from "./contract-errors.ts";
import { withRetries } from "./rpc.ts";

/** EIP-7825: no transaction may have more gas. */
const GAS_CAP = 16_777_216n;

/** Gas on top of the estimate, in percent: state may change between estimate and inclusion. */
const GAS_MARGIN_PERCENT = 20n;

/** A replacement has to pay at least a tenth more than what it replaces. */
const RAISE_PERCENT = 125n;

/** What to send: a contract's populated call, with a name for messages. */
export interface Call {
  /** Such as `CrosslinkAnchors.submit`. */
  readonly action: string;
  readonly to: string;
  /** Hexadecimal. */
  readonly data: string;
  /** wei */
  readonly value?: bigint;
  /** Gas that the call may take beyond its estimate when it is included in a later epoch than expected. */
  readonly spareGas?: bigint;
}

/** `spareGas` of calls that bring the registry's seats up to date on the way: some changes more, at most four. */
export const SPARE_GAS_FOR_ROLLING = 1_000_000n;

export interface SenderOptions {
  /** Milliseconds to wait for inclusion before the fee is raised. */
  readonly inclusionMs?: number;
  /** Milliseconds between looks for the receipt. */
  readonly intervalMs?: number;
  /** Times a transaction is sent, each time with a higher fee, and tries of a request that fails transiently. */
  readonly attempts?: number;
}

const DEFAULTS = { inclusionMs: 60_000, intervalMs: 250, attempts: 5 };

/** Transactions of one account under way at a time: what every node's pool has room for. */
const MAX_UNDER_WAY = 16;

/** The transaction needs more gas than any block takes. */
export class GasCapExceeded extends Error {
  override readonly name = "GasCapExceeded";

  constructor(action: string, gas: bigint) {
    super(`${action} would take ${gas} gas; a transaction has at most ${GAS_CAP}`);
  }
}

/** Sent as often as allowed and still not in a block. It may be included later. */
export class TransactionNotIncluded extends Error {
  override readonly name = "TransactionNotIncluded";
  /** Of every version sent, by increasing fee. */
  readonly hashes: readonly string[];

  constructor(action: string, hashes: readonly string[]) {
    super(`${action} is in no block, although it was sent ${hashes.length} times: ${hashes.join(", ")}`);
    this.hashes = hashes;
  }
}

/** Another transaction of the account took the nonce; somebody else sends for it, too. */
export class TransactionReplaced extends Error {
  override readonly name = "TransactionReplaced";

  constructor(action: string, address: string, nonce: number) {
    super(
      `${action}: another transaction of ${address} has the nonce ${nonce}. Does a second program use the account?`,
    );
  }
}

/** The account's balance does not cover value and gas. */
export class AccountTooPoor extends Error {
  override readonly name = "AccountTooPoor";

  constructor(action: string, address: string) {
    super(`${address} has not the coins for ${action}`);
  }
}

interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** A call that lacks only nonce and fees. */
interface Prepared {
  readonly action: string;
  readonly request: TransactionRequest & { readonly value: bigint; readonly gasLimit: bigint };
}

interface Sent {
  readonly action: string;
  /** Without fees. */
  readonly transaction: TransactionRequest & { readonly nonce: number };
  /** Of the first version. */
  readonly fees: Fees;
  /** Of every version sent, by increasing fee. */
  readonly hashes: string[];
}

/**
 * Sends transactions of one account, one call after the other: the next is sent when the one before is in a block, so each
 * one's gas estimate sees what those before have done. Nobody else may send for the account meanwhile.
 */
export class TransactionSender {
  readonly address: string;
  readonly provider: JsonRpcProvider;
  readonly #wallet: Wallet;
  readonly #options: Required<SenderOptions>;
  #last: Promise<unknown> = Promise.resolve();

  /** @param secretKey 32 bytes, secp256k1 */
  constructor(provider: JsonRpcProvider, secretKey: Uint8Array, options: SenderOptions = {}) {
    this.provider = provider;
    this.#wallet = new Wallet(toHex(secretKey), provider);
    this.address = this.#wallet.address;
    this.#options = { ...DEFAULTS, ...options };
  }

  /**
   * Returns the receipt of the successful transaction.
   * @throws ContractReverted, GasCapExceeded, AccountTooPoor, TransactionNotIncluded, TransactionReplaced; or the
   * endpoint's own error
   */
  async send(call: Call): Promise<TransactionReceipt> {
    const [receipt] = await this.sendAll([call]);
    return receipt as TransactionReceipt;
  }

  /**
   * Sends calls that do not build on one another, so that one block may hold many of them. Returns their receipts, in order.
   * @throws as `send`, for the first of them that fails; others may have been included
   */
  sendAll(calls: readonly Call[]): Promise<TransactionReceipt[]> {
    const sent = this.#last.then(async () => {
      const receipts: TransactionReceipt[] = [];
      for (let first = 0; first < calls.length; first += MAX_UNDER_WAY) {
        receipts.push(...(await this.#sendTogether(calls.slice(first, first + MAX_UNDER_WAY))));
      }
      return receipts;
    });
    this.#last = sent.catch(() => undefined);
    return sent;
  }

  async #sendTogether(calls: readonly Call[]): Promise<TransactionReceipt[]> {
    const prepared = await Promise.all(calls.map((call) => this.#prepare(call)));
    // What is pending was given up by an earlier run of this account: the same nonces replace it.
    const firstNonce = await this.#nonce("latest");
    const fees = await this.#fees();
    await this.#requireCoins(prepared, fees);
    const sent: Sent[] = [];
    for (const [i, { action, request }] of prepared.entries()) {
      const transaction = { ...request, nonce: firstNonce + i };
      sent.push({ action, transaction, fees, hashes: [await this.#broadcast({ ...transaction, ...fees })] });
    }
    // All of them end before anything else is sent, whatever becomes of one.
    const outcomes = await Promise.allSettled(sent.map((each) => this.#included(each)));
    return outcomes.map((outcome) => {
      if (outcome.status === "rejected") throw outcome.reason;
      return outcome.value;
    });
  }

  async #prepare(call: Call): Promise<Prepared> {
    const { action, to, data, value = 0n } = call;
    const request = { type: 2, from: this.address, to, data, value };
    const gasLimit = await this.#gasLimit(call, request);
    const { chainId } = await this.provider.getNetwork();
    return { action, request: { ...request, gasLimit, chainId } };
  }

  /** Sees the transaction into a block, with a higher fee each time that it takes too long. */
  async #included({ action, transaction, fees: firstFees, hashes }: Sent): Promise<TransactionReceipt> {
    let fees = firstFees;
    for (;;) {
      const receipt = await this.#receiptOf(hashes);
      if (receipt !== null) {
        if (receipt.status === 1) return receipt;
        throw await this.#reasonOf(action, transaction, receipt);
      }
      const { nonce } = transaction;
      if ((await this.#nonce("latest")) > nonce) throw new TransactionReplaced(action, this.address, nonce);
      if (hashes.length >= this.#options.attempts) throw new TransactionNotIncluded(action, hashes);
      const current = await this.#fees();
      fees = {
        maxFeePerGas: max(current.maxFeePerGas, (fees.maxFeePerGas * RAISE_PERCENT) / 100n),
        maxPriorityFeePerGas: max(current.maxPriorityFeePerGas, (fees.maxPriorityFeePerGas * RAISE_PERCENT) / 100n),
      };
      hashes.push(await this.#broadcast({ ...transaction, ...fees }));
    }
  }

  async #gasLimit({ action, spareGas = 0n }: Call, request: TransactionRequest): Promise<bigint> {
    let estimate: bigint;
    try {
      // On the latest block, since the pending one may hold the very transaction that this one replaces.
      const params = [this.provider.getRpcTransaction(request), "latest"];
      estimate = BigInt(await this.#retry(() => this.provider.send("eth_estimateGas", params)));
    } catch (error) {
      if (isError(error, "INSUFFICIENT_FUNDS")) throw new AccountTooPoor(action, this.address);
      throw contractReverted(action, error) ?? error;
    }
    if (estimate > GAS_CAP) throw new GasCapExceeded(action, estimate);
    const withMargin = (estimate * (100n + GAS_MARGIN_PERCENT)) / 100n + spareGas;
    return withMargin < GAS_CAP ? withMargin : GAS_CAP;
  }

  #nonce(block: "latest" | "pending"): Promise<number> {
    return this.#retry(() => this.provider.getTransactionCount(this.address, block));
  }

  async #fees(): Promise<Fees> {
    const { maxFeePerGas, maxPriorityFeePerGas } = await this.#retry(() => this.provider.getFeeData());
    if (maxFeePerGas === null || maxPriorityFeePerGas === null) {
      throw new Error("the parent chain has no EIP-1559 fees, which its precompiles of EIP-2537 imply");
    }
    return { maxFeePerGas, maxPriorityFeePerGas };
  }

  /** Asked for, because endpoints refuse it each in their own words. */
  async #requireCoins(prepared: readonly Prepared[], { maxFeePerGas }: Fees): Promise<void> {
    let left = await this.#retry(() => this.provider.getBalance(this.address));
    for (const { action, request } of prepared) {
      left -= request.value + request.gasLimit * maxFeePerGas;
      if (left < 0n) throw new AccountTooPoor(action, this.address);
    }
  }

  /** Returns the hash, also when the endpoint has the transaction already, or another one with its nonce. */
  async #broadcast(transaction: TransactionRequest & { readonly nonce: number }): Promise<string> {
    const signed = await this.#wallet.signTransaction(transaction);
    const hash = keccak256(signed);
    try {
      await this.#retry(() => this.provider.broadcastTransaction(signed));
    } catch (error) {
      // Endpoints refuse these each in their own words, too. A higher fee may do the next time.
      const isKnown = (await this.#retry(() => this.provider.getTransaction(hash))) !== null;
      if (!isKnown && (await this.#nonce("pending")) <= transaction.nonce) throw error;
    }
    return hash;
  }

  /** null when none of the versions is in a block in time. */
  async #receiptOf(hashes: readonly string[]): Promise<TransactionReceipt | null> {
    const deadline = performance.now() + this.#options.inclusionMs;
    for (;;) {
      for (const hash of hashes) {
        const receipt = await this.#retry(() => this.provider.getTransactionReceipt(hash));
        if (receipt !== null) return receipt;
      }
      if (performance.now() >= deadline) return null;
      await sleep(this.#options.intervalMs);
    }
  }

  /** A receipt does not say why: the call is repeated on the state after its block, where it most likely fails again. */
  async #reasonOf(action: string, request: TransactionRequest, receipt: TransactionReceipt): Promise<Error> {
    try {
      await this.#retry(() => this.provider.call({ ...request, blockTag: receipt.blockNumber }));
    } catch (error) {
      const reason = contractReverted(action, error);
      if (reason === null) throw error;
      return reason;
    }
    return new ContractReverted(action, null, {}, `transaction ${receipt.hash}`);
  }

  #retry<T>(call: () => Promise<T>): Promise<T> {
    return withRetries(this.#options.attempts, undefined, call);
  }
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
