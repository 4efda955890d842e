import { bytesOf, INNER, keyBit, type NodeStore, READ_AHEAD, readAhead } from "./node-store.ts";
import type { WriteLog } from "./write-log.ts";

/** Sides of an inner node below which something has been written. */
export const WRITTEN = { left: 1, right: 2 } as const;

/** Written nodes of one depth, left to right. */
export interface WrittenLevel {
  readonly count: number;
  /** Inner node, or -1 - ordinal of a written leaf. */
  readonly nodes: Int32Array;
  /** Of inner nodes: WRITTEN bits. */
  readonly sides: Uint8Array;
}

/** Written leaves and all nodes above them, from the root down. */
export function writtenLevels(store: NodeStore, log: WriteLog): WrittenLevel[] {
  const { inner } = store;
  const keys = bytesOf(log.keys);
  const order = ordinalsByKey(keys, log.leafCount);
  const levels: WrittenLevel[] = [];
  let nodes = Int32Array.of(store.root);
  /** Below node i are the leaves from `starts[i]` up to `ends[i]` of the order. */
  let starts = Int32Array.of(0);
  let ends = Int32Array.of(order.length);
  for (let depth = 0, count = 1; count > 0; depth++) {
    const sides = new Uint8Array(count);
    const room = Math.min(2 * count, order.length);
    const below = new Int32Array(room);
    const startsBelow = new Int32Array(room);
    const endsBelow = new Int32Array(room);
    let countBelow = 0;
    for (let i = 0; i < count; i++) {
      if (i % READ_AHEAD === 0) readAhead(inner, INNER.size, nodes, i, count);
      const node = nodes[i] as number;
      const low = starts[i] as number;
      const high = ends[i] as number;
      if (node < 0) {
        nodes[i] = -1 - (order[low] as number);
        continue;
      }
      const middle = firstOnRight(keys, order, low, high, depth);
      if (middle > low) {
        sides[i] = WRITTEN.left;
        below[countBelow] = inner[INNER.size * node + INNER.left] as number;
        startsBelow[countBelow] = low;
        endsBelow[countBelow++] = middle;
      }
      if (middle < high) {
        sides[i] = (sides[i] as number) | WRITTEN.right;
        below[countBelow] = inner[INNER.size * node + INNER.right] as number;
        startsBelow[countBelow] = middle;
        endsBelow[countBelow++] = high;
      }
    }
    levels.push({ count, nodes, sides });
    nodes = below;
    starts = startsBelow;
    ends = endsBelow;
    count = countBelow;
  }
  return levels;
}

/** The first leaf of [low, high) of the order whose key leads right at this depth. */
function firstOnRight(keys: Uint8Array, order: Int32Array, low: number, high: number, depth: number): number {
  let start = low;
  let end = high;
  while (start < end) {
    const middle = (start + end) >> 1;
    if (keyBit(keys, 32 * (order[middle] as number), depth) === 0) start = middle + 1;
    else end = middle;
  }
  return start;
}

/** So few leaves are in order before the counters of a radix sort are even zero. */
const FEW_LEAVES = 64;

/** Ordinals of the written leaves in the order of their keys. */
function ordinalsByKey(keys: Uint8Array, leafCount: number): Int32Array {
  if (leafCount <= FEW_LEAVES) {
    return Int32Array.from({ length: leafCount }, (_, i) => i).sort((a, b) => compareKeys(keys, a, b));
  }
  // A radix sort by the first 32 bits; keys that share them are put in order afterwards.
  const prefixes = new Uint32Array(leafCount);
  for (let i = 0, at = 0; i < leafCount; i++, at += 32) {
    prefixes[i] =
      ((keys[at] as number) << 24) |
      ((keys[at + 1] as number) << 16) |
      ((keys[at + 2] as number) << 8) |
      (keys[at + 3] as number);
  }
  let order = new Int32Array(leafCount);
  for (let i = 0; i < leafCount; i++) order[i] = i;
  for (const shift of [0, 11, 22]) order = sortedByDigit(order, prefixes, shift);

  for (let start = 0, end = 1; end <= leafCount; end++) {
    if (end < leafCount && prefixes[order[end] as number] === prefixes[order[start] as number]) continue;
    if (end - start > 1) order.subarray(start, end).sort((a, b) => compareKeys(keys, a, b));
    start = end;
  }
  return order;
}

const DIGIT_BITS = 11;

/** One stable pass of a radix sort. */
function sortedByDigit(order: Int32Array, values: Uint32Array, shift: number): Int32Array<ArrayBuffer> {
  const mask = (1 << DIGIT_BITS) - 1;
  const next = new Int32Array((1 << DIGIT_BITS) + 1);
  for (const value of values) {
    const digit = (value >>> shift) & mask;
    next[digit + 1] = (next[digit + 1] as number) + 1;
  }
  for (let digit = 0; digit < mask; digit++) next[digit + 1] = (next[digit + 1] as number) + (next[digit] as number);
  const sorted = new Int32Array(order.length);
  for (const i of order) {
    const digit = ((values[i] as number) >>> shift) & mask;
    sorted[next[digit] as number] = i;
    next[digit] = (next[digit] as number) + 1;
  }
  return sorted;
}

function compareKeys(keys: Uint8Array, a: number, b: number): number {
  for (let i = 0; i < 32; i++) {
    const difference = (keys[32 * a + i] as number) - (keys[32 * b + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
