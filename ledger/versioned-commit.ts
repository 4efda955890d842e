import type { Crypto } from "../protocol/crypto.ts";
import { bytesOf, copyHash, EMPTY, INNER, leafOf, leafReference, MARK, type NodeStore } from "./node-store.ts";
import type { WriteLog } from "./write-log.ts";

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
export function commitVersions(
  crypto: Crypto,
  store: NodeStore,
  log: WriteLog,
  steps: number,
  base: Base,
): Uint8Array {
  const writes = log.count;
  const roots = new Int32Array(8 * steps);
  if (writes === 0) {
    for (let step = 0; step < steps; step++) copyHash(roots, 8 * step, store.rootHash, 0);
    return bytesOf(roots);
  }

  const { order, levelStart } = writtenNodes(store, log);
  const { inner, pairs } = store;
  // Hashes of leaves; then two halves, for the levels in turn: hashed in a batch from the front, copied from the back.
  const half = 16 * writes;
  const pool = new Int32Array(8 * writes + 2 * half);
  const poolBytes = bytesOf(pool);
  hashLeaves(crypto, store, log, poolBytes);
  const input = new Int32Array(16 * writes);
  const inputBytes = bytesOf(input);

  const left = new Child();
  const right = new Child();
  let below = new Level(writes);
  let level = new Level(writes);

  for (let depth = levelStart.length - 2; depth >= 0; depth--) {
    const first = levelStart[depth] as number;
    const end = levelStart[depth + 1] as number;
    const half0 = 8 * writes + (depth & 1) * half;
    let copied = half0 + half;
    let hashed = 0;
    let next = 0;
    level.count = 0;
    for (let i = first; i < end; i++) {
      level.start[i - first] = level.count;
      const reference = order[i] as number;
      if (reference < 0) {
        addWrites(level, log, leafOf(reference));
        continue;
      }
      const at = INNER.size * reference;
      const isAdded = reference >= base.innerCount;
      const marks = inner[at + INNER.mark] as number;
      left.begin(pairs, 16 * reference, isAdded ? baseWeight(base, inner[at + INNER.left] as number) : 2);
      right.begin(pairs, 16 * reference + 8, isAdded ? baseWeight(base, inner[at + INNER.right] as number) : 2);
      const leftIndex = next;
      if ((marks & MARK.left) !== 0) left.follow(below, next++);
      const rightIndex = next;
      if ((marks & MARK.right) !== 0) right.follow(below, next++);

      for (;;) {
        const step = left.next < right.next ? left.next : right.next;
        if (step === NEVER) break;
        if (left.next === step) left.advance(below, pool);
        if (right.next === step) right.advance(below, pool);
        if (!isAdded || left.weight + right.weight >= 2) {
          copyHash(input, 16 * hashed, left.hash, left.lane);
          copyHash(input, 16 * hashed + 8, right.hash, right.lane);
          level.add(step, 2, half0 + 8 * hashed++);
        } else {
          const heavier = left.weight > 0 ? left : right;
          copied -= 8;
          copyHash(pool, copied, heavier.hash, heavier.lane);
          level.add(step, heavier.weight, copied);
        }
      }
      // From here on the pair is that after the block.
      if ((marks & MARK.left) !== 0) copyHash(pairs, 16 * reference, pool, lastLane(below, leftIndex));
      if ((marks & MARK.right) !== 0) copyHash(pairs, 16 * reference + 8, pool, lastLane(below, rightIndex));
    }
    level.start[end - first] = level.count;
    if (hashed > 0) {
      const from = 4 * half0;
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
function addWrites(level: Level, log: WriteLog, leaf: number): void {
  const last = log.lastWrite(leaf);
  for (let write = last; write !== -1; write = log.previous[write] as number) level.count++;
  for (let write = last, i = level.count - 1; write !== -1; write = log.previous[write] as number, i--) {
    level.step[i] = log.step[write] as number;
    level.weight[i] = 1;
    level.lane[i] = 8 * write;
  }
}

/** Puts the hash that write i left at its leaf at 32 i of `out`. */
function hashLeaves(crypto: Crypto, store: NodeStore, log: WriteLog, out: Uint8Array): void {
  const preimage = new Uint8Array(65);
  const { leafData } = store;
  const { words } = log;
  for (let write = 0; write < log.count; write++) {
    const at = 64 * (log.leaf[write] as number);
    for (let i = 0; i < 32; i++) preimage[1 + i] = leafData[at + i] as number;
    for (let i = 0; i < 32; i++) preimage[33 + i] = words[32 * write + i] as number;
    out.set(crypto.sha256(preimage), 32 * write);
  }
}

/** Written leaves and all nodes above them by depth, from the root down, left to right. */
function writtenNodes(store: NodeStore, log: WriteLog): { order: Int32Array; levelStart: number[] } {
  const stamp = store.nextStamp();
  let nodes = log.dirtyCount;
  for (let i = 0; i < log.dirtyCount; i++) nodes += store.markPath(leafReference(log.dirty[i] as number), stamp);
  const { inner } = store;
  const order = new Int32Array(nodes);
  order[0] = store.root;
  let count = 1;
  let start = 0;
  const levelStart = [0];
  while (start < count) {
    const end = count;
    for (let i = start; i < end; i++) {
      const reference = order[i] as number;
      if (reference < 0) continue;
      const at = INNER.size * reference;
      const marks = inner[at + INNER.mark] as number;
      if ((marks & MARK.left) !== 0) order[count++] = inner[at + INNER.left] as number;
      if ((marks & MARK.right) !== 0) order[count++] = inner[at + INNER.right] as number;
    }
    levelStart.push(end);
    start = end;
  }
  return { order, levelStart };
}
