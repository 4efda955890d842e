import { DecodeError } from "../../protocol/bytes.ts";
import { BASE_FEE, MAX_PAYLOAD_BYTES } from "../../protocol/presets.ts";
import { decodeCall, FLAT_GAS } from "../../protocol/system-contracts.ts";
import { decodeTransaction, type Transaction } from "../../protocol/transaction.ts";
import { TransactionRefused } from "./transaction-refused.ts";

/** What a transaction offers, as far as the transaction alone tells: the rules of docs/formats.md in their order. */

/** @throws TransactionRefused when the bytes are no transaction that any shard admits */
export function decodePayload(payload: Uint8Array): Transaction {
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

export interface TransactionTerms {
  /** Gas that it will pay for. */
  readonly gas: bigint;
  /** What it will pay per gas, wei. */
  readonly price: bigint;
}

/**
 * @param priceFloor least price per gas, wei
 * @throws TransactionRefused
 */
export function termsOf(transaction: Transaction, chainId: number, priceFloor: bigint): TransactionTerms {
  const { gasLimit, maxFeePerGas, maxPriorityFeePerGas, to } = transaction;
  if (transaction.chainId !== BigInt(chainId)) {
    throw new TransactionRefused(`invalid chain id for signer: have ${transaction.chainId} want ${chainId}`);
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
  if (price < priceFloor) {
    throw new TransactionRefused(`transaction underpriced: price ${price}, minimum needed ${priceFloor}`);
  }
  return { gas, price };
}
