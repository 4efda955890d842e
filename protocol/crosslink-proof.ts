import type { Crosslink } from "./crosslink.ts";

/** Shows that a crosslink is an entry of an accepted checkpoint: `CrosslinkProof` of docs/formats.md, section 7. */
export interface CrosslinkProof {
  readonly checkpointEpoch: number;
  readonly bodyRoot: Uint8Array;
  /** Opens the commitment to the checkpoint together with the root that follows from everything else. */
  readonly absentHash: Uint8Array;
  readonly position: number;
  readonly crosslink: Crosslink;
  /** In the entries tree, bottom up. */
  readonly siblings: readonly Uint8Array[];
}
