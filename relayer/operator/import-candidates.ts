import { quotaOf } from "../../ledger/duties.ts";
import { encodeImportInbox, STEP_KIND, type Step } from "../../ledger/step.ts";
import { ByteReader } from "../../protocol/bytes.ts";
import { epochOfSlot } from "../../protocol/clock.ts";
import { MAX_ANSWERED_MESSAGES } from "../../protocol/gossip.ts";
import { MAX_PAYLOAD_BYTES } from "../../protocol/presets.ts";
import type { MessageSource, OperatorParentView } from "./ports.ts";

export interface ImportCandidatesOptions {
  readonly shardId: number;
  readonly view: OperatorParentView;
  readonly messagesFor: MessageSource;
  /** Index of the next import from a shard; from the parent's inbox for 0. */
  readonly cursor: (source: number) => number;
  /** Told of sources that could not be asked; they are asked again. */
  readonly onError: (error: unknown) => void;
}

/** What is imported, and where it stands in the order of its source. */
interface Candidate {
  readonly source: number;
  readonly index: number;
  readonly step: Step;
}

/** The parent's inbox among the sources. */
const INBOX = 0;
/** Inbox entries in one block; what is left comes with the next. */
const MAX_INBOX_ENTRIES = 1024;
/** Payloads of one source that are looked at: several peers may answer, and not all of them with messages that hold. */
const MAX_PAYLOADS = 4 * MAX_ANSWERED_MESSAGES;
/** Slots until a source that had nothing is asked again, though nothing new has been settled. */
const RETRY_SLOTS = 4;
/** u32 source ‖ u64 index */
const PAYLOAD_HEAD_BYTES = 12;

/**
 * Collects what a shard has to import: entries of the parent's inbox, and messages of other shards. Sources are asked
 * between blocks, so that none that is slow or silent holds up the next block.
 */
export class ImportCandidates {
  readonly #options: ImportCandidatesOptions;
  /** Payloads that have come since they were last collected. */
  readonly #arrived = new Map<number, readonly Uint8Array[]>();
  /** Sources that have been asked and have not answered yet. */
  readonly #asked = new Set<number>();
  /** Sources that had nothing when they were asked. */
  readonly #idle = new Map<number, { readonly settledEpoch: number; readonly slot: number }>();

  constructor(options: ImportCandidatesOptions) {
    this.#options = options;
  }

  /** Steps for a block of that slot, in order. Messages may turn out to be inadmissible, inbox entries not. */
  collect(slot: number): Step[] {
    const { parameters } = this.#options.view;
    const asOfEpoch = epochOfSlot(parameters, slot) - parameters.inputDelay;
    if (asOfEpoch < 0) return [];
    const sources = [this.#inboxEntries(asOfEpoch)];
    for (const [source, payloads] of this.#arrived) sources.push(this.#messages(source, payloads));
    this.#arrived.clear();
    // What may be a duty comes first: a block that gets too long loses its last steps.
    const isDuty = ({ source, index }: Candidate) => index < this.#options.cursor(source) + quotaOf(parameters, source);
    const candidates = sources.flat();
    const ordered = [...candidates.filter(isDuty), ...candidates.filter((each) => !isDuty(each))];
    return ordered.map(({ step }) => step);
  }

  /** Asks the sources that may have messages: what they answer is for the blocks of later slots. */
  prefetch(slot: number): void {
    const { shardId, view } = this.#options;
    const asOfEpoch = epochOfSlot(view.parameters, slot) - view.parameters.inputDelay;
    const settledEpoch = view.settledAsOf(asOfEpoch);
    if (settledEpoch === 0) return;
    for (const { id: source } of view.shards()) {
      if (source === shardId || this.#asked.has(source) || this.#arrived.has(source)) continue;
      const idle = this.#idle.get(source);
      if (idle !== undefined && idle.settledEpoch === settledEpoch && slot < idle.slot + RETRY_SLOTS) continue;
      this.#asked.add(source);
      void this.#ask(source, asOfEpoch).then((payloads) => {
        this.#asked.delete(source);
        this.#idle.delete(source);
        if (this.#messages(source, payloads).length > 0) this.#arrived.set(source, payloads);
        else this.#idle.set(source, { settledEpoch, slot });
      });
    }
  }

  /** The shard has gone back to earlier cursors: what has come is for later ones, and what was not there may be wanted. */
  forget(): void {
    this.#arrived.clear();
    this.#idle.clear();
  }

  async #ask(source: number, asOfEpoch: number): Promise<readonly Uint8Array[]> {
    const { shardId, messagesFor, cursor, onError } = this.#options;
    try {
      return (await messagesFor(shardId, source, cursor(source), asOfEpoch)).slice(0, MAX_PAYLOADS);
    } catch (error) {
      onError(error);
      return [];
    }
  }

  #inboxEntries(asOfEpoch: number): Candidate[] {
    const { shardId, view, cursor } = this.#options;
    const first = cursor(INBOX);
    const entries: Candidate[] = [];
    for (let index = first; index < first + MAX_INBOX_ENTRIES; index++) {
      const entry = view.inboxEntry(shardId, index);
      if (entry === null || entry.epoch > asOfEpoch) break;
      const step = { kind: STEP_KIND.importInbox, payload: encodeImportInbox(entry) };
      entries.push({ source: INBOX, index, step });
    }
    return entries;
  }

  /** In the order of their indices, without those that are imported already. */
  #messages(source: number, payloads: readonly Uint8Array[]): Candidate[] {
    const next = this.#options.cursor(source);
    return payloads
      .map((payload) => ({ payload, index: indexOf(payload, source) }))
      .filter(({ index }) => index >= next)
      .sort((a, b) => a.index - b.index)
      .map(({ payload, index }) => ({ source, index, step: { kind: STEP_KIND.importMessage, payload } }));
  }
}

/** Index of the message in a payload, -1 when it is not of that source or cannot be a message by its length. */
function indexOf(payload: Uint8Array, source: number): number {
  if (payload.length < PAYLOAD_HEAD_BYTES || payload.length > MAX_PAYLOAD_BYTES) return -1;
  const reader = new ByteReader(payload);
  if (reader.u32() !== source) return -1;
  const index = reader.bytes(8);
  // A larger one cannot be next; the reader would refuse to read it.
  return index.subarray(0, 4).every((byte) => byte === 0) ? new ByteReader(index).u64() : -1;
}
