import type { StepReceipt, TransactionReceipt } from "../../ledger/receipt.ts";
import { STEP_KIND, type Step } from "../../ledger/step.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { Log } from "../../protocol/system-contracts.ts";

/** A block as its readers want it: with what its execution yielded. */
export interface ChainBlock {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  /** Encoded, in bytes. */
  readonly size: number;
  /** Included and executed forced ones, in order. */
  readonly transactions: readonly ChainTransaction[];
  readonly logs: readonly ChainLog[];
  /** Of all its transactions. */
  readonly gasUsed: bigint;
}

export interface ChainTransaction {
  /** 0x and 64 hexadecimal digits. */
  readonly hash: string;
  readonly index: number;
  /** As signed: 0x02 ‖ RLP. */
  readonly payload: Uint8Array;
  readonly receipt: TransactionReceipt;
  /** Of the block up to and including this transaction. */
  readonly cumulativeGasUsed: bigint;
  readonly logs: readonly ChainLog[];
}

export interface ChainLog {
  readonly log: Log;
  /** Position in the block. */
  readonly index: number;
  /** Of the transaction; of an imported message, which has none, keccak256 of its step's payload. */
  readonly transactionHash: string;
  /** Of the transaction; of an imported message the number of transactions before it. */
  readonly transactionIndex: number;
}

/** Length of an ImportInbox payload before its data: u64 index ‖ u64 epoch ‖ u8 kind ‖ sender ‖ recipient ‖ u128 value. */
const INBOX_HEAD_BYTES = 8 + 8 + 1 + 20 + 20 + 16;

export function createChainBlock(
  block: {
    readonly header: BlockHeader;
    readonly hash: Uint8Array;
    readonly size: number;
    readonly steps: readonly Step[];
  },
  receipts: readonly StepReceipt[],
): ChainBlock {
  const transactions: ChainTransaction[] = [];
  const logs: ChainLog[] = [];
  let gasUsed = 0n;
  receipts.forEach(({ kind, payloadHash, transaction, logs: stepLogs }, i) => {
    const { payload } = block.steps[i] as Step;
    const transactionHash = toHex(transaction?.hash ?? payloadHash);
    const transactionIndex = transactions.length;
    const indexed = stepLogs.map((log, j) => ({ log, index: logs.length + j, transactionHash, transactionIndex }));
    logs.push(...indexed);
    if (transaction === null) return;
    gasUsed += transaction.gasUsed;
    transactions.push({
      hash: transactionHash,
      index: transactionIndex,
      payload: kind === STEP_KIND.transaction ? payload : payload.subarray(INBOX_HEAD_BYTES),
      receipt: transaction,
      cumulativeGasUsed: gasUsed,
      logs: indexed,
    });
  });
  return { header: block.header, hash: block.hash, size: block.size, transactions, logs, gasUsed };
}
