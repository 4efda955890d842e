import { parentHashOf } from "../../ledger/block-execution.ts";
import type { HeaderOpening } from "../../ledger/dispute-evidence.ts";
import { createLedgerEnvironment, type LedgerEnvironment } from "../../ledger/environment.ts";
import { ShardState } from "../../ledger/shard-state.ts";
import { toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { MAX_REQUESTED_BLOCKS } from "../../protocol/gossip.ts";
import type { ChangedEntry, LogPlace, ParentView } from "../parent/parent-view.ts";
import { CrosslinkData } from "./crosslink-data.ts";
import { findFault } from "./find-fault.ts";
import type { Finding } from "./finding.ts";
import { type Anchored, openHeader } from "./header-faults.ts";
import type { ShownData } from "./shown-data.ts";

export interface ShardWatchOptions {
  readonly crypto: Crypto;
  readonly view: ParentView;
  readonly shardId: number;
  /** What is published of a range from its first block on, one answer after the other. */
  readonly fetchBlocks: (shardId: number, first: number, last: number) => AsyncIterable<readonly Uint8Array[]>;
  /** null when it is not on the parent chain any more. */
  readonly readAnswer: (place: LogPlace) => Promise<ShownData | null>;
  /** Lets others have their turn between two blocks. */
  readonly pause: () => Promise<void>;
}

/** An entry that is not found sound. */
export interface Suspect {
  readonly entry: Pick<ChangedEntry, "crosslink" | "hash">;
  readonly finding: Exclude<Finding, { kind: "sound" }>;
  /** What is known of it; its headers are, unless they are what is missing. */
  readonly data: CrosslinkData;
  readonly environment: LedgerEnvironment;
}

interface Followed {
  readonly hash: string;
  readonly crosslink: Crosslink;
  readonly last: HeaderOpening;
}

/** Looks at a suspect after which its peers are asked again for what is missing. */
const LOOKS_PER_FETCH = 4;
/** Crosslinks that can be taken back at least before a shard is executed from genesis again. */
const UNDOABLE_CROSSLINKS = 8;

/**
 * A shard executed from genesis along what the parent chain has accepted of it, by published data alone. What is not settled
 * is gone through again after a reorg and a void.
 */
export class ShardWatch {
  readonly #options: ShardWatchOptions;
  readonly #environment: LedgerEnvironment;
  /** By the hash of the crosslink: looked at again as soon as there is more of it. */
  readonly #suspected = new Map<
    string,
    { readonly suspect: Suspect; readonly version: number; readonly looks: number }
  >();
  #state: ShardState;
  /** Crosslinks that the state has executed, in order. */
  #followed: Followed[] = [];
  #isDoubtful = false;

  constructor(options: ShardWatchOptions) {
    const { crypto, view, shardId } = options;
    const { domain, parameters } = view;
    this.#options = options;
    this.#environment = createLedgerEnvironment({ crypto, domain, parameters, facts: view.facts(), shardId });
    this.#state = this.#genesis();
  }

  /** Last block that was found sound; 0 is genesis. */
  get soundBlock(): number {
    return this.#state.header?.number ?? 0;
  }

  /** The parent chain was reorganised: what followed from what it said before may not follow now. */
  doubt(): void {
    this.#isDoubtful = true;
  }

  /**
   * Goes on to the first entry that is not sound. One call at a time.
   * @returns null when all are, as far as the parent chain is known
   */
  async look(): Promise<Suspect | null> {
    const { view, shardId } = this.#options;
    if (this.#isDoubtful) {
      this.#isDoubtful = false;
      this.#suspected.clear();
      const kept = this.#followed.filter(({ crosslink }) => crosslink.epoch <= view.settled.epoch).length;
      if (!this.#takeBackTo(kept)) this.#restart();
    }
    for (const entry of view.disputable()) {
      if (entry.crosslink.shardId !== shardId) continue;
      for (const crosslink of this.#pathTo(entry.crosslink)) {
        const suspect = await this.#judge(crosslink);
        if (suspect !== null) return suspect;
      }
    }
    this.#suspected.clear();
    return null;
  }

  /** What is published of a crosslink, whatever became of it. */
  async gather(crosslink: Crosslink): Promise<Pick<Suspect, "environment" | "data">> {
    const { view, shardId } = this.#options;
    const operator = view.operatorOf(shardId, crosslink.generation) ?? new Uint8Array(20);
    const data = new CrosslinkData(this.#environment, crosslink, operator);
    // Links are only a hint as to which headers belong together.
    await this.#fetch(crosslink, data, ZERO_HASH, () => data.headers !== null);
    return { environment: this.#environment, data };
  }

  /** Crosslinks up to this one that the state has not executed; it is taken back to where they begin. */
  #pathTo(crosslink: Crosslink): Crosslink[] {
    const { crypto, view, shardId } = this.#options;
    const genesis = toHex(crosslinkHash(crypto, view.domain, genesisCrosslink(shardId)));
    const path: Crosslink[] = [];
    for (let at = crosslink; ; ) {
      const hash = toHex(crosslinkHash(crypto, view.domain, at));
      const known = hash === genesis ? 0 : this.#followed.findIndex((each) => each.hash === hash) + 1;
      if (hash === genesis || known > 0) {
        if (path.length === 0 || this.#takeBackTo(known)) return path;
        // Too far back to be undone: all of it again.
        this.#restart();
        return this.#pathTo(crosslink);
      }
      path.unshift(at);
      const parent = view.crosslinkByHash(at.parent);
      if (parent === null) throw new Error(`shard ${shardId}: the parent ${toHex(at.parent)} is not known`);
      at = parent;
    }
  }

  async #judge(crosslink: Crosslink): Promise<Suspect | null> {
    const { crypto, view, shardId, pause } = this.#options;
    const hash = crosslinkHash(crypto, view.domain, crosslink);
    const operator = view.operatorOf(shardId, crosslink.generation) ?? new Uint8Array(20);
    const suspected = this.#suspected.get(toHex(hash));
    const data = suspected?.suspect.data ?? new CrosslinkData(this.#environment, crosslink, operator);
    const previous = this.#followed.at(-1);
    const parent = previous?.crosslink ?? genesisCrosslink(shardId);
    const below = previous?.last ?? null;
    const parentHash = parentHashOf(this.#environment, this.#state.header);
    await this.#readAnswers(hash, data);
    data.resolve(parentHash);
    const looks = (suspected?.looks ?? 0) + 1;
    const isRefetched = suspected?.suspect.finding.kind === "missing" && looks % LOOKS_PER_FETCH === 0;
    if (!data.isComplete && (suspected === undefined || isRefetched)) {
      await this.#fetch(crosslink, data, parentHash, () => data.isComplete);
      // Steps that were shown belong to a header that may only now be known.
      await this.#readAnswers(hash, data);
    } else if (isRefetched) {
      await this.#fetch(crosslink, data, parentHash, () => false);
    }
    if (suspected !== undefined && suspected.version === data.version) {
      this.#suspected.set(toHex(hash), { ...suspected, looks });
      return suspected.suspect;
    }
    const claim = () => ({
      crosslink,
      parent,
      below,
      headers: data.headers,
      copiesOf: (index: number) => data.copiesOf(index),
      claimedOf: data.claimedOf.bind(data),
    });
    let { version } = data;
    let finding = await this.#find(claim());
    if (finding.kind === "missing") {
      // Another peer may have a better copy.
      await this.#fetch(crosslink, data, parentHash, () => false);
      if (data.version !== version) {
        version = data.version;
        finding = await this.#find(claim());
      }
    }
    await pause();
    if (finding.kind !== "sound") {
      const suspect = { entry: { crosslink, hash }, finding, data, environment: this.#environment };
      this.#suspected.set(toHex(hash), { suspect, version, looks });
      return suspect;
    }
    const anchored: Pick<Anchored, "headers"> = { headers: data.headers as Anchored["headers"] };
    const last = openHeader(this.#environment, anchored, anchored.headers.length - 1);
    this.#followed.push({ hash: toHex(hash), crosslink, last });
    this.#suspected.delete(toHex(hash));
    return null;
  }

  #find(claim: Parameters<typeof findFault>[1]): Promise<Finding> {
    const { view, pause } = this.#options;
    const commitmentOf = (epoch: number) => view.checkpoint(epoch);
    return findFault({ environment: this.#environment, state: this.#state, commitmentOf, duties: view, pause }, claim);
  }

  async #fetch(
    { firstBlock, lastBlock }: Crosslink,
    data: CrosslinkData,
    below: Uint8Array,
    isEnough: () => boolean,
  ): Promise<void> {
    const { shardId, fetchBlocks } = this.#options;
    for (let first = firstBlock; first <= lastBlock; first += MAX_REQUESTED_BLOCKS) {
      const last = Math.min(lastBlock, first + MAX_REQUESTED_BLOCKS - 1);
      for await (const blocks of fetchBlocks(shardId, first, last)) {
        for (const bytes of blocks) data.add(bytes);
        data.resolve(below);
        if (isEnough()) return;
      }
    }
  }

  /** What was shown of the crosslink on the parent chain since the last look. */
  async #readAnswers(hash: Uint8Array, data: CrosslinkData): Promise<void> {
    const { view, readAnswer } = this.#options;
    const about = view.challenges().filter((challenge) => toHex(challenge.crosslinkHash) === toHex(hash));
    // Headers first: steps are those of one of them.
    for (const { blockHash, answers } of about.toSorted(
      (a, b) => Number(a.blockHash !== null) - Number(b.blockHash !== null),
    )) {
      for (const place of answers) {
        const key = `${toHex(place.blockHash)}/${place.logIndex}`;
        const answer = data.taken.has(key) ? null : await readAnswer(place);
        if (answer !== null && this.#take(data, blockHash, answer)) data.taken.add(key);
      }
    }
  }

  #take(data: CrosslinkData, blockHash: Uint8Array | null, answer: ShownData): boolean {
    if (answer.kind === "headers") return data.showHeaders(answer.headers);
    if (blockHash === null) return false;
    const steps = answer.steps.map(({ word, stateRoot, payload }) => ({
      leaf: { word, stateRoot, payloadHash: this.#options.crypto.keccak256(payload) },
      payload,
    }));
    return data.showSteps(blockHash, { ...answer, steps });
  }

  /** @returns false when that is too far back */
  #takeBackTo(kept: number): boolean {
    while (this.#followed.length > kept) {
      const { crosslink } = this.#followed.at(-1) as Followed;
      const blocks = crosslink.lastBlock - crosslink.firstBlock + 1;
      if (this.#state.undoable < blocks) return false;
      for (let i = 0; i < blocks; i++) this.#state.undoBlock();
      this.#followed.pop();
    }
    return true;
  }

  #restart(): void {
    this.#followed = [];
    this.#state = this.#genesis();
  }

  #genesis(): ShardState {
    const { crypto, view } = this.#options;
    return ShardState.genesis(crypto, UNDOABLE_CROSSLINKS * view.parameters.maxBlocks);
  }
}
