import { toHex } from "../../protocol/bytes.ts";
import type { Log } from "../../protocol/system-contracts.ts";
import type { ShardOperator } from "../operator/shard-operator.ts";
import type { BlockReader } from "./block-reader.ts";
import { logJson } from "./ethereum-json.ts";
import { INVALID_PARAMS, JsonRpcError, type RpcMethod } from "./json-rpc.ts";
import { addressParameter, blockTagParameter, hashParameter, objectParameter } from "./parameters.ts";

const MAX_BLOCKS = 10_000;
const MAX_LOGS = 10_000;
/** Alternatives for the address or for one topic. */
const MAX_ALTERNATIVES = 1000;
/** The code that providers give to queries with too many results. */
const LIMIT_EXCEEDED = -32005;

/** null: anything fits. */
type Alternatives = ReadonlySet<string> | null;

function alternatives(value: unknown, read: (item: unknown) => string): Alternatives {
  if (value === undefined || value === null) return null;
  const items = Array.isArray(value) ? value : [value];
  if (items.length > MAX_ALTERNATIVES)
    throw new JsonRpcError(INVALID_PARAMS, "exceed max addresses or topics per search position");
  return items.length === 0 ? null : new Set(items.map(read));
}

function topicsParameter(value: unknown): Alternatives[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > 4) throw new JsonRpcError(INVALID_PARAMS, "exceed max topics");
  return value.map((topic) => alternatives(topic, (item) => hashParameter(item, 0)));
}

function matches(log: Log, addresses: Alternatives, topics: readonly Alternatives[]): boolean {
  if (addresses !== null && !addresses.has(toHex(log.address))) return false;
  return topics.every((wanted, i) => {
    const topic = log.topics[i];
    return topic !== undefined && (wanted === null || wanted.has(toHex(topic)));
  });
}

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
    eth_getLogs: ([parameter]) => {
      const filter = objectParameter(parameter, 0);
      const addresses = alternatives(filter.address, (item) => toHex(addressParameter(item, 0)));
      const topics = topicsParameter(filter.topics);
      const [first, last] = range(filter);
      const found: unknown[] = [];
      for (let number = first; number <= last; number++) {
        const block = blocks.block(number);
        if (block === null) continue;
        for (const log of block.logs) {
          if (!matches(log.log, addresses, topics)) continue;
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
