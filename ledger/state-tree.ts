import { ZERO_HASH } from "../protocol/bytes.ts";
import type { Crypto } from "../protocol/crypto.ts";
import { LedgerError } from "./errors.ts";
import { EMPTY, INNER, keyBit, leafOf, leafReference, NodeStore } from "./node-store.ts";
import { hashLeaf, rehash } from "./rehash.ts";
import type { StateAccess } from "./state-access.ts";
import { commitVersions } from "./versioned-commit.ts";
import { WriteLog } from "./write-log.ts";

/** What takes a tree back to where it stood before a commit. */
export interface TreeUndo {
  /** Leaves that were there before and have been written, with their words before (32 bytes each). */
  readonly leaves: Int32Array;
  readonly words: Uint8Array;
  readonly inserts: readonly Insert[];
  readonly innerCount: number;
  readonly leafCount: number;
}

/** A new leaf, put where `replaced` stood (empty, or another key's leaf, which moved down with it). */
interface Insert {
  readonly parent: number;
  readonly side: 0 | 1;
  readonly replaced: number;
}

/** How a path ended: at the key's leaf, at nothing, or at another key's leaf. */
export type PathEnd = 0 | 1 | 2;

/** A path of the tree, for presence (end 0) or absence. */
export interface StatePath {
  readonly end: PathEnd;
  /** The leaf's key and word; null at nothing. */
  readonly leaf: { readonly key: Uint8Array; readonly word: Uint8Array } | null;
  /** Bottom up. */
  readonly siblings: readonly Uint8Array[];
}

/**
 * The state: a sparse Merkle tree (docs/formats.md, section 4) that is first written, step after step, and then committed,
 * with one root per step. Between `beginStep` and `commit` reads see the writes; hashes and proofs are those of the last commit.
 * The same class holds a shard's whole state and the partial tree of a witness.
 */
export class StateTree implements StateAccess {
  readonly #crypto: Crypto;
  readonly store: NodeStore;
  readonly #log: WriteLog;

  #inserts: Insert[] = [];
  /** Base subtree that stood where a new inner node stands. */
  #replaced = new Map<number, number>();
  /** Nodes from here on were added since the last commit. */
  #baseInner: number;
  #baseLeaf: number;

  /** Where the paths of accepted steps ended: references of leaves, and inner nodes above empty places. */
  #ends = new Int32Array(64);
  #endCount = 0;
  #acceptedEnds = 0;

  /** Keys opened in this step that are absent; handle -1 - i. */
  #absent: Uint8Array[] = [];
  #step = 0;

  /** @param store structure with hashes, as bulk loading or a witness made it */
  constructor(crypto: Crypto, store: NodeStore = new NodeStore(16)) {
    this.#crypto = crypto;
    this.store = store;
    this.#log = new WriteLog(store);
    this.#baseInner = store.innerCount;
    this.#baseLeaf = store.leafCount;
  }

  /** Leaves of the tree, uncommitted ones included. */
  get size(): number {
    return this.store.leafCount;
  }

  /** Root as last committed; 32 bytes. */
  get root(): Uint8Array {
    return this.store.hashAt(0, 0);
  }

  /** Starts step `step` (0, 1, ...); what was opened since the last accepted one is forgotten. */
  beginStep(step: number): void {
    this.#step = step;
    this.#endCount = this.#acceptedEnds;
    this.#absent.length = 0;
  }

  /** Makes the paths opened since `beginStep` part of what the block touches. */
  acceptStep(): void {
    this.#acceptedEnds = this.#endCount;
  }

  open(key: Uint8Array): number {
    const { store } = this;
    const indexed = store.lookUp(key);
    if (indexed !== -1) {
      this.#touch(leafReference(indexed));
      return indexed;
    }
    const { inner } = store;
    let above = 0;
    let reference = store.root;
    for (let depth = 0; reference > 0; depth++) {
      above = reference;
      reference = inner[INNER.size * above + keyBit(key, 0, depth)] as number;
    }
    this.#touch(reference === EMPTY ? above : reference);
    if (reference !== EMPTY) {
      const leaf = leafOf(reference);
      if (store.isOpaque(leaf)) throw new LedgerError("MissingWitness");
      if (store.hasKey(leaf, key)) return leaf;
    }
    return -this.#absent.push(key);
  }

  #touch(end: number): void {
    if (this.#endCount === this.#ends.length) {
      const grown = new Int32Array(2 * this.#endCount);
      grown.set(this.#ends);
      this.#ends = grown;
    }
    this.#ends[this.#endCount++] = end;
  }

  word(handle: number): Uint8Array {
    return handle < 0 ? ZERO_HASH : this.store.word(handle);
  }

  write(handle: number, word: Uint8Array): void {
    let leaf = handle;
    if (handle < 0) {
      // "A word zero is never written for a key that is absent."
      if (isZero(word)) return;
      leaf = this.#insert(this.#absent[-1 - handle] as Uint8Array);
    }
    this.#log.write(leaf, this.#step, word);
  }

  /** Says that these keys are going to be opened soon, so that they are read from memory together. */
  readAhead(keys: readonly Uint8Array[]): void {
    this.store.touchLeaves(keys);
  }

  /** Word of a key now, zero when absent; touches nothing. */
  get(key: Uint8Array): Uint8Array {
    const leaf = this.find(key);
    return leaf === null ? ZERO_HASH : this.store.word(leaf).slice();
  }

  /** The leaf of a key, null when absent. Leaves are numbered in the order in which they came; undoing takes numbers back. */
  find(key: Uint8Array): number | null {
    const { store } = this;
    let reference = store.root;
    for (let depth = 0; reference > 0; depth++) reference = store.child(reference, keyBit(key, 0, depth));
    return reference < 0 && store.hasKey(leafOf(reference), key) ? leafOf(reference) : null;
  }

  /**
   * Hashes what steps 0 to `steps` - 1 have written. Returns the root after each (32 bytes each, flat) and how to undo it all.
   */
  commit(steps: number): { readonly roots: Uint8Array; readonly undo: TreeUndo } {
    const base = { innerCount: this.#baseInner, leafCount: this.#baseLeaf, replaced: this.#replaced };
    const roots = commitVersions(this.#crypto, this.store, this.#log, steps, base);
    const undo: TreeUndo = {
      ...this.#log.before(this.#baseLeaf),
      inserts: this.#inserts,
      innerCount: this.#baseInner,
      leafCount: this.#baseLeaf,
    };
    this.#endBlock();
    return { roots, undo };
  }

  /** Forgets everything since the last commit. */
  rollback(): void {
    const { leaves, words } = this.#log.before(this.#baseLeaf);
    this.#removeInserts(this.#inserts, this.#baseInner, this.#baseLeaf);
    leaves.forEach((leaf, i) => {
      this.store.word(leaf).set(words.subarray(32 * i, 32 * i + 32));
    });
    this.#endBlock();
  }

  /** Undoes the commit that returned `undo`: the last one that is not undone. Nothing may be uncommitted. */
  undo(undo: TreeUndo): void {
    const { store } = this;
    this.#removeInserts(undo.inserts, undo.innerCount, undo.leafCount);
    undo.leaves.forEach((leaf, i) => {
      store.word(leaf).set(undo.words.subarray(32 * i, 32 * i + 32));
    });
    const stamp = store.nextStamp();
    const restore = (parent: number, side: 0 | 1, reference: number): void => {
      if (reference === EMPTY) store.setHashAt(parent, side, ZERO_HASH, 0);
      else if (reference < 0) hashLeaf(this.#crypto, store, leafOf(reference), parent, side);
      if (parent !== 0) store.markNode(parent, stamp);
    };
    // What had been put in place of a new node is gone with it.
    for (const { parent, side } of undo.inserts) {
      if (parent < undo.innerCount) restore(parent, side, store.child(parent, side));
    }
    for (const leaf of undo.leaves) {
      const reference = leafReference(leaf);
      const parent = store.parentOf(reference);
      restore(parent, store.sideOf(reference, parent), reference);
    }
    rehash(this.#crypto, store, stamp);
    this.#baseInner = store.innerCount;
    this.#baseLeaf = store.leafCount;
  }

  /** The path of a key as last committed; nothing may be uncommitted. */
  path(key: Uint8Array): StatePath {
    const { store } = this;
    const siblings: Uint8Array[] = [];
    let reference = store.root;
    for (let depth = 0; reference > 0; depth++) {
      const side = keyBit(key, 0, depth);
      siblings.unshift(store.hashAt(reference, side === 0 ? 1 : 0));
      reference = store.child(reference, side);
    }
    if (reference === EMPTY) return { end: 1, leaf: null, siblings };
    const leaf = leafOf(reference);
    if (store.isOpaque(leaf)) throw new LedgerError("MissingWitness");
    return {
      end: store.hasKey(leaf, key) ? 0 : 2,
      leaf: { key: store.key(leaf).slice(), word: store.word(leaf).slice() },
      siblings,
    };
  }

  /** Ends of the paths that accepted steps have opened since the last commit, as references or inner nodes. */
  get touchedEnds(): Int32Array {
    return this.#ends.subarray(0, this.#acceptedEnds);
  }

  /** Since the last commit: the subtree that stood where this one stands, itself when it is not new. */
  baseReference(reference: number): number {
    if (reference > 0) return reference < this.#baseInner ? reference : (this.#replaced.get(reference) as number);
    return leafOf(reference) < this.#baseLeaf ? reference : EMPTY;
  }

  /** The word that a leaf had at the last commit; 32 bytes. */
  baseWord(leaf: number): Uint8Array {
    return this.#log.wordBefore(leaf) ?? this.store.word(leaf);
  }

  #insert(key: Uint8Array): number {
    const { store } = this;
    let parent = 0;
    let side: 0 | 1 = 0;
    let depth = 0;
    let reference = store.root;
    while (reference > 0) {
      parent = reference;
      side = keyBit(key, 0, depth++);
      reference = store.child(parent, side);
    }
    this.#inserts.push({ parent, side, replaced: reference });
    if (reference !== EMPTY) {
      // Two leaves in one place: inner nodes down to where their keys part. Until the block is committed the hash on both
      // ends of each stands for what was there before: the one leaf.
      const base = this.baseReference(reference);
      const hash = store.hashAt(parent, side);
      for (let parted = false; !parted; depth++) {
        const inner = store.addInner(parent);
        this.#replaced.set(inner, base);
        store.setChild(parent, side, inner);
        const other = keyBit(store.key(leafOf(reference)), 0, depth);
        store.setHashAt(inner, other, hash, 0);
        side = keyBit(key, 0, depth);
        parent = inner;
        parted = other !== side;
        if (parted) store.setChild(inner, other, reference);
      }
    }
    const leaf = store.addLeaf(parent, key);
    store.setChild(parent, side, leafReference(leaf));
    return leaf;
  }

  #removeInserts(inserts: readonly Insert[], innerCount: number, leafCount: number): void {
    for (let i = inserts.length - 1; i >= 0; i--) {
      const { parent, side, replaced } = inserts[i] as Insert;
      this.store.setChild(parent, side, replaced);
    }
    this.store.innerCount = innerCount;
    this.store.removeLeaves(leafCount);
  }

  #endBlock(): void {
    this.#log.clear();
    this.#inserts = [];
    this.#replaced = new Map();
    this.#baseInner = this.store.innerCount;
    this.#baseLeaf = this.store.leafCount;
    this.#endCount = 0;
    this.#acceptedEnds = 0;
    this.#absent.length = 0;
  }
}

function isZero(word: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) if (word[i] !== 0) return false;
  return true;
}
