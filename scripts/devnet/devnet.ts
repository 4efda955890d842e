import { setTimeout as sleep } from "node:timers/promises";
import { createNativeCrypto } from "../../crypto/native.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { type Parameters, parametersFor } from "../../protocol/presets.ts";
import { type ApiServer, createApiServer } from "../../relayer/api/server.ts";
import { LocalHub } from "../../relayer/network/local-hub.ts";
import { startNode, type WatchfireNode } from "../../relayer/node.ts";
import type { DeploymentRecord } from "../../relayer/parent/deployment.ts";
import { ParentFollower } from "../../relayer/parent/parent-follower.ts";
import type { AcceptedCheckpoint } from "../../relayer/parent/parent-view.ts";
import { connectProvider } from "../../relayer/parent/rpc.ts";
import { TransactionSender } from "../../relayer/parent/transaction-sender.ts";
import { vaultTotals } from "../../relayer/parent/vault-totals.ts";
import { audit } from "../../relayer/watcher/audit.ts";
import { rpcBlockSource } from "../../relayer/watcher/rpc-block-source.ts";
import { AuditFailure } from "../../relayer/watcher/shard-replay.ts";
import { ICrosslinkAnchors__factory } from "../../types/factories/beacon/ICrosslinkAnchors__factory.ts";
import { Demo } from "./demo.ts";
import { type OperatorKeys, operatorKeys, userKey } from "./keys.ts";
import type { DevnetOptions } from "./options.ts";
import { type ParentChain, startParentChain } from "./parent-chain.ts";
import { Problems, Progress } from "./progress.ts";
import type { Report } from "./report.ts";
import { deploy, launch, launcherKey, populate, type SetupOptions } from "./setup.ts";
import { slotLength } from "./slot-length.ts";
import { explainUndelivered } from "./undelivered.ts";

/** Shards that are opened when nothing is said: the mainnet preset has room for more than a first look needs. */
const DEFAULT_SHARDS = 4;
/** Epochs that the demo may take beyond the ones asked for, before something must be wrong. */
const PATIENCE_EPOCHS = 24;
const TICK_MS = 250;

/** The main job: a parent chain, a deployment, the nodes, and payments through them. */
export class Devnet {
  readonly #options: DevnetOptions;
  readonly #dataDirectory: string;
  readonly #say: (line: string) => void;
  readonly #nodes: WatchfireNode[] = [];
  readonly #problems: Problems;
  readonly #closers: (() => Promise<void> | void)[] = [];
  #setup!: SetupOptions;
  #deployment!: DeploymentRecord;
  #launcher!: TransactionSender;
  #api!: ApiServer;
  #parent: ParentChain | null = null;
  /** What is being done, for messages. */
  stage = "starting";

  constructor(options: DevnetOptions, dataDirectory: string, say: (line: string) => void) {
    this.#options = options;
    this.#dataDirectory = dataDirectory;
    this.#say = say;
    this.#problems = new Problems(say);
  }

  /** Everything up to genesis and running nodes. */
  async start(signal: AbortSignal): Promise<void> {
    const { preset, profile, shards, committee, operators, slotSeconds } = this.#options;
    this.stage = "choosing parameters";
    const wanted = shards ?? DEFAULT_SHARDS;
    const overrides = {
      ...(shards === undefined ? {} : { shards }),
      ...(committee === undefined ? {} : { committee }),
    };
    const { secondsPerSlot: profileSeconds, ...others } = parametersFor(preset, profile, overrides);
    const secondsPerSlot = slotSeconds ?? slotLength(profileSeconds, wanted, operators);
    const parameters = { ...others, secondsPerSlot };
    const validators = wanted * parameters.committeeSize;
    const crypto = await createNativeCrypto();
    const keys = operatorKeys(this.#dataDirectory, operators, validators);
    this.#say(
      `${wanted} shards, committees of ${parameters.committeeSize}, ${validators} validators of ${operators} operators`,
    );
    if (slotSeconds === undefined && secondsPerSlot !== profileSeconds) {
      this.#say(
        `slots of ${secondsPerSlot} s instead of ${profileSeconds} s: this one process checks every shard for every ` +
          "operator (--slot-seconds sets another length)",
      );
    }

    await this.#connectParent(crypto, parameters, wanted, keys);
    signal.throwIfAborted();
    this.stage = "deploying the contracts";
    this.#deployment = await deploy(this.#setup);
    this.#say(`contracts deployed, registry at ${this.#deployment.addresses.registry}`);
    this.stage = "registering validators and opening shards";
    await populate(this.#setup, this.#deployment, this.#launcher);
    signal.throwIfAborted();

    this.stage = "starting the nodes";
    await this.#startNodes(crypto, keys);
    await this.#serve();
    this.stage = "setting genesis";
    await this.#parent?.mineAtIntervals(parameters.secondsPerSlot * 1000);
    const genesis = await launch(this.#setup, this.#deployment, this.#launcher);
    this.#say(
      `genesis at ${new Date(genesis * 1000).toISOString()}; an epoch takes ${parameters.secondsPerSlot * parameters.slotsPerEpoch} s`,
    );
  }

  /** Drives the demo. Null when it was stopped. @throws when a payment fails or the epochs do not come */
  async run(signal: AbortSignal): Promise<Report | null> {
    const begun = performance.now();
    const { epochs } = this.#options;
    const { view } = this.#observer;
    const demo = new Demo({
      shards: view.shards().map(({ id, chainId }) => ({ id, chainId, url: `${this.#api.url}/shards/${id}` })),
      addresses: this.#deployment.addresses,
      launcher: this.#launcher,
      user: userKey(this.#dataDirectory),
      say: this.#say,
      signal,
    });
    this.#closers.push(() => demo.close());
    this.stage = "waiting for genesis";
    while (view.genesisTime === null || view.head.timestamp < view.genesisTime)
      await sleep(TICK_MS, undefined, { signal });

    this.stage = "paying through the shards";
    let failure: unknown = null;
    const payments = demo.run().catch((error: unknown) => {
      failure = error;
    });
    const progress = new Progress(view, demo, this.#say);
    let round = view.epoch();
    for (;;) {
      if (signal.aborted) return null;
      if (failure !== null) throw failure;
      progress.tell();
      if (epochs !== undefined) {
        if (view.finalized.epoch >= epochs && demo.isDone) break;
        if (view.epoch() > epochs + PATIENCE_EPOCHS) {
          throw this.#tooLate(demo);
        }
      }
      if (demo.isDone && view.epoch() > round) {
        round = view.epoch();
        await demo.round();
      }
      await sleep(TICK_MS);
    }
    await payments;
    this.stage = "auditing";
    return this.#report(demo, Math.round((performance.now() - begun) / 1000));
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }

  get #observer(): WatchfireNode {
    return this.#nodes[0] as WatchfireNode;
  }

  async #connectParent(
    crypto: Crypto,
    parameters: Parameters,
    shards: number,
    keys: readonly OperatorKeys[],
  ): Promise<void> {
    this.stage = "starting the parent chain";
    if (this.#options.parent === undefined) {
      const parent = await startParentChain();
      this.#parent = parent;
      this.#closers.push(() => parent.close());
      parent.onExit((code) => {
        this.#say(`the parent chain ended by itself, with exit code ${code}`);
        process.exit(1);
      });
      this.#say(`parent chain: Hardhat's network at ${parent.url}`);
    }
    const url = this.#options.parent ?? (this.#parent as ParentChain).url;
    this.stage = `connecting to the parent chain at ${url}`;
    const provider = await connectProvider(url, { attempts: 3 });
    this.#closers.push(() => provider.destroy());
    const { chainId } = await provider.getNetwork();
    if (this.#parent === null) this.#say(`parent chain: ${chainId} at ${url}`);
    const key = launcherKey(chainId, this.#options.keyFile);
    this.#launcher = new TransactionSender(provider, key);
    this.#setup = { crypto, provider, url, launcherKey: key, parameters, shards, operators: keys, say: this.#say };
  }

  async #startNodes(crypto: Crypto, keys: readonly OperatorKeys[]): Promise<void> {
    const hub = new LocalHub();
    const { queue } = this.#options;
    const nodes = await Promise.all(
      keys.map((operator, rank) => {
        const onError = (error: unknown) => this.#problems.tell(operator.name, error);
        return startNode({
          crypto,
          parentUrl: this.#setup.url,
          deployment: this.#deployment,
          transport: hub.connect(operator.name, onError),
          dataDirectory: `${this.#dataDirectory}/${operator.name}`,
          validatorKeys: operator.validatorKeys,
          accountKey: operator.accountKey,
          posting: { rank, posters: keys.length },
          // One is enough where all nodes are one program: each more would verify everything once more.
          ...(rank === 0 ? { watching: { rank: 0, watchers: 1 } } : {}),
          ...(queue === undefined ? {} : { queue }),
          onError,
          onWarning: (message) => this.#say(`${operator.name}: ${message}`),
        });
      }),
    );
    for (const node of nodes) this.#closers.push(() => node.close());
    this.#nodes.push(...nodes);
    this.#say(`${nodes.length} nodes run; their data are in ${this.#dataDirectory}`);
  }

  /** One address for all shards: each request goes to the node that operates its shard. */
  async #serve(): Promise<void> {
    const { view } = this.#observer;
    this.#api = await createApiServer({
      port: this.#options.port,
      handlers: {
        index: () => ({
          parentChainId: Number(view.domain.parentChainId),
          addresses: this.#deployment.addresses,
          deploymentBlock: this.#deployment.deploymentBlock,
          shards: view.shards().map(({ id, chainId }) => ({ id, chainId, rpc: `/shards/${id}` })),
        }),
        shard: (id) => this.#nodes.map((node) => node.shardRpc(id)).find((rpc) => rpc !== undefined),
        onError: (error) => this.#problems.tell("api", error),
      },
    });
    this.#closers.push(() => this.#api.close());
    for (const { id, chainId } of view.shards())
      this.#say(`shard ${id}: ${this.#api.url}/shards/${id}, chain id ${chainId}`);
  }

  async #report(demo: Demo, seconds: number): Promise<Report> {
    const { view } = this.#observer;
    const accepted: AcceptedCheckpoint[] = [];
    for (let epoch = view.justified.epoch; epoch > 0; ) {
      const checkpoint = view.checkpoint(epoch);
      if (checkpoint === null) break;
      accepted.push(checkpoint);
      epoch = checkpoint.checkpoint.body.sourceEpoch;
    }
    return {
      finalizedEpoch: view.finalized.epoch,
      settledEpoch: view.settled.epoch,
      checkpoints: accepted.length,
      shards: view.shards().length,
      validators: view.occupiedCount(view.epoch()),
      operators: this.#nodes.length,
      transactions: demo.transactions,
      crossShardDelivered: demo.crossShardDelivered,
      withdrawn: demo.withdrawn,
      gasPerCheckpoint: await this.#gasPerCheckpoint(accepted),
      valueConserved: await this.#audit(),
      seconds,
    };
  }

  /** What has not come to its end in all the time that it had, and why. */
  #tooLate(demo: Demo): Error {
    const { view } = this.#observer;
    const waiting = explainUndelivered(view, demo.inFlight);
    const state =
      `epoch ${view.epoch()} has begun, final is ${view.finalized.epoch} and settled ${view.settled.epoch}; ` +
      `${demo.crossShardDelivered} payments to other shards are delivered, ${demo.withdrawn} withdrawals paid`;
    const deposits = demo.deposited ? [] : ["the deposits have not arrived on every shard"];
    return new Error([state, ...deposits, ...waiting].join("; "));
  }

  async #gasPerCheckpoint(accepted: readonly AcceptedCheckpoint[]): Promise<number> {
    const { provider } = this.#setup;
    let gas = 0n;
    for (const { acceptedBlock } of accepted) {
      const { addresses } = this.#deployment;
      const anchors = ICrosslinkAnchors__factory.connect(addresses.anchors, provider);
      const [event] = await anchors.queryFilter(anchors.filters.CheckpointAccepted(), acceptedBlock, acceptedBlock);
      gas += (await event?.getTransactionReceipt())?.gasUsed ?? 0n;
    }
    return accepted.length === 0 ? 0 : Number(gas / BigInt(accepted.length));
  }

  /** The same audit as `npm run audit`, through the same endpoints. */
  async #audit(): Promise<boolean> {
    const { crypto, provider } = this.#setup;
    const follower = await ParentFollower.connect(crypto, provider, this.#deployment);
    await follower.poll();
    const { balance, paid } = await vaultTotals(provider, this.#deployment, follower.view.head.number);
    try {
      await audit({
        crypto,
        view: follower.view,
        source: rpcBlockSource(this.#api.url),
        vaultBalance: balance,
        paidWithdrawals: paid,
      });
      return true;
    } catch (error) {
      if (!(error instanceof AuditFailure)) throw error;
      this.#say(error.message);
      return false;
    }
  }
}
