import type { ShardOperator } from "../operator/shard-operator.ts";
import type { RpcMethods } from "./json-rpc.ts";

/** All JSON-RPC methods of one shard: what `ApiHandlers.shard` hands out. */
export declare function createShardRpc(operator: ShardOperator): RpcMethods;
