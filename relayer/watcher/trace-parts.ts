import { paddedTreeDepth } from "../../protocol/padded-tree.ts";
import { CHUNK_STEPS, type RevealedPart, type RevealedStep } from "./claimed-trace.ts";

/** Bytes of payloads in one answer, unless the fewest steps that make one have more. */
const PART_BYTES = 64 * 1024;
/** Steps that make the smallest answer: bit i of a mask stands for steps 8 i to 8 i + 7 of a chunk. */
const GROUP_STEPS = 8;

/** Steps of a trace that are shown together. */
export interface PartRange {
  readonly first: number;
  readonly count: number;
}

/**
 * Cuts what is missing of a chunk into answers: aligned subtrees as large as their payloads allow.
 * @param lengths of all payloads of the trace
 * @param missing bit i: steps 8 i to 8 i + 7 of the chunk
 */
export function missingParts(lengths: readonly number[], chunk: number, missing: number): PartRange[] {
  const start = chunk * CHUNK_STEPS;
  const end = Math.min(start + CHUNK_STEPS, lengths.length);
  const parts: PartRange[] = [];
  for (let first = start; first < end; ) {
    const { count } = fitting(lengths, first, end);
    if (isMissing(missing, first - start, count)) parts.push({ first, count });
    first += count;
  }
  return parts;
}

function fitting(lengths: readonly number[], first: number, end: number): PartRange {
  let size = CHUNK_STEPS;
  while (first % size !== 0) size /= 2;
  const bytes = () => lengths.slice(first, Math.min(first + size, end)).reduce((sum, length) => sum + length, 0);
  while (size > GROUP_STEPS && bytes() > PART_BYTES) size /= 2;
  return { first, count: Math.min(size, end - first) };
}

function isMissing(mask: number, offset: number, count: number): boolean {
  for (let at = offset; at < offset + count; at += GROUP_STEPS) {
    if (((mask >>> (at / GROUP_STEPS)) & 1) === 1) return true;
  }
  return false;
}

/**
 * An answer: some steps with what leads from them to the trace root.
 * @param levels of the padded trace, from the leaves (flat, 32 bytes each) to the root
 */
export function showPart(
  steps: readonly RevealedStep[],
  levels: readonly Uint8Array[],
  { first, count }: PartRange,
): RevealedPart {
  const chunkDepth = Math.min(Math.log2(CHUNK_STEPS), levels.length - 1);
  const height = Math.min(Math.log2(Math.max(GROUP_STEPS, 2 ** paddedTreeDepth(count))), chunkDepth);
  const roots = levels[chunkDepth] as Uint8Array;
  const siblings: Uint8Array[] = [];
  for (let level = height; level < chunkDepth; level++) {
    siblings.push(hashAt(levels[level] as Uint8Array, Math.floor(first / 2 ** level) ^ 1));
  }
  return {
    first,
    steps: steps.slice(first, first + count),
    siblings,
    chunkRoots: Array.from({ length: roots.length / 32 }, (_, i) => hashAt(roots, i)),
  };
}

function hashAt(level: Uint8Array, index: number): Uint8Array {
  return level.slice(32 * index, 32 * index + 32);
}
