import type { ChainBlock } from "../operator/chain-block.ts";
import type { ShardOperator } from "../operator/shard-operator.ts";
import { TransactionRefused } from "../operator/transaction-refused.ts";
import type { BlockReader } from "./block-reader.ts";
import { pendingTransactionJson, receiptJson, transactionJson } from "./ethereum-json.ts";
import { JsonRpcError, type RpcMethod, SERVER_ERROR } from "./json-rpc.ts";
import { blockTagParameter, bytesParameter, hashParameter, numberParameter } from "./parameters.ts";

/** Methods that take transactions in and find them again. */
export function transactionMethods(operator: ShardOperator, blocks: BlockReader): Record<string, RpcMethod> {
  const { chain, mempool, chainId } = operator;

  const inBlock = (block: ChainBlock | null, index: number) => {
    const transaction = block?.transactions[index];
    return block === null || transaction === undefined ? null : transactionJson(chainId, transaction, block);
  };

  return {
    eth_sendRawTransaction: ([payload]) => {
      try {
        return mempool.add(bytesParameter(payload, 0));
      } catch (error) {
        if (error instanceof TransactionRefused) throw new JsonRpcError(SERVER_ERROR, error.message);
        throw error;
      }
    },

    eth_getTransactionByHash: ([parameter]) => {
      const hash = hashParameter(parameter, 0);
      const located = chain.index.transaction(hash);
      if (located !== null) return transactionJson(chainId, located.transaction, located.block);
      const pooled = mempool.get(hash);
      return pooled === null ? null : pendingTransactionJson(chainId, pooled);
    },

    eth_getTransactionReceipt: ([hash]) => {
      const located = chain.index.transaction(hashParameter(hash, 0));
      if (located === null) return null;
      const { transaction, block } = located;
      return receiptJson(operator.crypto, transaction, block, blocks.timestamp(block));
    },

    eth_getTransactionByBlockNumberAndIndex: ([tag, index]) =>
      inBlock(blocks.block(blocks.numberOf(blockTagParameter(tag, 0)) as number), numberParameter(index, 1)),

    eth_getTransactionByBlockHashAndIndex: ([hash, index]) =>
      inBlock(chain.index.blockByHash(hashParameter(hash, 0)), numberParameter(index, 1)),
  };
}
