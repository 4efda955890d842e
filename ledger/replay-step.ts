import { equal, ZERO_HASH } from "../protocol/bytes.ts";
import type { Crypto } from "../protocol/crypto.ts";
import { hashNode } from "../protocol/padded-tree.ts";
import { stateLeafHash } from "../protocol/state.ts";
import type { LedgerEnvironment } from "./environment.ts";
import { LedgerError } from "./errors.ts";
import { executeStep } from "./execute-step.ts";
import { keyBit } from "./node-store.ts";
import { OutboxBook } from "./outbox-book.ts";
import type { StepReceipt } from "./receipt.ts";
import type { StateAccess } from "./state-access.ts";
import { rootAbove, sharedBits, verifyAbsenceProof, verifyStateProof } from "./state-proof.ts";
import type { StepAccess, StepOpening } from "./step-witness.ts";

/** What the execution of one step alone gave. */
export interface StepOutcome {
  /** State root after the step, 32 bytes. */
  readonly stateRoot: Uint8Array;
  /** Fees of the block up to and including the step, wei. */
  readonly fees: bigint;
  readonly receipt: StepReceipt;
}

/** The state as a running root and a list of paths: what the contracts have of it. */
class SerialState implements StateAccess {
  readonly #crypto: Crypto;
  readonly #accesses: readonly StepAccess[];
  #opened = 0;
  root: Uint8Array;

  constructor(crypto: Crypto, accesses: readonly StepAccess[], root: Uint8Array) {
    this.#crypto = crypto;
    this.#accesses = accesses;
    this.root = root;
  }

  get isUsedUp(): boolean {
    return this.#opened === this.#accesses.length;
  }

  open(key: Uint8Array): number {
    const access = this.#accesses[this.#opened];
    if (access === undefined || !equal(access.key, key) || !this.#holds(access))
      throw new LedgerError("MissingWitness");
    return this.#opened++;
  }

  word(handle: number): Uint8Array {
    return this.#accesses[handle]?.word ?? ZERO_HASH;
  }

  write(handle: number, word: Uint8Array): void {
    const { key, end, otherKey, otherWord, siblings } = this.#accesses[handle] as StepAccess;
    if (end !== 0 && word.every((byte) => byte === 0)) return;
    let node = stateLeafHash(this.#crypto, key, word);
    if (end === 2 && otherKey !== undefined && otherWord !== undefined) {
      // The two leaves part below where the other one stood.
      const depth = sharedBits(key, otherKey);
      const other = stateLeafHash(this.#crypto, otherKey, otherWord);
      node = keyBit(key, 0, depth) === 0 ? hashNode(this.#crypto, node, other) : hashNode(this.#crypto, other, node);
      const between = new Array<Uint8Array>(depth - siblings.length).fill(ZERO_HASH);
      this.root = rootAbove(this.#crypto, key, node, [...between, ...siblings]);
      return;
    }
    this.root = rootAbove(this.#crypto, key, node, siblings);
  }

  #holds({ key, end, word, otherKey, otherWord, siblings }: StepAccess): boolean {
    switch (end) {
      case 0:
        return word !== undefined && verifyStateProof(this.#crypto, this.root, key, word, siblings);
      case 1:
        return word === undefined && verifyAbsenceProof(this.#crypto, this.root, key, null, siblings);
      case 2: {
        if (word !== undefined || otherKey === undefined || otherWord === undefined) return false;
        const other = { key: otherKey, word: otherWord };
        return verifyAbsenceProof(this.#crypto, this.root, key, other, siblings);
      }
    }
  }
}

/**
 * Executes one step from its witness alone, as the contracts do.
 * @param slot of the block
 * @param previousFees fees of the block below, wei; 0 for block 1
 * @throws LedgerError when the step is inadmissible, or its witness is not exactly the one it needs
 */
export function replayStep(
  environment: LedgerEnvironment,
  slot: number,
  previousFees: bigint,
  opening: StepOpening,
): StepOutcome {
  const { index, step, preRoot, feesBefore, witness } = opening;
  const { crypto } = environment;
  const state = new SerialState(crypto, witness.accesses, preRoot);
  const outboxes = new OutboxBook(crypto, witness.outboxOpening === undefined ? [] : [witness.outboxOpening]);
  const { receipt, fee } = executeStep({ environment, state, outboxes, slot, previousFees }, index, step);
  const needsOpening = outboxes.touched().length > 0;
  if (!state.isUsedUp || needsOpening !== (witness.outboxOpening !== undefined)) {
    throw new LedgerError("NonCanonicalWitness");
  }
  return { stateRoot: state.root, fees: feesBefore + fee, receipt };
}
