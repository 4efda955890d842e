import {
  type BelowOpening,
  type DisputedStepWitness,
  type DisputeEvidence,
  type HeaderOpening,
  type LeafOpening,
  siblingsBefore,
} from "../../ledger/dispute-evidence.ts";
import type { RawTraceLeaf } from "../../protocol/trace.ts";
import { type ClaimedBlock, type LyingCrosslink, pathIn } from "./liars.ts";

/** How what a crosslink claims is opened, from the crosslink down. */

export function openHeader({ blocks, levels }: LyingCrosslink, index: number): HeaderOpening {
  return { header: (blocks[index] as ClaimedBlock).header, siblings: pathIn(levels, index) };
}

/** null on the genesis crosslink */
export function openBelow(claimed: LyingCrosslink, index: number): BelowOpening | null {
  if (index > 0) return { parent: null, header: openHeader(claimed, index - 1) };
  return claimed.below === null ? null : { parent: claimed.parent, header: claimed.below };
}

export function openLeaf({ blocks }: LyingCrosslink, index: number, step: number): LeafOpening {
  const { steps, levels } = blocks[index] as ClaimedBlock;
  return { ...(steps[step]?.leaf as RawTraceLeaf), siblings: pathIn(levels, step) };
}

/** As far as its path is not that of the leaf after it. */
function openLeafBefore(claimed: LyingCrosslink, index: number, step: number): LeafOpening {
  const { siblings, ...leaf } = openLeaf(claimed, index, step - 1);
  return { ...leaf, siblings: siblingsBefore(step, siblings) };
}

export type StepEvidence = Extract<DisputeEvidence, { predicate: "Step" }>;

export function stepEvidence(
  claimed: LyingCrosslink,
  index: number,
  step: number,
  witness: DisputedStepWitness,
): StepEvidence {
  return {
    predicate: "Step",
    index,
    header: openHeader(claimed, index),
    step,
    leaf: openLeaf(claimed, index, step),
    previous: step === 0 ? null : openLeafBefore(claimed, index, step),
    below: step === 0 ? openBelow(claimed, index) : null,
    payload: claimed.blocks[index]?.steps[step]?.payload as Uint8Array,
    witness,
  };
}
