import { ZERO_HASH } from "../../protocol/bytes.ts";
import { parentOfEntry } from "../../protocol/checkpoint.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { CrosslinkParent, OperatorParentView } from "./ports.ts";

/** Where an accepted checkpoint leaves a shard. */
export interface ShardStanding extends CrosslinkParent {
  /** Of the checkpoint. */
  readonly epoch: number;
}

/** The shard in the latest justified or settled checkpoint; at its genesis crosslink while it has no entry. */
export function shardStanding(
  crypto: Crypto,
  view: OperatorParentView,
  shardId: number,
  finality: "justified" | "settled",
): ShardStanding {
  const { epoch } = view[finality];
  const position = view.shard(shardId)?.position ?? -1;
  const accepted = view.checkpoint(epoch);
  const entry = accepted?.checkpoint.entries[position] ?? ZERO_HASH;
  return {
    epoch,
    hash: parentOfEntry(crypto, view.domain, shardId, entry),
    lastBlock: accepted?.crosslinkOf(position)?.lastBlock ?? 0,
  };
}
