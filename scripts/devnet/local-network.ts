import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { JsonRpcProvider } from "ethers";
import { type BlockHeader, readBlockHeader } from "../../protocol/block-header.ts";
import { ByteReader, equal } from "../../protocol/bytes.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { addressOfKey } from "../../protocol/operator-signature.ts";
import { type Parameters, parametersFor } from "../../protocol/presets.ts";
import { type ApiServer, createApiServer } from "../../relayer/api/server.ts";
import { LocalHub } from "../../relayer/network/local-hub.ts";
import type { Transport } from "../../relayer/network/transport.ts";
import { startNode, type WatchfireNode } from "../../relayer/node.ts";
import { depositToInbox } from "../../relayer/parent/actions/add-inbox-entry.ts";
import { takeOver } from "../../relayer/parent/actions/take-over.ts";
import type { DeploymentRecord } from "../../relayer/parent/deployment.ts";
import { ParentFollower } from "../../relayer/parent/parent-follower.ts";
import type { AcceptedCheckpoint, ParentSource, ParentView } from "../../relayer/parent/parent-view.ts";
import { connectProvider } from "../../relayer/parent/rpc.ts";
import { TransactionSender } from "../../relayer/parent/transaction-sender.ts";
import { rpcBlockSource } from "../../relayer/watcher/rpc-block-source.ts";
import type { BlockSource } from "../../relayer/watcher/shard-replay.ts";
import { type OperatorKeys, operatorKeys } from "./keys.ts";
import { type ParentChain, startParentChain } from "./parent-chain.ts";
import { deploy, launch, launcherKey, populate } from "./setup.ts";

const SHARDS = 4;
const DEPOSIT = 10n ** 18n;

/** One operator: its keys, and its node while it runs. */
export interface Member<T extends Transport = Transport> {
  readonly keys: OperatorKeys;
  readonly dataDirectory: string;
  node: WatchfireNode | null;
  transport: T;
}

export interface NetworkOptions {
  /** They share four shards; four if nothing is said. */
  readonly operators?: number;
  /** Shared out among them; as many as the committees need if nothing is said. */
  readonly validators?: number;
  readonly parameters?: Partial<Parameters>;
  /** How many of them, from the first on, watch for equivocations; none if nothing is said. */
  readonly watchers?: number;
}

/**
 * Operators, by default four with eight validators and one shard each, over Hardhat's network in a process of its own.
 * Everything is real but the length of an epoch; what goes wrong in it is what somebody does to a node's transport, queue
 * or life.
 */
export abstract class LocalNetwork<T extends Transport = Transport> {
  readonly crypto: Crypto;
  readonly hub = new LocalHub();
  readonly members: Member<T>[] = [];
  /** What nodes reported, with the slot in which they did so first. */
  readonly problems = new Map<string, number>();
  deployment!: DeploymentRecord;
  #parent!: ParentChain;
  #provider!: JsonRpcProvider;
  #observer!: ParentFollower;
  #launcher!: TransactionSender;
  #api!: ApiServer;
  #watcher: WatchfireNode | null = null;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "watchfire-e2e-"));
  readonly #options: Required<NetworkOptions>;

  constructor(crypto: Crypto, { operators = 4, validators = 0, parameters = {}, watchers = 0 }: NetworkOptions) {
    this.crypto = crypto;
    this.#options = { operators, validators, parameters, watchers };
  }

  /** What a member's node is given in place of its transport. */
  protected abstract wrap(transport: Transport, name: string): T;

  /** Returns once the first checkpoint is accepted. */
  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { crypto } = this;
    const parameters = { ...parametersFor("minimal", "devnet"), slotsPerEpoch: 6, ...this.#options.parameters };
    const validators = Math.max(SHARDS * parameters.committeeSize, this.#options.validators);
    const operators = operatorKeys(this.#folder, this.#options.operators, validators);
    this.#parent = await startParentChain(0);
    const { url } = this.#parent;
    this.#provider = await connectProvider(url, { attempts: 3 });
    const key = launcherKey((await this.#provider.getNetwork()).chainId, undefined);
    const launcher = new TransactionSender(this.#provider, key);
    this.#launcher = launcher;
    const setup = {
      crypto,
      provider: this.#provider,
      url,
      launcherKey: key,
      parameters,
      shards: SHARDS,
      operators,
      say: () => {},
    };
    this.deployment = await deploy(setup);
    await populate(setup, this.deployment, launcher);
    for (let shard = 1; shard <= SHARDS; shard++) {
      await depositToInbox(launcher, this.deployment.addresses, shard, addressOfKey(crypto, key), DEPOSIT);
    }
    this.#observer = await ParentFollower.connect(crypto, this.#provider, this.deployment, { intervalMs: 200 });
    this.#observer.on("error", (error) => this.#report("observer", error));
    await this.#observer.start();
    for (const keys of operators) {
      const dataDirectory = path.join(this.#folder, keys.name);
      this.members.push({ keys, dataDirectory, node: null, transport: this.#connect(keys.name) });
    }
    await Promise.all(this.members.map((member) => this.startMember(member)));
    this.#api = await createApiServer({
      port: 0,
      handlers: {
        index: () => ({}),
        shard: (id) => this.members.map(({ node }) => node?.shardRpc(id)).find((rpc) => rpc !== undefined),
        onError: (error) => this.#report("api", error),
      },
    });
    await this.#parent.mineAtIntervals(parameters.secondsPerSlot * 1000);
    await launch(setup, this.deployment, launcher);
    await this.until("the first checkpoint", () => this.view.justified.epoch > 0, 6);
  }

  get view(): ParentView {
    return this.#observer.view;
  }

  /** What has been read of the parent chain, with its events. */
  get source(): ParentSource {
    return this.#observer;
  }

  get provider(): JsonRpcProvider {
    return this.#provider;
  }

  /** Who deployed the contracts, with coins on the parent chain. */
  get launcher(): TransactionSender {
    return this.#launcher;
  }

  /** Address of the shards' JSON-RPC. */
  get url(): string {
    return this.#api.url;
  }

  /** The member whose node operates the shard; while nobody does, the one whose it was at first. */
  operatorOf(shardId: number): Member<T> {
    const operator = this.view.shard(shardId)?.operator ?? new Uint8Array(20);
    const first = this.members[(shardId - 1) % this.members.length] as Member<T>;
    return this.members.find(({ keys }) => equal(addressOfKey(this.crypto, keys.accountKey), operator)) ?? first;
  }

  /** Makes the member the operator of a shard that has none: its node fetches the blocks and goes on. The launcher pays. */
  async takeOver(shardId: number, member: Member<T>): Promise<void> {
    const operator = addressOfKey(this.crypto, member.keys.accountKey);
    const { shardBond } = this.view.parameters;
    await takeOver(this.#launcher, this.deployment.addresses, shardId, operator, shardBond);
  }

  member(name: string): Member<T> {
    return this.members.find(({ keys }) => keys.name === name) as Member<T>;
  }

  async startMember(member: Member<T>): Promise<void> {
    const { name, accountKey, validatorKeys } = member.keys;
    const { watchers } = this.#options;
    const rank = this.members.indexOf(member);
    member.node = await startNode({
      crypto: this.crypto,
      parentUrl: this.#parent.url,
      deployment: this.deployment,
      transport: member.transport,
      dataDirectory: member.dataDirectory,
      validatorKeys,
      accountKey,
      posting: { rank, posters: this.#options.operators },
      ...(rank < watchers ? { watching: { rank, watchers } } : {}),
      onError: (error) => this.#report(name, error),
      onWarning: (message) => this.#report(name, message),
    });
  }

  /** A node without validators and shards: it follows, and brings what is wrong before the contracts. */
  async startWatcher(name: string, accountKey: Uint8Array, onWarning: (message: string) => void): Promise<void> {
    this.#watcher = await startNode({
      crypto: this.crypto,
      parentUrl: this.#parent.url,
      deployment: this.deployment,
      transport: this.hub.connect(name, (error) => this.#report(name, error)),
      dataDirectory: path.join(this.#folder, name),
      validatorKeys: [],
      accountKey,
      posting: { rank: 0, posters: 1 },
      watching: { rank: 0, watchers: 1 },
      onError: (error) => this.#report(name, error),
      onWarning,
    });
  }

  async stopMember(member: Member<T>): Promise<void> {
    const { node } = member;
    member.node = null;
    await node?.close();
  }

  /** Starts the stopped member's node anew on the same data. */
  async restartMember(member: Member<T>): Promise<void> {
    member.transport = this.#connect(member.keys.name);
    await this.startMember(member);
  }

  /** Waits for a condition, but no longer than some epochs of parent time. */
  async until(what: string, condition: () => boolean, epochs: number): Promise<void> {
    const start = this.view.epoch();
    while (!condition()) {
      if (this.view.epoch() > start + epochs) {
        const { justified, finalized } = this.view;
        const state = `epoch ${this.view.epoch()}, justified ${justified.epoch}, final ${finalized.epoch}`;
        const problems = [...this.problems].slice(-20).map(([problem, slot]) => `\n  slot ${slot}: ${problem}`);
        throw new Error(`${what}: not within ${epochs} epochs (${state})${problems.join("")}`);
      }
      await sleep(100);
    }
  }

  /** Accepted checkpoints of epochs after `epoch`, ascending. */
  checkpointsAfter(epoch: number): AcceptedCheckpoint[] {
    const accepted: AcceptedCheckpoint[] = [];
    for (let at = this.view.justified.epoch; at > epoch; ) {
      const checkpoint = this.view.checkpoint(at);
      if (checkpoint === null) break;
      accepted.unshift(checkpoint);
      at = checkpoint.checkpoint.body.sourceEpoch;
    }
    return accepted;
  }

  /** Number of the shard's last anchored block; 0 when there is none. */
  anchored(shardId: number): number {
    return this.view.checkpoint(this.view.justified.epoch)?.crosslinkOf(shardId - 1)?.lastBlock ?? 0;
  }

  /** Crosslinks of the shard in accepted checkpoints after `epoch`, ascending. */
  anchoredAfter(epoch: number, shardId: number): Crosslink[] {
    return this.checkpointsAfter(epoch).flatMap(({ changed }) =>
      changed.map(({ crosslink }) => crosslink).filter((crosslink) => crosslink.shardId === shardId),
    );
  }

  /** Blocks of the shard, as its operator's JSON-RPC publishes them. */
  get publishedBlocks(): BlockSource {
    return rpcBlockSource(this.#api.url);
  }

  async headersOf({ shardId, firstBlock, lastBlock }: Crosslink): Promise<BlockHeader[]> {
    const blocks = await this.publishedBlocks(shardId, firstBlock, lastBlock);
    return blocks.map((block) => readBlockHeader(new ByteReader(block)));
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => this.stopMember(member)));
    await this.#watcher?.close();
    await this.#api?.close();
    await this.#observer?.stop();
    this.#provider?.destroy();
    await this.#parent?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #connect(name: string): T {
    return this.wrap(
      this.hub.connect(name, (error) => this.#report(name, error)),
      name,
    );
  }

  #report(name: string, error: unknown): void {
    const problem = `${name}: ${error instanceof Error ? error.message : String(error)}`;
    if (this.problems.has(problem)) return;
    this.problems.set(problem, this.#observer?.view.slot() ?? 0);
    if (process.env["WATCHFIRE_E2E_VERBOSE"] !== undefined)
      console.log(`      slot ${this.problems.get(problem)}: ${problem}`);
  }
}
