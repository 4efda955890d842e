import { ZERO_HASH } from "../protocol/bytes.ts";
import type { Crypto } from "../protocol/crypto.ts";
import { paddedTreeDepth } from "../protocol/padded-tree.ts";
import { type TraceLeaf, writeTraceWord } from "../protocol/trace.ts";

/** Root of the trace (docs/formats.md, section 5), all leaves of a block hashed in three batches. */
export function traceRootOf(crypto: Crypto, leaves: readonly TraceLeaf[]): Uint8Array {
  const count = leaves.length;
  if (count === 0) return ZERO_HASH;
  const pairs = new Uint8Array(64 * count);
  leaves.forEach((leaf, i) => {
    writeTraceWord(pairs, 64 * i, leaf);
    pairs.set(leaf.payloadHash, 64 * i + 32);
  });
  const steps = new Uint8Array(32 * count);
  crypto.sha256Pairs(pairs, steps);
  leaves.forEach((leaf, i) => {
    pairs.set(steps.subarray(32 * i, 32 * i + 32), 64 * i);
    pairs.set(leaf.stateRoot, 64 * i + 32);
  });
  // The padding of the tree is zero, as the array is.
  let level: Uint8Array = new Uint8Array(32 << paddedTreeDepth(count));
  crypto.sha256Pairs(pairs, level.subarray(0, 32 * count));
  while (level.length > 32) {
    const above = new Uint8Array(level.length / 2);
    crypto.sha256Pairs(level, above);
    level = above;
  }
  return level;
}
