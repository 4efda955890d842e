import type { ShardOperator } from "../operator/shard-operator.ts";
import type { BlockReader } from "./block-reader.ts";
import { logJson } from "./ethereum-json.ts";
import { nextTurn } from "./event-loop-turns.ts";
import { INVALID_PARAMS, JsonRpcError, type RpcMethod } from "./json-rpc.ts";
import { logFilterParameter } from "./log-filter.ts";
import { blockTagParameter, hashParameter, objectParameter } from "./parameters.ts";

const MAX_BLOCKS = 10_000;
const MAX_LOGS = 10_000;
/** Logs that are looked at before others have their turn: some milliseconds. */
const LOGS_PER_TURN = 5000;
/** The code that providers give to queries with too many results. */
const LIMIT_EXCEEDED = -32005;

/** `eth_getLogs`, over a bounded range and with a bounded number of results. */
export function logMethods(operator: ShardOperator, blocks: BlockReader): Record<string, RpcMethod> {
  const range = ({ blockHash, fromBlock, toBlock }: Readonly<Record<string, unknown>>): [number, number] => {
    if (blockHash !== undefined) {
      if (fromBlock !== undefined || toBlock !== undefined) {
        throw new JsonRpcError(
          INVALID_PARAMS,
          "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other",
        );
      }
      const number = blocks.existingNumber({ hash: hashParameter(blockHash, 0) });
      return [number, number];
    }
    const numberOf = (value: unknown) => blocks.numberOf(blockTagParameter(value ?? "latest", 0)) as number;
    const first = numberOf(fromBlock);
    const last = numberOf(toBlock);
    if (first > last) throw new JsonRpcError(INVALID_PARAMS, "invalid block range params");
    if (last - first >= MAX_BLOCKS) {
      throw new JsonRpcError(LIMIT_EXCEEDED, `block range too large: at most ${MAX_BLOCKS} blocks`);
    }
    return [Math.max(first, 1), Math.min(last, operator.chain.head.number)];
  };

  return {
    eth_getLogs: async ([parameter]) => {
      const filter = objectParameter(parameter, 0);
      const matches = logFilterParameter(filter, 0);
      const [first, last] = range(filter);
      const found: unknown[] = [];
      let looked = 0;
      for (let number = first; number <= last; number++) {
        const block = blocks.block(number);
        if (block === null) continue;
        looked += block.logs.length;
        if (looked > LOGS_PER_TURN) {
          await nextTurn();
          looked = 0;
        }
        for (const log of block.logs) {
          if (!matches(log.log)) continue;
          if (found.length === MAX_LOGS) {
            throw new JsonRpcError(LIMIT_EXCEEDED, `query returned more than ${MAX_LOGS} results`);
          }
          found.push(logJson(log, block, blocks.timestamp(block)));
        }
      }
      return found;
    },
  };
}
