import { encodeImportInbox, STEP_KIND, type Step } from "../../ledger/step.ts";
import { ByteReader } from "../../protocol/bytes.ts";
import { epochOfSlot } from "../../protocol/clock.ts";
import { MAX_ANSWERED_MESSAGES } from "../../protocol/gossip.ts";
import type { MessageSource, OperatorParentView } from "./ports.ts";

export interface ImportCandidatesOptions {
  readonly shardId: number;
  readonly view: OperatorParentView;
  readonly messagesFor: MessageSource;
  /** Index of the next import from a shard; from the parent's inbox for 0. */
  readonly cursor: (source: number) => number;
}

/** Inbox entries in one block; what is left comes with the next. */
const MAX_INBOX_ENTRIES = 1024;
/** Payloads of one source that are looked at: several peers may answer, and not all of them with messages that hold. */
const MAX_PAYLOADS = 4 * MAX_ANSWERED_MESSAGES;
/** Slots until a source that had nothing is asked again, though nothing new has been settled. */
const RETRY_SLOTS = 4;
/** u32 source ‖ u64 index */
const PAYLOAD_HEAD_BYTES = 12;

/** Collects what a shard has to import: entries of the parent's inbox, and messages of other shards. */
export class ImportCandidates {
  readonly #options: ImportCandidatesOptions;
  /** Sources that had nothing when they were asked. */
  readonly #idle = new Map<number, { readonly settledEpoch: number; readonly slot: number }>();

  constructor(options: ImportCandidatesOptions) {
    this.#options = options;
  }

  /** Steps for a block of that slot, in order. Messages may turn out to be inadmissible, inbox entries not. */
  async collect(slot: number): Promise<Step[]> {
    const { parameters } = this.#options.view;
    const asOfEpoch = epochOfSlot(parameters, slot) - parameters.inputDelay;
    if (asOfEpoch < 0) return [];
    const messages = await this.#messages(slot, asOfEpoch);
    // After the wait, so that the entries are those of the view that the block is built on.
    return [...this.#inboxEntries(asOfEpoch), ...messages];
  }

  #inboxEntries(asOfEpoch: number): Step[] {
    const { shardId, view, cursor } = this.#options;
    const first = cursor(0);
    const steps: Step[] = [];
    for (let index = first; index < first + MAX_INBOX_ENTRIES; index++) {
      const entry = view.inboxEntry(shardId, index);
      if (entry === null || entry.epoch > asOfEpoch) break;
      steps.push({ kind: STEP_KIND.importInbox, payload: encodeImportInbox(entry) });
    }
    return steps;
  }

  async #messages(slot: number, asOfEpoch: number): Promise<Step[]> {
    const { shardId, view } = this.#options;
    const settledEpoch = view.settledAsOf(asOfEpoch);
    if (settledEpoch === 0) return [];
    const sources = view
      .shards()
      .map(({ id }) => id)
      .filter((id) => id !== shardId && this.#isDue(id, settledEpoch, slot));
    const answers = await Promise.all(
      sources.map(async (source) => {
        const steps = await this.#ask(source, asOfEpoch);
        if (steps.length === 0) this.#idle.set(source, { settledEpoch, slot });
        else this.#idle.delete(source);
        return steps;
      }),
    );
    return answers.flat();
  }

  #isDue(source: number, settledEpoch: number, slot: number): boolean {
    const idle = this.#idle.get(source);
    return idle === undefined || idle.settledEpoch !== settledEpoch || slot >= idle.slot + RETRY_SLOTS;
  }

  async #ask(source: number, asOfEpoch: number): Promise<Step[]> {
    const first = this.#options.cursor(source);
    const payloads = await this.#options.messagesFor(this.#options.shardId, source, first, asOfEpoch);
    return payloads
      .slice(0, MAX_PAYLOADS)
      .map((payload) => ({ payload, index: indexOf(payload, source) }))
      .filter(({ index }) => index >= first)
      .sort((a, b) => a.index - b.index)
      .map(({ payload }) => ({ kind: STEP_KIND.importMessage, payload }));
  }
}

/** Index of the message in a payload, -1 when it is not of that source or too short to tell. */
function indexOf(payload: Uint8Array, source: number): number {
  if (payload.length < PAYLOAD_HEAD_BYTES) return -1;
  const reader = new ByteReader(payload);
  if (reader.u32() !== source) return -1;
  const index = reader.bytes(8);
  // A larger one cannot be next; the reader would refuse to read it.
  return index.subarray(0, 4).every((byte) => byte === 0) ? new ByteReader(index).u64() : -1;
}
