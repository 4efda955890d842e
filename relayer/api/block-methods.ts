import { BASE_FEE } from "../../protocol/presets.ts";
import type { ChainBlock } from "../operator/chain-block.ts";
import type { ShardOperator } from "../operator/shard-operator.ts";
import type { BlockReader } from "./block-reader.ts";
import { BLOCK_GAS_LIMIT, quantity, receiptJson } from "./ethereum-json.ts";
import { INVALID_PARAMS, JsonRpcError, type RpcMethod } from "./json-rpc.ts";
import { blockReferenceParameter, blockTagParameter, hashParameter, numberParameter } from "./parameters.ts";

const MAX_FEE_HISTORY = 1024;
const MAX_PERCENTILES = 100;

/** Tips at the percentiles of a block's gas, wei per gas. */
function tipsAt(block: ChainBlock, percentiles: readonly number[]): bigint[] {
  const paid = block.transactions
    .map(({ receipt }) => ({ tip: receipt.gasPrice - BASE_FEE, gas: receipt.gasUsed }))
    .sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0));
  return percentiles.map((percentile) => {
    const threshold = (Number(block.gasUsed) * percentile) / 100;
    let gas = 0;
    for (const transaction of paid) {
      gas += Number(transaction.gas);
      if (gas >= threshold) return transaction.tip;
    }
    return 0n;
  });
}

function percentilesParameter(value: unknown): number[] | null {
  if (value === undefined || value === null) return null;
  const isAscending = (list: unknown[]) =>
    list.every((p, i) => typeof p === "number" && p >= 0 && p <= 100 && (i === 0 || p >= (list[i - 1] as number)));
  if (!Array.isArray(value) || value.length > MAX_PERCENTILES || !isAscending(value)) {
    throw new JsonRpcError(INVALID_PARAMS, "invalid argument 2: not an ascending list of percentiles");
  }
  return value as number[];
}

/** Methods about blocks as a whole. */
export function blockMethods(operator: ShardOperator, blocks: BlockReader): Record<string, RpcMethod> {
  const { chain } = operator;

  const transactionCount = (number: number | null) => {
    if (number === null || number > chain.head.number) return null;
    return quantity(blocks.block(number)?.transactions.length ?? 0);
  };

  return {
    eth_blockNumber: () => quantity(chain.head.number),

    eth_getBlockByNumber: ([tag, full]) =>
      blocks.json(blocks.numberOf(blockTagParameter(tag, 0)) as number, full === true),

    eth_getBlockByHash: ([hash, full]) => {
      const number = blocks.numberOf({ hash: hashParameter(hash, 0) });
      return number === null ? null : blocks.json(number, full === true);
    },

    eth_getBlockTransactionCountByNumber: ([tag]) => transactionCount(blocks.numberOf(blockTagParameter(tag, 0))),
    eth_getBlockTransactionCountByHash: ([hash]) => transactionCount(blocks.numberOf({ hash: hashParameter(hash, 0) })),
    eth_getUncleCountByBlockNumber: () => "0x0",
    eth_getUncleCountByBlockHash: () => "0x0",

    eth_getBlockReceipts: ([reference]) => {
      const number = blocks.numberOf(blockReferenceParameter(reference, 0));
      if (number === 0) return [];
      const block = number === null ? null : blocks.block(number);
      if (block === null) return null;
      return block.transactions.map((transaction) =>
        receiptJson(operator.crypto, transaction, block, blocks.timestamp(block)),
      );
    },

    eth_feeHistory: ([count, newest, percentiles]) => {
      const last = blocks.existingNumber(blockTagParameter(newest, 1));
      const wanted = percentilesParameter(percentiles);
      const first = Math.max(
        last - Math.min(numberParameter(count, 0), MAX_FEE_HISTORY) + 1,
        chain.index.oldest - 1,
        0,
      );
      const range = Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => chain.index.block(first + i));
      return {
        oldestBlock: quantity(first),
        baseFeePerGas: new Array(range.length + 1).fill(quantity(BASE_FEE)),
        gasUsedRatio: range.map((block) => Number(block?.gasUsed ?? 0n) / Number(BLOCK_GAS_LIMIT)),
        ...(wanted === null
          ? {}
          : {
              reward: range.map((block) =>
                (block === null ? wanted.map(() => 0n) : tipsAt(block, wanted)).map(quantity),
              ),
            }),
      };
    },
  };
}
