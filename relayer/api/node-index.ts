import { toHex } from "../../protocol/bytes.ts";
import type { ParentView } from "../parent/parent-view.ts";

/** What a node answers to `GET /`: which deployment it belongs to, and where the shards that it operates are served. */
export function nodeIndex(view: Pick<ParentView, "domain" | "shard">, shardIds: readonly number[]) {
  return {
    parentChainId: Number(view.domain.parentChainId),
    registry: toHex(view.domain.registry),
    shards: shardIds.map((id) => ({ id, chainId: view.shard(id)?.chainId ?? null, rpc: `/shards/${id}` })),
  };
}
