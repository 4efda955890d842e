import { setTimeout } from "node:timers/promises";
import type { DisputeEvidence, HeaderOpening } from "../../ledger/dispute-evidence.ts";
import { LedgerError } from "../../ledger/errors.ts";
import { blockHash } from "../../protocol/block-header.ts";
import { equal, toHex } from "../../protocol/bytes.ts";
import type { Crosslink, SignedCrosslink } from "../../protocol/crosslink.ts";
import type {
  AcceptedCheckpoint,
  ChangedEntry,
  DataChallenge,
  ParentSource,
  VoidedEntry,
} from "../parent/parent-view.ts";
import { isUrgent } from "./challenge-window.ts";
import { openHeader } from "./header-faults.ts";
import type { ShardWatch, Suspect } from "./shard-watch.ts";

/** Steps of one block that are asked for: 256 of them, from number 256 * chunk on. */
export interface AskedSteps {
  readonly index: number;
  readonly header: HeaderOpening;
  readonly chunk: number;
}

/** What a disputer does on the parent chain. Each may be called again at any time, and then goes on or does nothing. */
export interface DisputeActions {
  /** @param asked null for all headers */
  challenge(accepted: AcceptedCheckpoint, entry: ChangedEntry, asked: AskedSteps | null): Promise<unknown>;
  /**
   * Commits to the evidence, and disputes some blocks later; at once, for nobody, when it is urgent.
   * @returns "done" when there is nothing left to do, whoever did it
   */
  pursue(
    accepted: AcceptedCheckpoint,
    entry: ChangedEntry,
    evidence: DisputeEvidence,
    isUrgent: boolean,
  ): Promise<"waiting" | "done">;
  /** Whether the crosslink was disputed, and it is known whose the reward is. */
  isPunishable(crosslinkHash: Uint8Array): Promise<boolean>;
  /** Index of the block at fault in a disputed crosslink; null if it is none's. */
  blockAtFault(crosslinkHash: Uint8Array): Promise<number | null>;
  punishCommittee(accepted: AcceptedCheckpoint, entry: ChangedEntry): Promise<unknown>;
  punishOperator(signed: SignedCrosslink): Promise<unknown>;
  punishOperatorByHeader(crosslink: Crosslink, opening: HeaderOpening, signature: Uint8Array): Promise<unknown>;
  /** Gets back the bond of a challenge that was not answered, or is void. */
  reclaim(id: bigint): Promise<unknown>;
  /** Collects what was earned. */
  claim(): Promise<unknown>;
}

export interface DisputerOptions {
  readonly source: ParentSource;
  readonly actions: DisputeActions;
  /** The watch over a shard. */
  readonly watch: (shardId: number) => ShardWatch;
  /** The operator's signature on a crosslink, 65 bytes; null if none was seen. */
  readonly signatureOn: (crosslink: Crosslink, crosslinkHash: Uint8Array) => Uint8Array | null;
  /** Account that sends, 20 bytes. */
  readonly account: Uint8Array;
  /** As of the Poster: watchers take turns, so that they do not all pay for the same. */
  readonly rank: number;
  readonly watchers: number;
  readonly onError: (error: unknown) => void;
  readonly onWarning: (message: string) => void;
}

/** An entry at fault, from suspicion to the last penalty. */
interface Case {
  readonly entry: ChangedEntry;
  readonly name: string;
  /** Parent time at which this watcher begins, if nobody has by then. */
  readonly from: number;
  suspect: Suspect | null;
  /** What was said of it last, so that it is said once. */
  said: string;
  failures: number;
  /** Block in which nothing was left to do; null before. */
  doneIn: number | null;
  /** Since the entry is void: until when a verdict may still come of it. */
  voidSince: number | null;
}

/** Milliseconds of each parent block that are waited for looks to end. */
const LOOK_MS = 500;
/** Parent slots that each later watcher waits for the one before it. */
const TURN_SLOTS = 6;
/** Challenges to one crosslink that this watcher keeps open: each further one costs a bond more. */
const MAX_ASKED = 8;
/** Tries in a row that fail, before it is given up. */
const MAX_FAILURES = 64;
/** Parent blocks after which no reorg takes anything back, and nobody becomes a reporter any more. */
const KEPT_BLOCKS = 128;

/**
 * Sees to it that what is anchored and wrong becomes void, and that whoever signed it pays. Keeps nothing on disk: the faults
 * are found again after a restart, and the parent chain knows how far it has come.
 */
export class Disputer {
  readonly #options: DisputerOptions;
  /** By the hash of the crosslink. */
  readonly #cases = new Map<string, Case>();
  /** Shards that are being looked at. */
  readonly #looking = new Set<number>();
  #isBusy = false;
  #hasEarned = false;
  #hasStarted = false;
  readonly #onVoided = (entry: VoidedEntry) => this.#takeVoid(entry.position, entry.epoch);
  readonly #onReorg = () => {
    for (const shard of this.#options.source.view.shards()) this.#options.watch(shard.id).doubt();
    for (const each of this.#cases.values()) each.doneIn = null;
  };

  constructor(options: DisputerOptions) {
    this.#options = options;
    options.source.on("voided", this.#onVoided);
    options.source.on("reorg", this.#onReorg);
  }

  /** Entries that are at fault, or may be, or of which a reorg could still take back what was done. */
  get open(): number {
    return this.#cases.size;
  }

  /** Called at every block of the parent chain. */
  async onBlock(): Promise<void> {
    const shards = this.#options.source.view.shards().filter(({ id }) => !this.#looking.has(id));
    const looks = Promise.all(shards.map(({ id }) => this.#look(id)));
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      if (!this.#hasStarted) this.#findVoids();
      // A peer that does not answer holds up its shard, and nothing that is known already.
      await Promise.race([looks, setTimeout(LOOK_MS, undefined, { ref: false })]);
      for (const [hash, each] of this.#cases) await this.#attend(hash, each);
      await this.#claim();
    } finally {
      this.#isBusy = false;
    }
  }

  close(): void {
    this.#options.source.off("voided", this.#onVoided);
    this.#options.source.off("reorg", this.#onReorg);
  }

  /** What became void before this watcher began: somebody may still have to pay for it. */
  #findVoids(): void {
    const { view } = this.#options.source;
    this.#hasStarted = true;
    for (let epoch = view.justified.epoch; epoch > Math.max(0, view.settled.epoch); epoch--) {
      for (const { position } of view.checkpoint(epoch)?.changed ?? []) {
        if (view.isVoid(position, epoch)) this.#takeVoid(position, epoch);
      }
    }
  }

  #takeVoid(position: number, epoch: number): void {
    const accepted = this.#options.source.view.checkpoint(epoch);
    const entry = accepted?.changed.find((changed) => changed.position === position);
    if (entry !== undefined) this.#caseOf(entry);
  }

  #caseOf(entry: ChangedEntry): Case {
    const { source, rank, watchers } = this.#options;
    const { view } = source;
    const key = toHex(entry.hash);
    const known = this.#cases.get(key);
    if (known !== undefined) return known;
    const { shardId, epoch } = entry.crosslink;
    const place = (rank + epoch + shardId) % watchers;
    const opened: Case = {
      entry,
      name: `shard ${shardId}, crosslink of epoch ${epoch}`,
      from: view.head.timestamp + place * TURN_SLOTS * view.parameters.secondsPerSlot,
      suspect: null,
      said: "",
      failures: 0,
      doneIn: null,
      voidSince: null,
    };
    this.#cases.set(key, opened);
    return opened;
  }

  async #look(shardId: number): Promise<void> {
    const { source, watch, onError, onWarning } = this.#options;
    const { view } = source;
    let suspect: Suspect | null;
    this.#looking.add(shardId);
    try {
      suspect = await watch(shardId).look();
    } catch (error) {
      // What the parent chain does not say yet it will say with one of the next blocks.
      if (!(error instanceof LedgerError && error.code === "FactsUnavailable")) onError(error);
      return;
    } finally {
      this.#looking.delete(shardId);
    }
    for (const [hash, { entry, doneIn }] of this.#cases) {
      // What was missing is there, or what was asked for shows that nothing is wrong.
      const isCleared = entry.crosslink.shardId === shardId && hash !== (suspect && toHex(suspect.entry.hash));
      if (isCleared && doneIn === null && !view.isVoid(entry.position, entry.crosslink.epoch)) this.#cases.delete(hash);
    }
    if (suspect === null) return;
    const { hash } = suspect.entry;
    const entry = view.disputable().find((each) => equal(each.hash, hash));
    if (entry === undefined) {
      onWarning(
        `shard ${shardId}: the crosslink of epoch ${suspect.entry.crosslink.epoch} ${describe(suspect)}, and settled`,
      );
      return;
    }
    this.#caseOf(entry).suspect = suspect;
  }

  async #attend(hash: string, each: Case): Promise<void> {
    const { source, onError, onWarning } = this.#options;
    const { view } = source;
    const { entry, name } = each;
    // Late votes change what opens it, and a reorg may take it away.
    const accepted = view.checkpoint(entry.crosslink.epoch);
    if (accepted === null || !accepted.changed.some((changed) => equal(changed.hash, entry.hash))) {
      this.#cases.delete(hash);
      return;
    }
    if (each.doneIn !== null) {
      if (view.head.number > each.doneIn + KEPT_BLOCKS) this.#cases.delete(hash);
      return;
    }
    const isVoid = view.isVoid(entry.position, entry.crosslink.epoch);
    each.voidSince = isVoid ? (each.voidSince ?? view.head.number) : null;
    const isNow = !isVoid && isUrgent(view, accepted, entry.position);
    if (each.suspect !== null && !isVoid)
      this.#say(each, `${name} ${describe(each.suspect)}${isNow ? ", and little time is left" : ""}`);
    if (view.head.timestamp < each.from && !isNow) return;
    try {
      if (each.suspect !== null) await this.#prosecute(accepted, entry, each.suspect, isVoid, isNow);
      if (isVoid) await this.#punish(accepted, each);
      each.failures = 0;
    } catch (error) {
      onError(error);
      each.failures++;
      if (isNow) onWarning(`${name} is at fault and may settle: ${error instanceof Error ? error.message : error}`);
      if (each.failures >= MAX_FAILURES) this.#cases.delete(hash);
    }
  }

  #say(each: Case, what: string): void {
    if (each.said === what) return;
    each.said = what;
    this.#options.onWarning(what);
  }

  /** Whatever comes next to make the entry void. */
  async #prosecute(
    accepted: AcceptedCheckpoint,
    entry: ChangedEntry,
    { finding, data, environment }: Suspect,
    isVoid: boolean,
    isNow: boolean,
  ): Promise<void> {
    const { actions, source } = this.#options;
    if (finding.kind === "fault") {
      await actions.pursue(accepted, entry, finding.evidence, isNow);
      return;
    }
    const asked = this.#challengesTo(entry);
    const silent = asked.find((challenge) => this.#isOverdue(challenge));
    if (silent !== undefined) {
      await actions.pursue(accepted, entry, { predicate: "Silence", challenge: silent.id }, isNow);
      return;
    }
    if (isVoid) return;
    const open = asked.filter(({ missing }) => missing !== 0).length;
    if (finding.what === "headers") {
      if (asked.every(({ blockHash: hash }) => hash !== null)) await actions.challenge(accepted, entry, null);
      return;
    }
    const { index, chunks } = finding;
    const { crypto } = environment;
    const header = openHeader(environment, { headers: data.headers ?? [] }, index);
    const hash = blockHash(crypto, source.view.domain, header.header);
    const isAsked = (chunk: number) =>
      asked.some((other) => other.chunk === chunk && other.blockHash !== null && equal(other.blockHash, hash));
    for (const chunk of chunks.filter((each) => !isAsked(each)).slice(0, Math.max(0, MAX_ASKED - open))) {
      await actions.challenge(accepted, entry, { index, header, chunk });
    }
  }

  async #punish(accepted: AcceptedCheckpoint, each: Case): Promise<void> {
    const { actions, source, signatureOn } = this.#options;
    const { entry, suspect } = each;
    const { head } = source.view;
    if (!(await actions.isPunishable(entry.hash))) {
      // It is void with what it builds on, and nobody pays for it.
      if (head.number > (each.voidSince ?? head.number) + KEPT_BLOCKS) each.doneIn = head.number;
      return;
    }
    const { crosslink } = entry;
    this.#hasEarned = true;
    await actions.punishCommittee(accepted, entry);
    for (const challenge of this.#challengesTo(entry)) {
      if (equal(challenge.challenger, this.#options.account)) await actions.reclaim(challenge.id);
    }
    const signature = signatureOn(crosslink, entry.hash);
    if (signature !== null) await actions.punishOperator({ crosslink, operatorSignature: signature });
    else await this.#punishByHeader(entry, suspect);
    each.doneIn = head.number;
  }

  /** Of an operator that has shown its crosslink to few the blocks are known, also after a restart. */
  async #punishByHeader({ crosslink, hash }: ChangedEntry, suspect: Suspect | null): Promise<void> {
    const { actions, watch } = this.#options;
    const index = await actions.blockAtFault(hash);
    if (index === null) return;
    const { environment, data } = suspect ?? (await watch(crosslink.shardId).gather(crosslink));
    const signature = data.signatureOf(index);
    if (signature === null) return;
    const opening = openHeader(environment, { headers: data.headers ?? [] }, index);
    await actions.punishOperatorByHeader(crosslink, opening, signature);
  }

  #challengesTo(entry: ChangedEntry): DataChallenge[] {
    return this.#options.source.view.challenges().filter(({ crosslinkHash }) => equal(crosslinkHash, entry.hash));
  }

  #isOverdue({ missing, deadlineTime, deadlineBlock }: DataChallenge): boolean {
    const { head } = this.#options.source.view;
    return missing !== 0 && head.timestamp >= deadlineTime && head.number >= deadlineBlock;
  }

  async #claim(): Promise<void> {
    if (!this.#hasEarned) return;
    this.#hasEarned = false;
    try {
      await this.#options.actions.claim();
    } catch (error) {
      this.#hasEarned = true;
      this.#options.onError(error);
    }
  }
}

function describe({ finding }: Suspect): string {
  if (finding.kind === "fault") {
    return `is at fault: ${finding.fault}${finding.index === null ? "" : ` in its block ${finding.index}`}`;
  }
  if (finding.what === "headers") return "is not published: its headers are missing";
  return `is not what was published: steps of its block ${finding.index} have to be shown`;
}
