import { readBlockHeader } from "../../../protocol/block-header.ts";
import { ByteReader } from "../../../protocol/bytes.ts";
import { decodeBlocksRequest, type GossipMessage, requestKind } from "../../../protocol/gossip.ts";

/** The shard that a block or crosslink is of; null for other messages. */
export function shardOf(message: GossipMessage): number | null {
  if (message.kind === "block") return readBlockHeader(new ByteReader(message.block)).shardId;
  return message.kind === "crosslink" ? message.crosslink.shardId : null;
}

/** The shard whose blocks are asked for; null for other requests. */
export function requestedBlocksOf(request: Uint8Array): number | null {
  return requestKind(request) === "blocks" ? decodeBlocksRequest(request).shardId : null;
}
