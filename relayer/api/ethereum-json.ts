import { toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { BASE_FEE, MAX_STEPS } from "../../protocol/presets.ts";
import { FEE_COLLECTOR_ADDRESS, FLAT_GAS } from "../../protocol/system-contracts.ts";
import { decodeTransaction } from "../../protocol/transaction.ts";
import type { ChainBlock, ChainLog, ChainTransaction } from "../operator/chain-block.ts";
import { logsBloom } from "./logs-bloom.ts";

/** A shard's blocks, transactions and receipts in the words of execution-apis, so that wallets read them. */

/** 0x and hexadecimal digits without leading zeros. */
export function quantity(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** As much as a block can hold. */
export const BLOCK_GAS_LIMIT = BigInt(MAX_STEPS) * FLAT_GAS.sendMessage;

/** keccak256(RLP([])): there are no uncles. */
const EMPTY_UNCLES_HASH = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";
const ZERO = toHex(ZERO_HASH);

interface HeadFields {
  readonly number: number;
  readonly hash: Uint8Array;
  readonly parentHash: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly traceRoot: Uint8Array;
  /** Unix time, seconds */
  readonly timestamp: number;
  readonly gasUsed: bigint;
  readonly size: number;
  readonly bloom: Uint8Array;
}

function headJson(head: HeadFields) {
  return {
    number: quantity(head.number),
    hash: toHex(head.hash),
    parentHash: toHex(head.parentHash),
    sha3Uncles: EMPTY_UNCLES_HASH,
    logsBloom: toHex(head.bloom),
    // The trace root commits to transactions and to what each of them did.
    transactionsRoot: toHex(head.traceRoot),
    stateRoot: toHex(head.stateRoot),
    receiptsRoot: toHex(head.traceRoot),
    miner: toHex(FEE_COLLECTOR_ADDRESS),
    difficulty: "0x0",
    totalDifficulty: "0x0",
    extraData: "0x",
    size: quantity(head.size),
    gasLimit: quantity(BLOCK_GAS_LIMIT),
    gasUsed: quantity(head.gasUsed),
    timestamp: quantity(head.timestamp),
    mixHash: ZERO,
    nonce: "0x0000000000000000",
    baseFeePerGas: quantity(BASE_FEE),
    uncles: [],
  };
}

function headOf(crypto: Crypto, block: ChainBlock, timestamp: number) {
  const { header } = block;
  return headJson({
    number: header.number,
    hash: block.hash,
    parentHash: header.parentHash,
    stateRoot: header.stateRoot,
    traceRoot: header.traceRoot,
    timestamp,
    gasUsed: block.gasUsed,
    size: block.size,
    bloom: logsBloom(
      crypto,
      block.logs.map(({ log }) => log),
    ),
  });
}

/** As `newHeads` tells of it: the block without what it contains. */
export function headerJson(crypto: Crypto, block: ChainBlock, timestamp: number) {
  const { uncles: _uncles, size: _size, ...header } = headOf(crypto, block, timestamp);
  return header;
}

export function blockJson(crypto: Crypto, chainId: number, block: ChainBlock, timestamp: number, full: boolean) {
  const transactions = block.transactions.map((transaction) =>
    full ? transactionJson(chainId, transaction, block) : transaction.hash,
  );
  return { ...headOf(crypto, block, timestamp), transactions };
}

/** Number 0, which exists for wallets alone: its hash is the parent hash of block 1. */
export function genesisBlockJson(genesisCrosslinkHash: Uint8Array, timestamp: number) {
  const head = headJson({
    number: 0,
    hash: genesisCrosslinkHash,
    parentHash: ZERO_HASH,
    stateRoot: ZERO_HASH,
    traceRoot: ZERO_HASH,
    timestamp,
    gasUsed: 0n,
    size: 0,
    bloom: new Uint8Array(256),
  });
  return { ...head, transactions: [] };
}

/** A transaction that waits or is in a block. */
interface ShownTransaction {
  readonly hash: string;
  readonly payload: Uint8Array;
  readonly sender: Uint8Array;
  /** wei per gas */
  readonly price: bigint;
}

function fieldsJson(chainId: number, { hash, payload, sender, price }: ShownTransaction) {
  const fields = decodeTransaction(payload);
  return {
    type: "0x2",
    hash,
    chainId: quantity(chainId),
    nonce: quantity(fields.nonce),
    from: toHex(sender),
    to: fields.to === null ? null : toHex(fields.to),
    value: quantity(fields.value),
    gas: quantity(fields.gasLimit),
    gasPrice: quantity(price),
    maxFeePerGas: quantity(fields.maxFeePerGas),
    maxPriorityFeePerGas: quantity(fields.maxPriorityFeePerGas),
    input: toHex(fields.data),
    accessList: [],
    yParity: quantity(fields.yParity),
    v: quantity(fields.yParity),
    r: quantity(BigInt(toHex(fields.r))),
    s: quantity(BigInt(toHex(fields.s))),
  };
}

export function pendingTransactionJson(chainId: number, transaction: ShownTransaction) {
  return { ...fieldsJson(chainId, transaction), blockHash: null, blockNumber: null, transactionIndex: null };
}

export function transactionJson(chainId: number, transaction: ChainTransaction, block: ChainBlock) {
  const { hash, payload, receipt } = transaction;
  return {
    ...fieldsJson(chainId, { hash, payload, sender: receipt.sender, price: receipt.gasPrice }),
    blockHash: toHex(block.hash),
    blockNumber: quantity(block.header.number),
    transactionIndex: quantity(transaction.index),
  };
}

export function logJson(log: ChainLog, block: ChainBlock, timestamp: number) {
  return {
    address: toHex(log.log.address),
    topics: log.log.topics.map(toHex),
    data: toHex(log.log.data),
    blockHash: toHex(block.hash),
    blockNumber: quantity(block.header.number),
    blockTimestamp: quantity(timestamp),
    transactionHash: log.transactionHash,
    transactionIndex: quantity(log.transactionIndex),
    logIndex: quantity(log.index),
    removed: false,
  };
}

export function receiptJson(crypto: Crypto, transaction: ChainTransaction, block: ChainBlock, timestamp: number) {
  const { receipt } = transaction;
  return {
    type: "0x2",
    status: quantity(receipt.status),
    transactionHash: transaction.hash,
    transactionIndex: quantity(transaction.index),
    blockHash: toHex(block.hash),
    blockNumber: quantity(block.header.number),
    from: toHex(receipt.sender),
    to: toHex(receipt.recipient),
    contractAddress: null,
    gasUsed: quantity(receipt.gasUsed),
    cumulativeGasUsed: quantity(transaction.cumulativeGasUsed),
    effectiveGasPrice: quantity(receipt.gasPrice),
    logsBloom: toHex(
      logsBloom(
        crypto,
        transaction.logs.map(({ log }) => log),
      ),
    ),
    logs: transaction.logs.map((log) => logJson(log, block, timestamp)),
  };
}
