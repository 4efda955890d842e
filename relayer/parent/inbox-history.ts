import { equal } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Domain } from "../../protocol/eip712.ts";
import { inboxEntryDigest } from "../../protocol/inbox-entry.ts";
import { ParentInconsistent } from "./errors.ts";
import type { InboxEntryAdded, MessageDemanded } from "./parent-log.ts";
import type { MessageDemand, RecordedInboxEntry } from "./parent-view.ts";

/** What the parent chain told each shard, in order. */
export class InboxHistory {
  readonly #crypto: Crypto;
  readonly #domain: Domain;
  readonly #entries = new Map<number, RecordedInboxEntry[]>();
  /** By destination, source and index. */
  readonly #demands = new Map<number, Map<number, Map<number, MessageDemand>>>();

  constructor(crypto: Crypto, domain: Domain) {
    this.#crypto = crypto;
    this.#domain = domain;
  }

  /** @throws ParentInconsistent when it is not the next one, or does not have its event's digest */
  add({ entry }: InboxEntryAdded): void {
    const entries = this.#entries.get(entry.shardId) ?? [];
    const name = `inbox entry ${entry.index} of shard ${entry.shardId}`;
    if (entry.index !== entries.length) throw new ParentInconsistent(`${name}, where ${entries.length} is next`);
    if (!equal(inboxEntryDigest(this.#crypto, this.#domain, entry), entry.digest)) {
      throw new ParentInconsistent(`${name} does not have its event's digest`);
    }
    entries.push(entry);
    this.#entries.set(entry.shardId, entries);
  }

  demand({ demand }: MessageDemanded): void {
    const { destination, source, index } = demand;
    const sources = this.#demands.get(destination) ?? new Map<number, Map<number, MessageDemand>>();
    const demands = sources.get(source) ?? new Map<number, MessageDemand>();
    this.#demands.set(destination, sources.set(source, demands.set(index, demand)));
  }

  demanded(destination: number, source: number, index: number): MessageDemand | null {
    return this.#demands.get(destination)?.get(source)?.get(index) ?? null;
  }

  demandedSources(destination: number): number[] {
    return [...(this.#demands.get(destination)?.keys() ?? [])].sort((a, b) => a - b);
  }

  count(shardId: number): number {
    return this.#entries.get(shardId)?.length ?? 0;
  }

  entry(shardId: number, index: number): RecordedInboxEntry | null {
    return this.#entries.get(shardId)?.[index] ?? null;
  }
}
