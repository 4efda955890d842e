import type { ShardOperator } from "../operator/shard-operator.ts";
import { blockMethods } from "./block-methods.ts";
import { BlockReader } from "./block-reader.ts";
import { quantity } from "./ethereum-json.ts";
import type { RpcMethod, RpcMethods } from "./json-rpc.ts";
import { logMethods } from "./log-methods.ts";
import { stateMethods } from "./state-methods.ts";
import { subscriptionMethods } from "./subscription-methods.ts";
import { transactionMethods } from "./transaction-methods.ts";
import { watchfireMethods } from "./watchfire-methods.ts";

/** Shown to whoever asks what runs here. */
const CLIENT_VERSION = "Watchfire/0.1.0";

function clientMethods(operator: ShardOperator): Record<string, RpcMethod> {
  return {
    eth_chainId: () => quantity(operator.chainId),
    net_version: () => String(operator.chainId),
    net_listening: () => true,
    web3_clientVersion: () => CLIENT_VERSION,
    eth_syncing: () => {
      const { behind, chain } = operator;
      if (behind === null) return false;
      return { startingBlock: "0x0", currentBlock: quantity(chain.head.number), highestBlock: quantity(behind) };
    },
    eth_accounts: () => [],
  };
}

/** All JSON-RPC methods of one shard: what `ApiHandlers.shard` hands out. */
export function createShardRpc(operator: ShardOperator): RpcMethods {
  const blocks = new BlockReader(operator);
  return new Map(
    Object.entries({
      ...clientMethods(operator),
      ...blockMethods(operator, blocks),
      ...stateMethods(operator, blocks),
      ...transactionMethods(operator, blocks),
      ...logMethods(operator, blocks),
      ...subscriptionMethods(operator, blocks),
      ...watchfireMethods(operator),
    }),
  );
}
