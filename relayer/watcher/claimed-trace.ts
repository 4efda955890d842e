import { ZERO_HASH } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { hashNode, paddedTreeDepth } from "../../protocol/padded-tree.ts";
import { type RawTraceLeaf, rawTraceLeafHash } from "../../protocol/trace.ts";

/** Steps that are asked for and shown together: an aligned subtree of the trace. */
export const CHUNK_STEPS = 256;
/** Levels below the root of a whole chunk. */
const CHUNK_DEPTH = 8;

/** A leaf of a trace as it is claimed, with its payload. */
export interface RevealedStep {
  readonly leaf: RawTraceLeaf;
  readonly payload: Uint8Array;
}

/** An answer to a data challenge, which the parent chain has found to lead to the trace root. */
export interface RevealedPart {
  /** Index of the first step in the trace. */
  readonly first: number;
  readonly steps: readonly RevealedStep[];
  /** From the subtree of these steps up to the chunk, bottom up. */
  readonly siblings: readonly Uint8Array[];
  /** Of the padded trace: a power of two. */
  readonly chunkRoots: readonly Uint8Array[];
}

/** What is known of a trace that somebody claims: single leaves, chunks and what stands beside them. */
export class ClaimedTrace {
  readonly stepCount: number;
  readonly #crypto: Crypto;
  readonly #depth: number;
  readonly #steps = new Map<number, RevealedStep>();
  /** Hashes by level, from the leaves up, and index. */
  readonly #nodes: Map<number, Uint8Array>[];
  #chunkRoots: readonly Uint8Array[] | null = null;

  constructor(crypto: Crypto, stepCount: number) {
    this.#crypto = crypto;
    this.stepCount = stepCount;
    this.#depth = paddedTreeDepth(stepCount);
    this.#nodes = Array.from({ length: this.#depth + 1 }, () => new Map());
  }

  /** null while nothing is shown. */
  get chunkRoots(): readonly Uint8Array[] | null {
    return this.#chunkRoots;
  }

  get chunkCount(): number {
    return Math.ceil(this.stepCount / CHUNK_STEPS);
  }

  add({ first, steps, siblings, chunkRoots }: RevealedPart): void {
    const chunkDepth = Math.min(CHUNK_DEPTH, this.#depth);
    const height = chunkDepth - siblings.length;
    steps.forEach((step, i) => {
      this.#steps.set(first + i, step);
    });
    let level = Array.from({ length: 2 ** height }, (_, i) => {
      const step = steps[i];
      return step === undefined ? ZERO_HASH : rawTraceLeafHash(this.#crypto, step.leaf);
    });
    let index = first;
    for (let depth = 0; depth < height; depth++) {
      this.#put(depth, index, level);
      level = this.#above(level);
      index = Math.floor(index / 2);
    }
    siblings.forEach((sibling, i) => {
      this.#put(height + i, index, level);
      this.#put(height + i, index ^ 1, [sibling]);
      const pair = index % 2 === 0 ? [...level, sibling] : [sibling, ...level];
      level = this.#above(pair);
      index = Math.floor(index / 2);
    });
    this.#chunkRoots = chunkRoots;
    let roots = [...chunkRoots];
    for (let depth = chunkDepth; depth <= this.#depth; depth++) {
      this.#put(depth, 0, roots);
      roots = this.#above(roots);
    }
  }

  step(index: number): RevealedStep | null {
    return this.#steps.get(index) ?? null;
  }

  /** Whether all steps of the chunk are shown. */
  isRevealed(chunk: number): boolean {
    const end = Math.min((chunk + 1) * CHUNK_STEPS, this.stepCount);
    for (let index = chunk * CHUNK_STEPS; index < end; index++) if (!this.#steps.has(index)) return false;
    return true;
  }

  /**
   * Siblings of a leaf, bottom up.
   * @param honest levels of the tree over honest leaves: what is not shown is taken from there
   */
  path(index: number, honest: readonly Uint8Array[]): Uint8Array[] {
    return Array.from({ length: this.#depth }, (_, level) => {
      const sibling = Math.floor(index / 2 ** level) ^ 1;
      return this.#nodes[level]?.get(sibling) ?? (honest[level] as Uint8Array).slice(32 * sibling, 32 * sibling + 32);
    });
  }

  #put(level: number, first: number, hashes: readonly Uint8Array[]): void {
    hashes.forEach((hash, i) => {
      this.#nodes[level]?.set(first + i, hash);
    });
  }

  #above(level: readonly Uint8Array[]): Uint8Array[] {
    const above: Uint8Array[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) {
      above.push(hashNode(this.#crypto, level[i] as Uint8Array, level[i + 1] as Uint8Array));
    }
    return above;
  }
}
