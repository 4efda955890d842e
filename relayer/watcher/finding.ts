import type { DisputeEvidence, Fault } from "../../ledger/dispute-evidence.ts";

/** What a watcher knows of an anchored crosslink after it has looked at it. */
export type Finding =
  | { readonly kind: "sound" }
  | FaultFinding
  /** Headers: none are known that lead to the blocks root. Else chunks of the trace of a header, by its index. */
  | { readonly kind: "missing"; readonly what: "headers" }
  | { readonly kind: "missing"; readonly what: "steps"; readonly index: number; readonly chunks: readonly number[] };

export interface FaultFinding {
  readonly kind: "fault";
  readonly fault: Fault;
  /** Of the block at fault in the crosslink, from 0; null if it is none's. */
  readonly index: number | null;
  readonly evidence: DisputeEvidence;
}
