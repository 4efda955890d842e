import type { Crypto } from "../protocol/crypto.ts";
import { bytesOf, copyHash, EMPTY, INNER, leafOf, type NodeStore, READ_AHEAD, readAhead } from "./node-store.ts";
import type { WriteLog } from "./write-log.ts";
import { WRITTEN, type WrittenLevel, writtenLevels } from "./written-levels.ts";

/**
 * Roots after every step of a block, hashed level by level.
 *
 * Each written node has a list of versions, one for every step that changed something below it, besides the hash before the
 * block. The versions of a level follow from those of the level below by merging the lists of each pair of children, and all
 * of them are hashed in one batch, which is what makes it five times cheaper than hashing step after step.
 *
 * The structure is that after the block. A node that the block added (to part two leaves) stood for nothing or for a single
 * leaf before its second leaf came; therefore every version carries a weight: 0 empty, 1 one leaf, 2 an inner node. A node
 * added by the block whose children weigh at most 1 together is the heavier child; any other is the hash of the two.
 */

/** What there was before the block. */
export interface Base {
  /** Inner nodes from here on were added by the block. */
  readonly innerCount: number;
  /** Leaves from here on were added by the block. */
  readonly leafCount: number;
  /** For each added inner node: the leaf that stood there, or nothing. */
  readonly replaced: ReadonlyMap<number, number>;
}

const NEVER = 0x7fff_ffff;

/** Versions of the written nodes of one level. */
class Level {
  readonly step: Int32Array;
  readonly weight: Uint8Array;
  /** Where in the pool the version's hash is, in lanes. */
  readonly lane: Int32Array;
  /** First version of the level's i-th written node; one more entry ends the last. */
  readonly start: Int32Array;
  count = 0;

  constructor(writes: number) {
    this.step = new Int32Array(writes);
    this.weight = new Uint8Array(writes);
    this.lane = new Int32Array(writes);
    this.start = new Int32Array(writes + 1);
  }

  add(step: number, weight: number, lane: number): void {
    const i = this.count++;
    this.step[i] = step;
    this.weight[i] = weight;
    this.lane[i] = lane;
  }
}

/** One child of the node at hand, as versions pass. */
class Child {
  hash: Int32Array = new Int32Array(8);
  lane = 0;
  weight = 0;
  /** Step of the next version. */
  next = NEVER;
  #version = 0;
  #end = 0;

  /** Begins with the hash before the block. */
  begin(hash: Int32Array, lane: number, weight: number): void {
    this.hash = hash;
    this.lane = lane;
    this.weight = weight;
    this.next = NEVER;
  }

  /** There are versions: those of the `index`-th written node of the level. */
  follow(level: Level, index: number): void {
    this.#version = level.start[index] as number;
    this.#end = level.start[index + 1] as number;
    this.next = this.#version < this.#end ? (level.step[this.#version] as number) : NEVER;
  }

  advance(level: Level, pool: Int32Array): void {
    const version = this.#version++;
    this.hash = pool;
    this.lane = level.lane[version] as number;
    this.weight = level.weight[version] as number;
    this.next = this.#version < this.#end ? (level.step[this.#version] as number) : NEVER;
  }
}

/**
 * Hashes all that `log` holds, leaves the final hashes in `store`, and returns the roots after steps 0 to `steps` - 1, 32
 * bytes each.
 */
export function commitVersions(crypto: Crypto, store: NodeStore, log: WriteLog, steps: number, base: Base): Uint8Array {
  const writes = log.count;
  const roots = new Int32Array(8 * steps);
  if (writes === 0) {
    for (let step = 0; step < steps; step++) copyHash(roots, 8 * step, store.rootHash, 0);
    return bytesOf(roots);
  }

  const written = writtenLevels(store, log);
  const { inner, pairs } = store;
  // Hashes of leaves; then two halves, for the levels in turn: hashed in a batch from the front, copied from the back.
  const half = 16 * writes;
  const pool = new Int32Array(8 * writes + 2 * half);
  const poolBytes = bytesOf(pool);
  hashLeaves(crypto, log, poolBytes);
  const input = new Int32Array(16 * writes);
  const inputBytes = bytesOf(input);

  const left = new Child();
  const right = new Child();
  let below = new Level(writes);
  let level = new Level(writes);

  for (let depth = written.length - 1; depth >= 0; depth--) {
    const { nodes, sides, count } = written[depth] as WrittenLevel;
    const front = 8 * writes + (depth & 1) * half;
    let copied = front + half;
    let hashed = 0;
    let next = 0;
    level.count = 0;
    for (let i = 0; i < count; i++) {
      if (i % READ_AHEAD === 0) readAhead(pairs, 16, nodes, i, count);
      level.start[i] = level.count;
      const node = nodes[i] as number;
      if (node < 0) {
        addWrites(level, log, -1 - node);
        continue;
      }
      const isAdded = node >= base.innerCount;
      left.begin(pairs, 16 * node, isAdded ? baseWeight(base, inner[INNER.size * node + INNER.left] as number) : 2);
      right.begin(
        pairs,
        16 * node + 8,
        isAdded ? baseWeight(base, inner[INNER.size * node + INNER.right] as number) : 2,
      );
      const sidesWritten = sides[i] as number;
      const leftIndex = next;
      if ((sidesWritten & WRITTEN.left) !== 0) left.follow(below, next++);
      const rightIndex = next;
      if ((sidesWritten & WRITTEN.right) !== 0) right.follow(below, next++);

      for (;;) {
        const step = left.next < right.next ? left.next : right.next;
        if (step === NEVER) break;
        if (left.next === step) left.advance(below, pool);
        if (right.next === step) right.advance(below, pool);
        if (!isAdded || left.weight + right.weight >= 2) {
          copyHash(input, 16 * hashed, left.hash, left.lane);
          copyHash(input, 16 * hashed + 8, right.hash, right.lane);
          level.add(step, 2, front + 8 * hashed++);
        } else {
          const heavier = left.weight > 0 ? left : right;
          copied -= 8;
          copyHash(pool, copied, heavier.hash, heavier.lane);
          level.add(step, heavier.weight, copied);
        }
      }
      // From here on the pair is that after the block.
      if ((sidesWritten & WRITTEN.left) !== 0) copyHash(pairs, 16 * node, pool, lastLane(below, leftIndex));
      if ((sidesWritten & WRITTEN.right) !== 0) copyHash(pairs, 16 * node + 8, pool, lastLane(below, rightIndex));
    }
    level.start[count] = level.count;
    if (hashed > 0) {
      const from = 4 * front;
      crypto.sha256Pairs(inputBytes.subarray(0, 64 * hashed), poolBytes.subarray(from, from + 32 * hashed));
    }
    [below, level] = [level, below];
  }

  // `below` is now the level of the root: a root stands until its next version.
  let version = -1;
  for (let step = 0; step < steps; step++) {
    while (version + 1 < below.count && (below.step[version + 1] as number) <= step) version++;
    if (version === -1) copyHash(roots, 8 * step, store.rootHash, 0);
    else copyHash(roots, 8 * step, pool, below.lane[version] as number);
  }
  copyHash(store.rootHash, 0, pool, lastLane(below, 0));
  return bytesOf(roots);
}

function lastLane(level: Level, index: number): number {
  return level.lane[(level.start[index + 1] as number) - 1] as number;
}

/** What stood for a child of an added node before the block. */
function baseWeight({ leafCount, replaced }: Base, reference: number): number {
  if (reference === EMPTY) return 0;
  const before = reference > 0 ? (replaced.get(reference) as number) : reference;
  return before !== EMPTY && leafOf(before) < leafCount ? 1 : 0;
}

/** The versions of a written leaf, from the chain of its writes, which leads from the last to the first. */
function addWrites(level: Level, log: WriteLog, ordinal: number): void {
  const last = log.last[ordinal] as number;
  for (let write = last; write !== -1; write = log.previous[write] as number) level.count++;
  for (let write = last, i = level.count - 1; write !== -1; write = log.previous[write] as number, i--) {
    level.step[i] = log.step[write] as number;
    level.weight[i] = 1;
    level.lane[i] = 8 * write;
  }
}

/** Puts the hash that write i left at its leaf at 32 i of `out`. */
function hashLeaves(crypto: Crypto, log: WriteLog, out: Uint8Array): void {
  const { count, ordinal } = log;
  const keys = bytesOf(log.keys);
  const words = bytesOf(log.words);
  const preimage = new Uint8Array(65);
  for (let write = 0; write < count; write++) {
    const key = 32 * (ordinal[write] as number);
    const word = 32 * write;
    for (let i = 0; i < 32; i++) preimage[1 + i] = keys[key + i] as number;
    for (let i = 0; i < 32; i++) preimage[33 + i] = words[word + i] as number;
    out.set(crypto.sha256(preimage), word);
  }
}
