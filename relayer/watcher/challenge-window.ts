import type { AcceptedCheckpoint, ParentView } from "../parent/parent-view.ts";

/** Of the challenge window, the last part: what takes some blocks to do is done at once there. */
const URGENT_PART = 1 / 4;

/**
 * Part of a challenge window that is left before an entry may settle: more than 1 while it is held for longer. Both time and
 * blocks have to pass, so whichever is further away counts.
 */
export function windowLeft(view: ParentView, accepted: AcceptedCheckpoint, position: number): number {
  const { challengeEpochs, slotsPerEpoch, secondsPerSlot, challengeBlocks } = view.parameters;
  const seconds = challengeEpochs * slotsPerEpoch * secondsPerSlot;
  const hold = view.hold(position);
  const isHeld = hold !== null && hold.fromEpoch <= accepted.checkpoint.body.epoch;
  const untilTime = Math.max(accepted.acceptedTime + seconds, isHeld ? hold.untilTime : 0);
  const untilBlock = Math.max(accepted.acceptedBlock + challengeBlocks, isHeld ? hold.untilBlock : 0);
  const { timestamp, number } = view.head;
  return Math.max((untilTime - timestamp) / seconds, (untilBlock - number) / challengeBlocks);
}

export function isUrgent(view: ParentView, accepted: AcceptedCheckpoint, position: number): boolean {
  return windowLeft(view, accepted, position) < URGENT_PART;
}
