import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { JsonRpcProvider } from "ethers";
import { equal } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { ChainReader } from "./chain-reader.ts";
import { connectContracts } from "./contracts.ts";
import { type DeploymentRecord, readDeployment } from "./deployment.ts";
import { ParentInconsistent, ParentMoved, ParentStalled } from "./errors.ts";
import { LogDecoder } from "./log-decoder.ts";
import type { ParentLog } from "./parent-log.ts";
import { ParentState } from "./parent-state.ts";
import type { ParentBlock, ParentEvents, ParentSource, ParentView } from "./parent-view.ts";
import { withRetries } from "./rpc.ts";

export interface FollowerOptions {
  /** Milliseconds between looks at the head. */
  readonly intervalMs?: number;
  /** Milliseconds without a new block after which `ParentStalled` is told. */
  readonly stalledAfterMs?: number;
  /** Blocks whose events are asked for at once. */
  readonly rangeBlocks?: number;
  /** Tries of a request that fails transiently, before the failure is told. */
  readonly attempts?: number;
}

const DEFAULTS = { intervalMs: 500, stalledAfterMs: 60_000, rangeBlocks: 2_000, attempts: 5 };

/** Blocks that are remembered to find where a reorg began; one that reaches below them all reads everything anew. */
const REMEMBERED_BLOCKS = 1024;

/** After a failure the pause doubles up to this many milliseconds. */
const LONGEST_PAUSE_MS = 15_000;

/** Follows the parent chain by polling and keeps its view up to date. */
export class ParentFollower extends EventEmitter<ParentEvents> implements ParentSource {
  readonly #reader: ChainReader;
  readonly #state: ParentState;
  readonly #options: Required<FollowerOptions>;
  readonly #stop: AbortController;
  /** Blocks on the way to the head, ascending; the first is the one before the deployment. */
  #remembered: ParentBlock[];
  #running: Promise<void> | null = null;
  #lastNews = performance.now();
  #stallTold = false;

  private constructor(
    reader: ChainReader,
    state: ParentState,
    options: Required<FollowerOptions>,
    stop: AbortController,
  ) {
    super();
    // Every service of a node listens.
    this.setMaxListeners(0);
    this.#reader = reader;
    this.#state = state;
    this.#options = options;
    this.#stop = stop;
    this.#remembered = [state.head];
  }

  /**
   * Reads parameters and domain from the contracts. The view is empty until `start`.
   * @throws ParentSettingError, ParentInconsistent
   */
  static async connect(
    crypto: Crypto,
    provider: JsonRpcProvider,
    record: DeploymentRecord,
    options: FollowerOptions = {},
  ): Promise<ParentFollower> {
    const settings = { ...DEFAULTS, ...options };
    const stop = new AbortController();
    const deployment = await withRetries(settings.attempts, stop.signal, () =>
      readDeployment(crypto, provider, record.addresses),
    );
    const decoder = new LogDecoder(crypto, connectContracts(record.addresses, provider), record.addresses);
    const reader = new ChainReader(provider, decoder, Object.values(record.addresses), {
      attempts: settings.attempts,
      signal: stop.signal,
    });
    const base = await reader.blockAt(Math.max(0, record.deploymentBlock - 1));
    if (base === null) throw new ParentInconsistent(`the chain has not reached the deployment's block yet`);
    return new ParentFollower(reader, new ParentState(crypto, deployment, base), settings, stop);
  }

  get view(): ParentView {
    return this.#state;
  }

  /**
   * Returns when the view has reached the head of the chain, and goes on following it. Whoever listens before is told
   * the whole history, too.
   * From then on failures are "error" events, which somebody has to listen to.
   * @throws what the first reading failed with
   */
  async start(): Promise<void> {
    if (this.#running !== null) throw new Error("the follower is running already");
    for (let attempt = 1; ; attempt++) {
      try {
        await this.poll();
        break;
      } catch (error) {
        // A long history is likely to see a small reorg at its end.
        if (!(error instanceof ParentMoved) || attempt >= this.#options.attempts) throw error;
      }
    }
    this.#running = this.#follow();
  }

  /** Returns when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /**
   * Brings the view to the chain's present head. `start` does so at intervals.
   * @throws ParentMoved when the chain changed meanwhile: the next call finds the ancestor
   */
  async poll(): Promise<void> {
    const latest = await this.#reader.latest();
    if (!equal(latest.hash, this.#state.head.hash)) {
      await this.#returnToChain(latest);
      while (this.#state.head.number < latest.number) await this.#readOn(latest.number);
    }
    this.#watchForStall();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    let pause = this.#options.intervalMs;
    while (!signal.aborted) {
      await sleep(pause, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.poll();
        pause = this.#options.intervalMs;
      } catch (error) {
        if (signal.aborted) return;
        // A chain that moved is no failure: the next look starts at the ancestor.
        if (error instanceof ParentMoved) continue;
        pause = Math.min(2 * pause, Math.max(LONGEST_PAUSE_MS, this.#options.intervalMs));
        this.#tell("error", error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  /** Rolls back to the latest remembered block that is still on the chain, if the head is not. */
  async #returnToChain(latest: ParentBlock): Promise<void> {
    // An endpoint that lags behind the one asked before is no reorg, as long as its head is on the same chain.
    const start = this.#remembered.findLastIndex((block) => block.number <= latest.number);
    for (let i = start; i >= 0; i--) {
      const block = this.#remembered[i] as ParentBlock;
      const present = block.number === latest.number ? latest : await this.#reader.blockAt(block.number);
      if (present === null || !equal(present.hash, block.hash)) continue;
      if (i === start) return;
      this.#remembered = this.#remembered.slice(0, i + 1);
      this.#rollBack(block);
      return;
    }
    // Not even the first one: everything since the deployment is another history.
    const base = await this.#reader.blockAt((this.#remembered[0] as ParentBlock).number);
    if (base === null) throw new ParentInconsistent("the chain is shorter than the deployment is old");
    this.#remembered = [base];
    this.#rollBack(base);
  }

  #rollBack(ancestor: ParentBlock): void {
    const abandoned = this.#state.head;
    this.#state.rollBack(ancestor);
    this.#tell("reorg", ancestor, abandoned);
  }

  async #readOn(latest: number): Promise<void> {
    const head = this.#state.head;
    const { last, logs } = await this.#reader.rangeAfter(
      head,
      Math.min(latest, head.number + this.#options.rangeBlocks),
    );
    if (this.#stop.signal.aborted) throw this.#stop.signal.reason;
    this.#state.extend(logs, last);
    this.#remembered.push(last);
    // The first one stays: it is where everything can be read from again.
    if (this.#remembered.length > REMEMBERED_BLOCKS) this.#remembered.splice(1, 1);
    this.#lastNews = performance.now();
    this.#stallTold = false;
    for (const log of logs) this.#tellOf(log);
    this.#tell("block", last);
  }

  #tellOf(log: ParentLog): void {
    switch (log.kind) {
      case "checkpointAccepted": {
        const checkpoint = this.#state.checkpoint(log.submission.targetEpoch);
        if (checkpoint !== null) this.#tell("checkpoint", checkpoint);
        break;
      }
      case "checkpointFinalized":
        this.#tell("finalized", log.epoch);
        break;
      case "checkpointSettled":
        this.#tell("settled", log.epoch);
        break;
      case "inboxEntryAdded":
        this.#tell("inbox", log.entry);
        break;
      case "messageDemanded":
        this.#tell("demand", log.demand);
        break;
      case "crosslinkVoided": {
        const { shardId, position, epoch, crosslinkHash } = log;
        const resume = this.#state.crosslinkByHash(log.resume);
        const generation = this.#state.shard(shardId)?.generation;
        if (resume === null || generation === undefined) break;
        this.#tell("voided", { shardId, position, epoch, crosslinkHash, resume, generation });
        break;
      }
      case "generationAdvanced":
      case "operatorChanged": {
        const shard = this.#state.shard(log.shardId);
        if (shard !== null) this.#tell("generation", shard);
        break;
      }
      case "dataChallenged":
      case "challengeAnswered": {
        // null when what came after it in the same blocks has ended it.
        const challenge = this.#state.challenge(log.id);
        if (challenge !== null) this.#tell(log.kind === "dataChallenged" ? "challenge" : "answer", challenge);
        break;
      }
    }
  }

  /** A listener that fails must not keep the others, or the view, from what follows. */
  #tell<E extends keyof ParentEvents>(event: E, ...args: ParentEvents[E]): void {
    try {
      (this.emit as (name: E, ...args: ParentEvents[E]) => boolean).call(this, event, ...args);
    } catch (error) {
      if (event === "error") throw error;
      this.#tell("error", error instanceof Error ? error : new Error(String(error)));
    }
  }

  #watchForStall(): void {
    const silentMs = performance.now() - this.#lastNews;
    if (this.#stallTold || silentMs < this.#options.stalledAfterMs) return;
    this.#stallTold = true;
    this.#tell("error", new ParentStalled(this.#state.head.number, silentMs));
  }
}
