import { entryProof } from "../../protocol/checkpoint.ts";
import type { CrosslinkProof } from "../../protocol/crosslink-proof.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { AcceptedCheckpoint, ChangedEntry } from "./parent-view.ts";

/**
 * Shows an entry in the checkpoint that it changed. Late votes change what opens the checkpoint: it is made just before it
 * is sent.
 */
export function entryOpening(
  crypto: Crypto,
  { checkpoint, bodyRoot, absentHash }: AcceptedCheckpoint,
  { position, crosslink }: ChangedEntry,
): CrosslinkProof {
  const siblings = entryProof(crypto, checkpoint, position);
  return { checkpointEpoch: checkpoint.body.epoch, bodyRoot, absentHash, position, crosslink, siblings };
}
