import { ZERO_HASH } from "../../protocol/bytes.ts";
import { parentOfEntry } from "../../protocol/checkpoint.ts";
import { crosslinkHash } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { CrosslinkParent, OperatorParentView } from "./ports.ts";

/** Where an accepted checkpoint leaves a shard. */
export interface ShardStanding extends CrosslinkParent {
  /** Of the checkpoint. */
  readonly epoch: number;
}

/**
 * What the shard's next crosslink builds on, which after a void is not what stands in the justified checkpoint; or the
 * shard in the latest checkpoint that settled without exception. At its genesis crosslink while there is nothing else.
 */
export function shardStanding(
  crypto: Crypto,
  view: OperatorParentView,
  shardId: number,
  finality: "justified" | "settled",
): ShardStanding {
  if (finality === "justified") {
    const parent = view.parentOf(shardId);
    if (parent !== null) {
      const hash = crosslinkHash(crypto, view.domain, parent);
      return { epoch: view.justified.epoch, hash, lastBlock: parent.lastBlock };
    }
  }
  const position = view.shard(shardId)?.position ?? -1;
  const epoch = soundlySettled(view, position, view.settled.epoch);
  const accepted = view.checkpoint(epoch);
  const entry = accepted?.checkpoint.entries[position] ?? ZERO_HASH;
  return {
    epoch,
    hash: parentOfEntry(crypto, view.domain, shardId, entry),
    lastBlock: accepted?.crosslinkOf(position)?.lastBlock ?? 0,
  };
}

/** Epoch of the last settled checkpoint, up to that one, from whose entry at the position may be read; 0 is genesis. */
export function soundlySettled(view: OperatorParentView, position: number, latestEpoch: number): number {
  let epoch = latestEpoch;
  while (epoch > 0 && view.settlement(epoch)?.exceptions.includes(position) !== false) {
    epoch = view.checkpoint(epoch)?.checkpoint.body.sourceEpoch ?? 0;
  }
  return epoch;
}
