import { equal } from "./bytes.ts";
import type { Vote } from "./vote.ts";

/**
 * Which two votes nobody may sign: Casper's two conditions, as consensus-specs have them in `is_slashable_attestation_data`.
 * Twin of contracts/libraries/SlashableVotes.sol.
 */

/** Two different votes for checkpoints of one epoch. */
export function isDoubleVote(a: Vote, b: Vote): boolean {
  if (a.targetEpoch !== b.targetEpoch) return false;
  return !equal(a.targetRoot, b.targetRoot) || a.sourceEpoch !== b.sourceEpoch || !equal(a.sourceRoot, b.sourceRoot);
}

/** One vote links over the other. */
export function isSurroundVote(a: Vote, b: Vote): boolean {
  return surrounds(a, b) || surrounds(b, a);
}

function surrounds(outer: Vote, inner: Vote): boolean {
  return outer.sourceEpoch < inner.sourceEpoch && inner.targetEpoch < outer.targetEpoch;
}
