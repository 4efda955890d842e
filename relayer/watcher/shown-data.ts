import type { BlockHeader } from "../../protocol/block-header.ts";
import type { RawTraceLeaf } from "../../protocol/trace.ts";

/** What an answer to a data challenge shows: all headers of the crosslink, or steps of one block. */
export type ShownData =
  | { readonly kind: "headers"; readonly headers: readonly BlockHeader[] }
  | {
      readonly kind: "steps";
      /** Index of the first of the steps in the trace. */
      readonly first: number;
      readonly steps: readonly ShownStep[];
      /** From the subtree of these steps up to the chunk, bottom up. */
      readonly siblings: readonly Uint8Array[];
      /** Of all chunks of the padded trace. */
      readonly chunkRoots: readonly Uint8Array[];
    };

/** A leaf as it is claimed, and the payload with its hash. */
export interface ShownStep extends Omit<RawTraceLeaf, "payloadHash"> {
  readonly payload: Uint8Array;
}
