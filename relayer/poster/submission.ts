import type { Crypto } from "../../protocol/crypto.ts";
import type { Proposal } from "../../protocol/gossip.ts";
import type { CheckpointSubmission } from "../parent/checkpoint-submission.ts";
import type { AcceptedCheckpoint } from "../parent/parent-view.ts";

/** What the parent chain takes: a proposal and two thirds' votes for it, on the source it builds on. */
export function toSubmission(
  crypto: Crypto,
  source: AcceptedCheckpoint,
  proposal: Proposal,
  vote: { readonly absent: Uint8Array; readonly signature: Uint8Array },
): CheckpointSubmission {
  return {
    targetEpoch: proposal.epoch,
    sourceEpoch: proposal.sourceEpoch,
    sourceRoot: source.root,
    previousEntries: source.checkpoint.entries,
    changed: proposal.entries.map(({ position, certificate }) => ({
      position,
      record: certificate.signed.crosslink,
    })),
    rewardsRoot: proposal.rewardsRoot,
    absent: vote.absent,
    signature: crypto.bls.decompressG2(vote.signature),
    reveal: crypto.bls.decompressG2(proposal.reveal),
  };
}
