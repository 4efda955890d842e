import type { LedgerEnvironment } from "../../ledger/environment.ts";
import type { ShardState } from "../../ledger/shard-state.ts";
import type { StepAccess } from "../../ledger/step-witness.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import type { CrosslinkProof } from "../../protocol/crosslink-proof.ts";
import type { InboxEntry } from "../../protocol/inbox-entry.ts";
import { cursorKey } from "../../protocol/state.ts";
import type { FaultFinding } from "./finding.ts";
import { type Anchored, openHeader } from "./header-faults.ts";

/** An outbox in a settled state of its shard. */
export interface SettledOutbox {
  /** The crosslink of that state. */
  readonly source: CrosslinkProof;
  /** Of leaf `outbox[destination]` in the crosslink's state, bottom up. */
  readonly stateSiblings: readonly Uint8Array[];
  readonly count: number;
  /** Root of the append tree. */
  readonly outboxRoot: Uint8Array;
}

/** What a shard must not leave lying (docs/protocol.md). */
export interface DutyFacts {
  /** Epochs after which an inbox entry or a settled message has to be imported, unless the quota is met. */
  readonly forceEpochs: number;
  /** Imports of one crosslink that are enough, of the inbox and of each other shard. */
  readonly inboxQuota: number;
  readonly messageQuota: number;
  readonly inboxEntry: (shardId: number, index: number) => InboxEntry | null;
  /** The latest settled outboxes to the shard that were settled in an epoch <= `asOfEpoch`, as far as they are known. */
  readonly outboxesTo: (shardId: number, asOfEpoch: number) => readonly SettledOutbox[];
}

/** A duty that was not done, with what shows where the cursor stands afterwards. */
interface LeftLying {
  /** A shard, or 0 for the inbox. */
  readonly source: number;
  readonly cursorAfter: StepAccess;
  readonly what: InboxEntry | SettledOutbox;
}

/** The duties of one crosslink: made on the state below it, asked on the state above it, and on that below again. */
export class DutyCheck {
  readonly #environment: LedgerEnvironment;
  readonly #state: ShardState;
  readonly #facts: DutyFacts;
  readonly #anchored: Anchored;
  readonly #outboxes: readonly SettledOutbox[];
  /** Cursors below the crosslink, by source. */
  readonly #before: ReadonlyMap<number, number>;
  readonly #asOfEpoch: number;

  constructor(environment: LedgerEnvironment, state: ShardState, facts: DutyFacts, anchored: Anchored) {
    this.#environment = environment;
    this.#state = state;
    this.#facts = facts;
    this.#anchored = anchored;
    const last = anchored.headers.at(-1) as BlockHeader;
    this.#asOfEpoch = Math.floor(last.slot / environment.parameters.slotsPerEpoch) - facts.forceEpochs;
    this.#outboxes = this.#asOfEpoch < 0 ? [] : facts.outboxesTo(environment.shardId, this.#asOfEpoch);
    const sources = [0, ...this.#outboxes.map(({ source }) => source.crosslink.shardId)];
    this.#before = new Map(sources.map((source) => [source, state.cursor(source)]));
  }

  /** Asked when the crosslink is executed. */
  leftLying(): LeftLying | null {
    const { shardId } = this.#environment;
    const { inboxQuota, messageQuota, inboxEntry } = this.#facts;
    const entry = inboxEntry(shardId, this.#state.cursor(0));
    if (entry !== null && entry.epoch <= this.#asOfEpoch && this.#imported(0) < inboxQuota) {
      return { source: 0, cursorAfter: this.#access(0), what: entry };
    }
    for (const outbox of this.#outboxes) {
      const source = outbox.source.crosslink.shardId;
      if (outbox.count > this.#state.cursor(source) && this.#imported(source) < messageQuota) {
        return { source, cursorAfter: this.#access(source), what: outbox };
      }
    }
    return null;
  }

  /** Asked when the crosslink is taken back. */
  fault({ source, cursorAfter, what }: LeftLying): FaultFinding {
    const { headers, parent, below } = this.#anchored;
    const last = openHeader(this.#environment, this.#anchored, headers.length - 1);
    const cursorBefore = below === null ? null : this.#access(source);
    const cursors = { last, parent, cursorBefore, cursorAfter };
    if ("source" in what) {
      const evidence = { predicate: "MessageDuty", ...cursors, ...what } as const;
      return { kind: "fault", fault: "MessageLeftLying", index: null, evidence };
    }
    const evidence = { predicate: "InboxDuty", ...cursors, entry: what } as const;
    return { kind: "fault", fault: "InboxLeftLying", index: null, evidence };
  }

  #imported(source: number): number {
    return this.#state.cursor(source) - (this.#before.get(source) as number);
  }

  #access(source: number): StepAccess {
    const key = cursorKey(this.#environment.crypto, source);
    const { end, leaf, siblings } = this.#state.tree.path(key);
    if (leaf === null) return { key, end, siblings };
    return end === 0
      ? { key, end, siblings, word: leaf.word }
      : { key, end, siblings, otherKey: leaf.key, otherWord: leaf.word };
  }
}
