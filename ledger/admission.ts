import { DecodeError, toHex } from "../protocol/bytes.ts";
import type { Crypto } from "../protocol/crypto.ts";
import { BASE_FEE } from "../protocol/presets.ts";
import { writeAccountKeyPreimage } from "../protocol/state.ts";
import { decodeCall, FLAT_GAS, type SystemCall } from "../protocol/system-contracts.ts";
import { decodeTransaction, recoverSender, type Transaction } from "../protocol/transaction.ts";
import type { LedgerEnvironment } from "./environment.ts";
import { LedgerError } from "./errors.ts";

/** Rules of a transaction that need no state: all before `WrongNonce` in docs/formats.md, section 5. */

/** A transaction that is sound but for nonce and balance. */
export interface AdmittedTransaction {
  /** keccak256 of the signed payload */
  readonly hash: Uint8Array;
  readonly sender: Uint8Array;
  readonly recipient: Uint8Array;
  readonly nonce: bigint;
  /** wei */
  readonly value: bigint;
  readonly call: SystemCall;
  readonly gas: bigint;
  /** wei per gas */
  readonly gasPrice: bigint;
  /** wei */
  readonly fee: bigint;
  /** State key of the sender's account. */
  readonly senderKey: Uint8Array;
  /** State key of the recipient's account. */
  readonly recipientKey: Uint8Array;
}

const ADDRESS_BYTES = 20;

/**
 * Senders of signed transactions, 20 bytes each, zero where there is no valid signer. Recovery is most of the cost of a
 * transaction; it depends on nothing but the payload, so it can be done anywhere and ahead of time.
 */
export function recoverSenders(crypto: Crypto, payloads: readonly Uint8Array[]): Uint8Array {
  const senders = new Uint8Array(ADDRESS_BYTES * payloads.length);
  payloads.forEach((payload, i) => {
    let transaction: Transaction;
    try {
      transaction = decodeTransaction(payload);
    } catch (error) {
      if (error instanceof DecodeError) return;
      throw error;
    }
    const sender = recoverSender(crypto, transaction);
    if (sender !== null) senders.set(sender, ADDRESS_BYTES * i);
  });
  return senders;
}

/**
 * Judges signed transactions, in the order given.
 * @param senders of `recoverSenders` for the same payloads; without it they are recovered here
 */
export function admitTransactions(
  environment: LedgerEnvironment,
  payloads: readonly Uint8Array[],
  senders?: Uint8Array,
): (AdmittedTransaction | LedgerError)[] {
  const { crypto } = environment;
  const preimages = new Uint8Array(128 * payloads.length);
  const keys = new Uint8Array(64 * payloads.length);
  const judged = payloads.map((payload, i) => {
    try {
      const sender = senders?.subarray(ADDRESS_BYTES * i, ADDRESS_BYTES * (i + 1));
      const admitted = admit(environment, payload, sender, keys.subarray(64 * i, 64 * i + 64));
      writeAccountKeyPreimage(preimages, 128 * i, admitted.sender);
      writeAccountKeyPreimage(preimages, 128 * i + 64, admitted.recipient);
      return admitted;
    } catch (error) {
      if (error instanceof LedgerError) return error;
      if (error instanceof DecodeError) return new LedgerError("Malformed", { reason: error.message });
      throw error;
    }
  });
  crypto.sha256Pairs(preimages, keys);
  return judged;
}

/** @param keys where the keys of sender and recipient are going to be */
function admit(
  environment: LedgerEnvironment,
  payload: Uint8Array,
  recovered: Uint8Array | undefined,
  keys: Uint8Array,
): AdmittedTransaction {
  const { crypto, chainId } = environment;
  const transaction = decodeTransaction(payload);
  const { maxFeePerGas, maxPriorityFeePerGas, gasLimit, to } = transaction;
  if (transaction.chainId !== chainId) throw new LedgerError("WrongChainId", { chainId: transaction.chainId });
  if (transaction.hasAccessList) throw new LedgerError("AccessList");
  if (to === null) throw new LedgerError("Creation");
  const call = decodeCall(to, transaction.data);
  if (call === null) throw new LedgerError("UnknownCall", { to: toHex(to) });
  const gas = FLAT_GAS[call.name];
  if (gasLimit < gas) throw new LedgerError("GasLimitTooLow", { gasLimit, gas });
  if (maxPriorityFeePerGas > maxFeePerGas) throw new LedgerError("PriorityFeeAboveMaxFee");
  if (maxFeePerGas < BASE_FEE) throw new LedgerError("FeeTooLow", { maxFeePerGas, baseFee: BASE_FEE });
  const sender = recovered ?? recoverSender(crypto, transaction);
  if (sender === null || isZero(sender)) throw new LedgerError("InvalidSignature");
  const offered = BASE_FEE + maxPriorityFeePerGas;
  const gasPrice = offered < maxFeePerGas ? offered : maxFeePerGas;
  return {
    hash: crypto.keccak256(payload),
    sender,
    recipient: to,
    nonce: transaction.nonce,
    value: transaction.value,
    call,
    gas,
    gasPrice,
    fee: gas * gasPrice,
    senderKey: keys.subarray(0, 32),
    recipientKey: keys.subarray(32, 64),
  };
}

/** How `recoverSenders` writes that there is no signer. */
function isZero(address: Uint8Array): boolean {
  for (let i = 0; i < ADDRESS_BYTES; i++) if (address[i] !== 0) return false;
  return true;
}
