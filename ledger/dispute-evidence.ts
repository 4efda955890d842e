import type { BlockHeader } from "../protocol/block-header.ts";
import type { Crosslink } from "../protocol/crosslink.ts";
import type { InboxEntry } from "../protocol/inbox-entry.ts";
import type { RawTraceLeaf } from "../protocol/trace.ts";
import type { StepAccess, StepWitness } from "./step-witness.ts";

/** What is wrong with an anchored crosslink, and what shows it: the structs of contracts/types/DisputeEvidence.sol. */

/** In the order of the contracts' `Predicate`. */
export const PREDICATES = [
  "Crosslink",
  "Header",
  "HeaderLink",
  "Boundary",
  "Leaf",
  "Step",
  "InboxDuty",
  "MessageDuty",
  "Silence",
] as const;

export type Predicate = (typeof PREDICATES)[number];

/** In the order of the contracts' `Fault`. */
export const FAULTS = [
  "None",
  "WrongFirstBlock",
  "HeaderOfOtherShard",
  "HeaderOfOtherGeneration",
  "WrongBlockNumber",
  "StepCountOutOfRange",
  "SlotAfterEpoch",
  "WrongParentHash",
  "SlotNotLater",
  "CrosslinkStateMismatch",
  "BlocksPadding",
  "TracePadding",
  "HeaderStateMismatch",
  "HeaderFeesMismatch",
  "WrongLeafIndex",
  "UnknownStepKind",
  "PayloadTooLong",
  "MisplacedBlockStart",
  "LeafPadding",
  "StepInadmissible",
  "WrongPayloadLength",
  "WrongStepFees",
  "WrongStepState",
  "InboxLeftLying",
  "MessageLeftLying",
  "Unanswered",
] as const;

export type Fault = (typeof FAULTS)[number];

/** A header with its path in the blocks tree of its crosslink, siblings bottom up. */
export interface HeaderOpening {
  readonly header: BlockHeader;
  readonly siblings: readonly Uint8Array[];
}

export interface LeafOpening extends RawTraceLeaf {
  /** Bottom up. */
  readonly siblings: readonly Uint8Array[];
}

/** The block below another one: in the parent crosslink for the first block of a crosslink, else in the same one. */
export interface BelowOpening {
  /** null for blocks that are not the first of their crosslink */
  readonly parent: Crosslink | null;
  readonly header: HeaderOpening;
}

/** A step's witness, and the opening of the commitment to the checkpoint that an ImportMessage names. */
export interface DisputedStepWitness extends StepWitness {
  /** The checkpoint's root and absent hash; null for other steps, and when there is no such checkpoint. */
  readonly checkpoint: { readonly root: Uint8Array; readonly absentHash: Uint8Array } | null;
}

/**
 * Of the siblings of the leaf before `step`, those below the subtree that ends with it and stands on the path of the leaf: as many
 * as the step has zeros behind its lowest set bit.
 */
export function siblingsBefore(step: number, siblings: readonly Uint8Array[]): readonly Uint8Array[] {
  return siblings.slice(0, Math.log2(step & -step));
}

/** What both duties are judged by. */
interface DutyEvidence {
  /** Last header of the crosslink. */
  readonly last: HeaderOpening;
  /** May be the genesis crosslink. */
  readonly parent: Crosslink;
  /** The source's cursor in the parent's state; null on the genesis crosslink. */
  readonly cursorBefore: StepAccess | null;
  /** The source's cursor in the crosslink's state. */
  readonly cursorAfter: StepAccess;
}

/** `index` counts the blocks of the crosslink from 0; `below` is null on the genesis crosslink. */
export type DisputeEvidence =
  | { readonly predicate: "Crosslink"; readonly parent: Crosslink }
  | { readonly predicate: "Header"; readonly index: number; readonly header: HeaderOpening }
  | {
      readonly predicate: "HeaderLink";
      readonly index: number;
      readonly header: HeaderOpening;
      readonly below: BelowOpening | null;
    }
  | {
      readonly predicate: "Boundary";
      readonly index: number;
      readonly header: HeaderOpening;
      /** The last one of the header; null if the fault is the crosslink's, whose last header it then is. */
      readonly leaf: LeafOpening | null;
    }
  | {
      readonly predicate: "Leaf";
      readonly index: number;
      readonly header: HeaderOpening;
      readonly step: number;
      readonly leaf: LeafOpening;
    }
  | {
      readonly predicate: "Step";
      readonly index: number;
      readonly header: HeaderOpening;
      readonly step: number;
      readonly leaf: LeafOpening;
      /** The leaf before, with siblings up to where its path meets the leaf's (`siblingsBefore`); null for step 0. */
      readonly previous: LeafOpening | null;
      /** For step 0, unless it stands on the genesis crosslink. */
      readonly below: BelowOpening | null;
      readonly payload: Uint8Array;
      readonly witness: DisputedStepWitness;
    }
  | (DutyEvidence & { readonly predicate: "InboxDuty"; readonly entry: InboxEntry })
  /** The next message of that shard was demanded. */
  | (DutyEvidence & { readonly predicate: "MessageDuty"; readonly source: number })
  | { readonly predicate: "Silence"; readonly challenge: bigint };
