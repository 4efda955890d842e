import type { Evidence } from "../../protocol/evidence.ts";

/** What somebody may be punished for, and everything that it takes. */
export interface Offence {
  readonly evidence: Evidence;
  /** Validators that signed both messages, ascending; none of headers, for which a shard's bond stands. */
  readonly guilty: readonly number[];
}
