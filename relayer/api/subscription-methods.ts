import type { ChainBlock } from "../operator/chain-block.ts";
import type { ShardOperator } from "../operator/shard-operator.ts";
import type { BlockReader } from "./block-reader.ts";
import { headerJson, logJson } from "./ethereum-json.ts";
import { JsonRpcError, METHOD_NOT_FOUND, type RpcMethod, type RpcSession } from "./json-rpc.ts";
import { logFilterParameter } from "./log-filter.ts";
import { invalidParameter } from "./parameters.ts";

function required(session: RpcSession | undefined): RpcSession {
  if (session === undefined)
    throw new JsonRpcError(METHOD_NOT_FOUND, "notifications not supported: connect by WebSocket");
  return session;
}

/** `eth_subscribe`: over a WebSocket alone. */
export function subscriptionMethods(operator: ShardOperator, blocks: BlockReader): Record<string, RpcMethod> {
  return {
    eth_subscribe: ([name, filter], session) => {
      const connection = required(session);
      if (name === "newHeads") {
        return connection.subscribe((notify) =>
          operator.blocks.listen({
            added: (block) => notify(headerJson(operator.crypto, block, blocks.timestamp(block))),
          }),
        );
      }
      if (name === "logs") {
        const matches = logFilterParameter(filter ?? {}, 1);
        return connection.subscribe((notify) => {
          const tell = (block: ChainBlock, removed: boolean) => {
            for (const log of block.logs) {
              if (matches(log.log)) notify({ ...logJson(log, block, blocks.timestamp(block)), removed });
            }
          };
          return operator.blocks.listen({
            added: (block) => tell(block, false),
            removed: (voided) => {
              for (const block of voided) tell(block, true);
            },
          });
        });
      }
      throw new JsonRpcError(METHOD_NOT_FOUND, `no "${String(name).slice(0, 80)}" subscription in eth namespace`);
    },

    eth_unsubscribe: ([id], session) => {
      const connection = required(session);
      if (typeof id !== "string") throw invalidParameter(0, "not a string");
      if (!connection.unsubscribe(id)) throw invalidParameter(0, "subscription not found");
      return true;
    },
  };
}
