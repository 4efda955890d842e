import { type ContractFactory, type JsonRpcProvider, Wallet } from "ethers";
import { network } from "hardhat";
import { fromHex } from "../../../../protocol/bytes.ts";
import type { Parameters } from "../../../../protocol/presets.ts";
import type { DeploymentRecord } from "../../../../relayer/parent/deployment.ts";
import { connectProvider } from "../../../../relayer/parent/rpc.ts";
import { BeaconRegistry__factory } from "../../../../types/factories/beacon/BeaconRegistry__factory.ts";
import { CrosslinkAnchors__factory } from "../../../../types/factories/beacon/CrosslinkAnchors__factory.ts";
import { RollCall__factory } from "../../../../types/factories/beacon/RollCall__factory.ts";
import { Slashings__factory } from "../../../../types/factories/beacon/Slashings__factory.ts";
import { Staking__factory } from "../../../../types/factories/beacon/Staking__factory.ts";
import { DataChallenges__factory } from "../../../../types/factories/disputes/DataChallenges__factory.ts";
import { Disputes__factory } from "../../../../types/factories/disputes/Disputes__factory.ts";
import { IgnoredDuties__factory } from "../../../../types/factories/disputes/IgnoredDuties__factory.ts";
import { InvalidCrosslink__factory } from "../../../../types/factories/disputes/InvalidCrosslink__factory.ts";
import { InvalidStep__factory } from "../../../../types/factories/disputes/InvalidStep__factory.ts";
import { LedgerVerifier__factory } from "../../../../types/factories/disputes/LedgerVerifier__factory.ts";
import { Inbox__factory } from "../../../../types/factories/shards/Inbox__factory.ts";
import { ShardRegistry__factory } from "../../../../types/factories/shards/ShardRegistry__factory.ts";
import { Vault__factory } from "../../../../types/factories/shards/Vault__factory.ts";

/** Account 0 of every Hardhat network, which holds 10,000 ether. */
const LAUNCHER_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/** A fresh chain of Hardhat's behind an HTTP endpoint; its clock moves as the test says. */
export class TestChain {
  readonly url: string;
  readonly provider: JsonRpcProvider;
  readonly close: () => Promise<void>;

  private constructor(url: string, provider: JsonRpcProvider, close: () => Promise<void>) {
    this.url = url;
    this.provider = provider;
    this.close = close;
  }

  static async start(): Promise<TestChain> {
    const server = await network.createServer("default", "127.0.0.1", 0);
    const { address, port } = await server.listen();
    const url = `http://${address}:${port}`;
    const provider = await connectProvider(url, { attempts: 1 });
    return new TestChain(url, provider, async () => {
      provider.destroy();
      await server.close();
    });
  }

  /** The launcher's key: 32 bytes. */
  get launcherKey(): Uint8Array {
    return fromHex(LAUNCHER_KEY);
  }

  mine(blocks = 1): Promise<unknown> {
    return this.provider.send("hardhat_mine", [`0x${blocks.toString(16)}`]);
  }

  /** Mines a block with this timestamp. */
  async mineAt(time: number): Promise<void> {
    await this.provider.send("evm_setNextBlockTimestamp", [time]);
    await this.mine();
  }

  async now(): Promise<number> {
    return (await this.provider.getBlock("latest"))?.timestamp ?? 0;
  }

  snapshot(): Promise<string> {
    return this.provider.send("evm_snapshot", []);
  }

  async revert(snapshot: string): Promise<void> {
    await this.provider.send("evm_revert", [snapshot]);
  }

  async deploy(parameters: Parameters): Promise<DeploymentRecord> {
    const wallet = new Wallet(LAUNCHER_KEY, this.provider);
    let nonce = await wallet.getNonce();
    const deploymentBlock = (await this.provider.getBlockNumber()) + 1;
    const create = async (factory: ContractFactory, ...args: unknown[]): Promise<string> => {
      const contract = await factory.deploy(...args, { nonce: nonce++ });
      await contract.deploymentTransaction()?.wait();
      return contract.getAddress();
    };
    const registry = await create(new BeaconRegistry__factory(wallet), parameters);
    const shardRegistry = await create(new ShardRegistry__factory(wallet), registry);
    const anchors = await create(new CrosslinkAnchors__factory(wallet), registry, shardRegistry);
    const staking = await create(new Staking__factory(wallet), registry);
    const slashings = await create(new Slashings__factory(wallet), registry, staking, anchors, shardRegistry);
    const vault = await create(new Vault__factory(wallet), registry, anchors);
    const inbox = await create(new Inbox__factory(wallet), registry, shardRegistry, vault);
    const rollCall = await create(new RollCall__factory(wallet), registry, anchors, staking);
    const verifier = await create(new LedgerVerifier__factory(wallet), registry, shardRegistry, inbox, anchors);
    const invalidCrosslink = await create(new InvalidCrosslink__factory(wallet), registry);
    const invalidStep = await create(new InvalidStep__factory(wallet), registry, verifier);
    const ignoredDuties = await create(new IgnoredDuties__factory(wallet), registry, inbox);
    const dataChallenges = await create(new DataChallenges__factory(wallet), registry, anchors);
    const judges = [...Array(5).fill(invalidCrosslink), invalidStep, ignoredDuties, ignoredDuties, dataChallenges];
    const disputes = await create(new Disputes__factory(wallet), registry, anchors, staking, shardRegistry, judges);
    const contracts = { staking, anchors, slashings, rollCall, disputes };
    await (await BeaconRegistry__factory.connect(registry, wallet).initialize(contracts, { nonce })).wait();
    const shards = { shardRegistry, inbox, vault };
    const addresses = { registry, staking, anchors, slashings, rollCall, disputes, dataChallenges, ...shards };
    return { addresses, deploymentBlock };
  }
}
