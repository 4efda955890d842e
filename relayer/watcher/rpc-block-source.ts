import { fromHex } from "../../protocol/bytes.ts";
import { MAX_REQUESTED_BLOCKS } from "../../protocol/gossip.ts";
import type { BlockSource } from "./shard-replay.ts";

const TIMEOUT_MS = 30_000;

/** Published blocks from the shards' JSON-RPC under one base URL. */
export function rpcBlockSource(baseUrl: string): BlockSource {
  const base = baseUrl.replace(/\/+$/, "");
  return async (shardId, first, last) => {
    const params = [first, Math.min(last, first + MAX_REQUESTED_BLOCKS - 1)];
    const response = await fetch(`${base}/shards/${shardId}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "watchfire_getBlocks", params }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = (await response.json()) as { result?: unknown; error?: { message?: string } };
    if (!Array.isArray(answer.result)) {
      throw new Error(
        `${base}/shards/${shardId} gave no blocks: ${answer.error?.message ?? `HTTP ${response.status}`}`,
      );
    }
    return answer.result.map((block) => fromHex(String(block)));
  };
}
