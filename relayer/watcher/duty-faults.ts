import { type DutyParameters, leavesLying, waitingSince } from "../../ledger/duties.ts";
import type { LedgerEnvironment } from "../../ledger/environment.ts";
import type { ShardState } from "../../ledger/shard-state.ts";
import type { StepAccess } from "../../ledger/step-witness.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import type { InboxEntry } from "../../protocol/inbox-entry.ts";
import { cursorKey } from "../../protocol/state.ts";
import type { FaultFinding } from "./finding.ts";
import { type Anchored, openHeader } from "./header-faults.ts";

/** What waits for shards, as the parent chain tells it (docs/formats.md, section 9). */
export interface DutyFacts {
  readonly parameters: DutyParameters;
  inboxEntry(shardId: number, index: number): InboxEntry | null;
  demand(destination: number, source: number, index: number): { readonly epoch: number } | null;
  /** Shards of which messages to the shard were demanded, ascending. */
  demandedSources(destination: number): readonly number[];
}

/** A duty that was not done, with what shows where the cursor stands afterwards. */
interface LeftLying {
  /** A shard, or 0 for the inbox. */
  readonly source: number;
  readonly cursorAfter: StepAccess;
  /** null for a message */
  readonly entry: InboxEntry | null;
}

/** The duties of one crosslink: made on the state below it, asked on the state above it, and on that below again. */
export class DutyCheck {
  readonly #environment: LedgerEnvironment;
  readonly #state: ShardState;
  readonly #facts: DutyFacts;
  readonly #anchored: Anchored;
  /** Cursors below the crosslink, by source. */
  readonly #before: ReadonlyMap<number, number>;
  readonly #lastEpoch: number;

  constructor(environment: LedgerEnvironment, state: ShardState, facts: DutyFacts, anchored: Anchored) {
    this.#environment = environment;
    this.#state = state;
    this.#facts = facts;
    this.#anchored = anchored;
    const last = anchored.headers.at(-1) as BlockHeader;
    this.#lastEpoch = Math.floor(last.slot / environment.parameters.slotsPerEpoch);
    const sources = [0, ...facts.demandedSources(environment.shardId)];
    this.#before = new Map(sources.map((source) => [source, state.cursor(source)]));
  }

  /** Asked when the crosslink is executed. */
  leftLying(): LeftLying | null {
    const { shardId } = this.#environment;
    const facts = this.#facts;
    for (const [source, before] of this.#before) {
      const after = this.#state.cursor(source);
      const cameIn = waitingSince(facts, shardId, source, after);
      if (!leavesLying(facts.parameters, { source, before, after, lastEpoch: this.#lastEpoch, cameIn })) continue;
      const entry = source === 0 ? facts.inboxEntry(shardId, after) : null;
      return { source, cursorAfter: this.#access(source), entry };
    }
    return null;
  }

  /** Asked when the crosslink is taken back. */
  fault({ source, cursorAfter, entry }: LeftLying): FaultFinding {
    const { headers, parent, below } = this.#anchored;
    const last = openHeader(this.#environment, this.#anchored, headers.length - 1);
    const cursorBefore = below === null ? null : this.#access(source);
    const cursors = { last, parent, cursorBefore, cursorAfter };
    if (entry === null) {
      const evidence = { predicate: "MessageDuty", ...cursors, source } as const;
      return { kind: "fault", fault: "MessageLeftLying", index: null, evidence };
    }
    const evidence = { predicate: "InboxDuty", ...cursors, entry } as const;
    return { kind: "fault", fault: "InboxLeftLying", index: null, evidence };
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
