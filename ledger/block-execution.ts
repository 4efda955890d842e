import type { AppendTree } from "../protocol/append-tree.ts";
import type { BlockHeader } from "../protocol/block-header.ts";
import { blockHash } from "../protocol/block-header.ts";
import { crosslinkHash, genesisCrosslink } from "../protocol/crosslink.ts";
import { MAX_STEPS } from "../protocol/presets.ts";
import type { TraceLeaf } from "../protocol/trace.ts";
import { encodeWitness } from "./block-witness.ts";
import type { LedgerEnvironment } from "./environment.ts";
import { LedgerError } from "./errors.ts";
import { executeStep, type PreparedStep } from "./execute-step.ts";
import type { OutboxBook } from "./outbox-book.ts";
import type { SentMessage, StepReceipt } from "./receipt.ts";
import type { StateTree, TreeUndo } from "./state-tree.ts";
import type { StepContext } from "./step-context.ts";
import { traceRootOf } from "./trace.ts";

/** What takes tree and outboxes back to where they stood before a block. */
export interface BlockUndo {
  readonly tree: TreeUndo;
  readonly outboxes: ReadonlyMap<number, AppendTree>;
}

/** What the execution of a whole block gave. */
export interface BlockOutcome {
  /** Unsigned. */
  readonly header: BlockHeader;
  /** 32 bytes */
  readonly blockHash: Uint8Array;
  /** Of each step. */
  readonly trace: readonly TraceLeaf[];
  readonly receipts: readonly StepReceipt[];
  /** Messages that the block has put into outboxes, in order. */
  readonly messages: readonly SentMessage[];
}

/** Steps whose accounts are read ahead at once. */
const STEPS_AHEAD = 64;

function accountKeys(steps: readonly PreparedStep[]): Uint8Array[] {
  return steps.flatMap(({ transaction }) =>
    transaction === null || transaction instanceof LedgerError ? [] : [transaction.senderKey, transaction.recipientKey],
  );
}

/** Hash that the next block names as its parent. */
export function parentHashOf({ crypto, domain, shardId }: LedgerEnvironment, previous: BlockHeader | null): Uint8Array {
  return previous === null
    ? crosslinkHash(crypto, domain, genesisCrosslink(shardId))
    : blockHash(crypto, domain, previous);
}

/** One block on top of a state: steps are applied, then all is committed or all is rolled back. */
export class BlockExecution {
  readonly context: StepContext;
  readonly #environment: LedgerEnvironment;
  readonly #tree: StateTree;
  readonly #outboxes: OutboxBook;
  readonly #previous: BlockHeader | null;
  readonly #steps: { readonly kind: number; readonly length: number; readonly fees: bigint }[] = [];
  readonly #receipts: StepReceipt[] = [];
  #fees = 0n;

  /** @param previous header of the block below, null for block 1 */
  constructor(
    environment: LedgerEnvironment,
    tree: StateTree,
    outboxes: OutboxBook,
    previous: BlockHeader | null,
    slot: number,
  ) {
    this.#environment = environment;
    this.#tree = tree;
    this.#outboxes = outboxes;
    this.#previous = previous;
    this.context = { environment, state: tree, outboxes, slot, previousFees: previous?.fees ?? 0n };
  }

  get stepCount(): number {
    return this.#steps.length;
  }

  /** Of the steps applied, wei. */
  get fees(): bigint {
    return this.#fees;
  }

  /** Steps that are going to be applied, in their order; what they need of the state is read from memory together. */
  *readingAhead(steps: readonly PreparedStep[]): Generator<PreparedStep> {
    for (const [i, step] of steps.entries()) {
      if (i % STEPS_AHEAD === 0) this.#tree.readAhead(accountKeys(steps.slice(i, i + STEPS_AHEAD)));
      yield step;
    }
  }

  /** @throws LedgerError when the step is inadmissible; the block is as it was, unless the step is a BlockStart */
  apply(step: PreparedStep): void {
    const index = this.#steps.length;
    if (index >= MAX_STEPS) throw new LedgerError("TooManySteps", { limit: MAX_STEPS });
    this.#tree.beginStep(index);
    const { receipt, fee } = executeStep(this.context, index, step);
    this.#tree.acceptStep();
    this.#fees += fee;
    this.#receipts.push(receipt);
    this.#steps.push({ kind: step.kind, length: step.payload.length, fees: this.#fees });
  }

  /** The witness of the steps applied; before `commit`, since it is about the state below the block. */
  witness(): Uint8Array {
    return encodeWitness(this.#tree, this.#outboxes.touched());
  }

  commit(generation: number): { readonly outcome: BlockOutcome; readonly undo: BlockUndo } {
    const { crypto, domain, shardId } = this.#environment;
    const { roots, undo } = this.#tree.commit(this.#steps.length);
    const trace = this.#steps.map(
      ({ kind, length, fees }, index): TraceLeaf => ({
        index,
        kind,
        length,
        payloadHash: (this.#receipts[index] as StepReceipt).payloadHash,
        stateRoot: roots.subarray(32 * index, 32 * index + 32),
        fees,
      }),
    );
    const header: BlockHeader = {
      shardId,
      generation,
      number: (this.#previous?.number ?? 0) + 1,
      parentHash: parentHashOf(this.#environment, this.#previous),
      slot: this.context.slot,
      stepCount: trace.length,
      traceRoot: traceRootOf(crypto, trace),
      stateRoot: this.#tree.root,
      fees: this.#fees,
    };
    return {
      outcome: {
        header,
        blockHash: blockHash(crypto, domain, header),
        trace,
        receipts: this.#receipts,
        messages: this.#receipts.flatMap(({ sent }) => (sent === null ? [] : [sent])),
      },
      undo: { tree: undo, outboxes: this.#outboxes.commit() },
    };
  }

  rollback(): void {
    this.#tree.rollback();
    this.#outboxes.rollback();
  }
}
