import type { ParentView } from "./parent-view.ts";

/** What may be done about the roll; twin of `RollCall.status` and `RollCall.callableAt`, as of the head of the parent chain. */
export type RollStatus = "idle" | "answering" | "ejecting";

type RollView = Pick<ParentView, "parameters" | "genesisTime" | "head" | "justified" | "roll" | "checkpoint">;

/** "idle" when there was no roll, it is through, or nothing comes of it any more. */
export function rollStatus(view: RollView): RollStatus {
  const { roll, justified, head } = view;
  if (roll === null || justified.epoch !== roll.justifiedEpoch || roll.ejectedGroups.size === roll.groups)
    return "idle";
  const { answerSeconds, answerBlocks, inactivitySeconds } = periods(view);
  if (head.timestamp >= roll.calledTime + answerSeconds + inactivitySeconds) return "idle";
  const isOver = head.timestamp >= roll.calledTime + answerSeconds && head.number >= roll.calledBlock + answerBlocks;
  return isOver ? "ejecting" : "answering";
}

/** From which parent time on the roll may be called, if nothing changes until then; Infinity before genesis is scheduled. */
export function rollCallableAt(view: RollView): number {
  const { roll, genesisTime } = view;
  if (genesisTime === null) return Number.POSITIVE_INFINITY;
  const { answerSeconds, inactivitySeconds } = periods(view);
  if (roll !== null && rollStatus(view) !== "idle") return roll.calledTime + answerSeconds + inactivitySeconds;
  const accepted = view.checkpoint(view.justified.epoch)?.acceptedTime ?? 0;
  return Math.max(genesisTime, accepted, roll?.calledTime ?? 0) + inactivitySeconds;
}

/** A roll's time to answer has to pass in blocks, too, at the pace that the challenge window expects of them. */
function periods({ parameters }: RollView) {
  const { inactivityEpochs, rollCallEpochs, challengeBlocks, challengeEpochs } = parameters;
  const epochSeconds = parameters.slotsPerEpoch * parameters.secondsPerSlot;
  return {
    inactivitySeconds: inactivityEpochs * epochSeconds,
    answerSeconds: rollCallEpochs * epochSeconds,
    answerBlocks: Math.ceil((challengeBlocks * rollCallEpochs) / challengeEpochs),
  };
}
