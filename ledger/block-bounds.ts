import { BLOCK_HEADER_BYTES } from "../protocol/block-header.ts";
import { MAX_PAYLOAD_BYTES } from "../protocol/presets.ts";
import { MAX_BLOCK_BYTES } from "./block.ts";

/**
 * What a sound block can hold at most, by its number of steps. The operator signs the header alone: whoever passes a block
 * on can put any body behind it, and these bounds keep what that costs in proportion to what was signed.
 */

/** State keys that one step touches at most: the cursor, sender, head and outbox of a forced transaction with a message. */
const KEYS = 4;
/** Inner nodes on the path to a key: one for each of its bits. */
const DEPTH = 256;

/** Kind and length around a payload. */
const STEP_FRAME_BYTES = 1 + 4;
/** For each inner node of a path: its mark, and mark and hash of the subtree beside the path. */
const LEVEL_BYTES = 1 + 33;
/** Mark, key and word at the end of a path. */
const LEAF_BYTES = 65;
/** A step appends to one outbox at most: destination, count, and a frontier of a hash for each bit of a 32-bit count. */
const OUTBOX_BYTES = 4 + 8 + 32 * 32;

const STEP_BYTES = STEP_FRAME_BYTES + MAX_PAYLOAD_BYTES + KEYS * (DEPTH * LEVEL_BYTES + LEAF_BYTES) + OUTBOX_BYTES;
/** Header, operator's signature, the length of the partial tree and the number of outboxes. */
const FRAME_BYTES = BLOCK_HEADER_BYTES + 65 + 4 + 2;

/** Length of an encoded block of so many steps. */
export function maxBlockBytes(stepCount: number): number {
  return Math.min(FRAME_BYTES + stepCount * STEP_BYTES, MAX_BLOCK_BYTES);
}

/** Inner nodes in the witness of a block of so many steps. */
export function maxInnerNodes(stepCount: number): number {
  return stepCount * KEYS * DEPTH;
}
