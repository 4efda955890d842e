import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { JsonRpcProvider } from "ethers";
import { createNativeCrypto } from "../../../crypto/native.ts";
import type { Crosslink } from "../../../protocol/crosslink.ts";
import { crosslinkHash } from "../../../protocol/crosslink.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { addressOfKey } from "../../../protocol/operator-signature.ts";
import { type Parameters, parametersFor } from "../../../protocol/presets.ts";
import { depositToInbox } from "../../../relayer/parent/actions/add-inbox-entry.ts";
import { scheduleGenesis } from "../../../relayer/parent/actions/schedule-genesis.ts";
import { submitCheckpoint } from "../../../relayer/parent/actions/submit-checkpoint.ts";
import { connectContracts } from "../../../relayer/parent/contracts.ts";
import type { DeploymentRecord } from "../../../relayer/parent/deployment.ts";
import { ParentFollower } from "../../../relayer/parent/parent-follower.ts";
import type { ParentView } from "../../../relayer/parent/parent-view.ts";
import { connectProvider } from "../../../relayer/parent/rpc.ts";
import { TransactionSender } from "../../../relayer/parent/transaction-sender.ts";
import { type OperatorKeys, operatorKeys } from "../../../scripts/devnet/keys.ts";
import { type ParentChain, startParentChain } from "../../../scripts/devnet/parent-chain.ts";
import { deploy, launcherKey, populate } from "../../../scripts/devnet/setup.ts";
import { conspire } from "../../../scripts/fraud/conspiracy.ts";

const VALIDATORS = 40;
const SHARDS = 2;
const DEPOSIT = 10n ** 18n;
const SECONDS_TO_GENESIS = 60;
/** Coins for whoever sends transactions. */
const FUNDS = 10n ** 19n;

/** Ten blocks of one second in a slot: what goes on in an epoch on the parent chain has room, without anybody waiting. */
export const FRAUD_PARAMETERS: Parameters = {
  ...parametersFor("minimal", "devnet"),
  secondsPerSlot: 10,
  forceEpochs: 6,
};

/**
 * Real contracts on Hardhat's network, whose time stands still but for what a test lets pass, two shards of two operators, and
 * validators who can all be bought. What a test does is taken back before the next one.
 */
export class FraudChain {
  readonly crypto: Crypto;
  readonly operators: readonly OperatorKeys[];
  readonly parameters = FRAUD_PARAMETERS;
  deployment!: DeploymentRecord;
  #parent!: ParentChain;
  #provider!: JsonRpcProvider;
  #genesisTime = 0;
  #snapshot = "";
  readonly #folder = mkdtempSync(path.join(tmpdir(), "watchfire-fraud-"));

  private constructor(crypto: Crypto) {
    this.crypto = crypto;
    this.operators = operatorKeys(this.#folder, SHARDS, VALIDATORS);
  }

  /** Deposits of one coin wait for the operator of every shard; epoch 0 has begun. */
  static async start(): Promise<FraudChain> {
    const chain = new FraudChain(await createNativeCrypto());
    try {
      await chain.#start();
      return chain;
    } catch (error) {
      await chain.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { crypto, operators, parameters } = this;
    this.#parent = await startParentChain(0);
    const { url } = this.#parent;
    this.#provider = await connectProvider(url, { attempts: 3 });
    const provider = this.#provider;
    const key = launcherKey((await provider.getNetwork()).chainId, undefined);
    const launcher = new TransactionSender(provider, key, { intervalMs: 20 });
    const setup = { crypto, provider, url, launcherKey: key, parameters, shards: SHARDS, operators, say: () => {} };
    this.deployment = await deploy(setup);
    await populate(setup, this.deployment, launcher);
    for (let shard = 1; shard <= SHARDS; shard++) {
      await depositToInbox(launcher, this.deployment.addresses, shard, this.addressOf(shard), DEPOSIT);
    }
    const latest = await provider.getBlock("latest");
    const at = (latest?.timestamp ?? 0) + SECONDS_TO_GENESIS;
    this.#genesisTime = (await scheduleGenesis(launcher, this.deployment.addresses, at)).genesisTime;
    await this.passTo(this.#genesisTime);
    this.#snapshot = await provider.send("evm_snapshot", []);
  }

  get provider(): JsonRpcProvider {
    return this.#provider;
  }

  get contracts() {
    return connectContracts(this.deployment.addresses, this.#provider);
  }

  /** secp256k1 key of the shard's first operator. */
  keyOf(shardId: number): Uint8Array {
    return (this.operators[shardId - 1] as OperatorKeys).accountKey;
  }

  addressOf(shardId: number): Uint8Array {
    return addressOfKey(this.crypto, this.keyOf(shardId));
  }

  /** Takes back whatever happened since the start; gives a new look at the chain, that is moved by `poll`. */
  async renew(): Promise<ParentFollower> {
    await this.#provider.send("evm_revert", [this.#snapshot]);
    this.#snapshot = await this.#provider.send("evm_snapshot", []);
    const follower = await ParentFollower.connect(this.crypto, this.#provider, this.deployment);
    await follower.poll();
    return follower;
  }

  /** An account with coins, and who sends for it. */
  async fund(key: Uint8Array): Promise<TransactionSender> {
    const address = addressOfKey(this.crypto, key);
    const hex = `0x${Buffer.from(address).toString("hex")}`;
    await this.#provider.send("hardhat_setBalance", [hex, `0x${FUNDS.toString(16)}`]);
    return new TransactionSender(this.#provider, key, { intervalMs: 20 });
  }

  /** The next block is of that time. */
  async passTo(timestamp: number): Promise<void> {
    await this.#provider.send("evm_setNextBlockTimestamp", [timestamp]);
    await this.#provider.send("evm_mine", []);
  }

  /** Does nothing when that epoch has begun. */
  async passToEpoch(epoch: number): Promise<void> {
    const { secondsPerSlot, slotsPerEpoch } = this.parameters;
    const begins = this.#genesisTime + epoch * secondsPerSlot * slotsPerEpoch;
    const latest = await this.#provider.getBlock("latest");
    if (latest !== null && latest.timestamp < begins) await this.passTo(begins);
  }

  async mine(): Promise<void> {
    await this.#provider.send("evm_mine", []);
  }

  /** Everybody votes in favour of a crosslink that nobody has checked, in the epoch after its own. */
  async anchor(follower: ParentFollower, sender: TransactionSender, crosslink: Crosslink): Promise<Uint8Array> {
    const { crypto, operators } = this;
    const { epoch } = crosslink;
    await this.passToEpoch(epoch + 1);
    await follower.poll();
    const keys = operators.flatMap(({ validatorKeys }) => validatorKeys);
    const submission = conspire(crypto, follower.view, keys, epoch, crosslink);
    const { status } = await submitCheckpoint(sender, this.deployment.addresses, submission);
    if (status !== "accepted") throw new Error(`the checkpoint of epoch ${epoch} is ${status}`);
    await follower.poll();
    return crosslinkHash(crypto, follower.view.domain, crosslink);
  }

  /** wei left of each validator's stake, by number. */
  async stakes(view: ParentView): Promise<Map<number, bigint>> {
    const { staking } = this.contracts;
    const numbers = Array.from({ length: view.validatorCount() }, (_, i) => i + 1);
    const amounts = await Promise.all(numbers.map(async (each) => (await staking.stakeOf(each)).amount));
    return new Map(numbers.map((each, i) => [each, amounts[i] as bigint]));
  }

  async close(): Promise<void> {
    this.#provider?.destroy();
    await this.#parent?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
