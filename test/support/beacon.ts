import type { Addressable, Signer } from "ethers";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { createNativeCrypto } from "../../crypto/native.ts";
import { proveBatchPossession } from "../../protocol/bls.ts";
import { concat, fromHex, toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { createDomain, type Domain } from "../../protocol/eip712.ts";
import { type Parameters, parametersFor } from "../../protocol/presets.ts";
import { batchProofOfPossessionDigest } from "../../protocol/vote.ts";
import { BeaconRegistry__factory } from "../../types/factories/beacon/BeaconRegistry__factory.ts";
import { CrosslinkAnchors__factory } from "../../types/factories/beacon/CrosslinkAnchors__factory.ts";
import { RollCall__factory } from "../../types/factories/beacon/RollCall__factory.ts";
import { Slashings__factory } from "../../types/factories/beacon/Slashings__factory.ts";
import { Staking__factory } from "../../types/factories/beacon/Staking__factory.ts";
import { DisputesMock__factory } from "../../types/factories/mocks/DisputesMock__factory.ts";
import { Inbox__factory } from "../../types/factories/shards/Inbox__factory.ts";
import { ShardRegistry__factory } from "../../types/factories/shards/ShardRegistry__factory.ts";
import { Vault__factory } from "../../types/factories/shards/Vault__factory.ts";
import { keyPair } from "./bls-keys.ts";
import { SeededRandom } from "./random.ts";

/** One transaction takes a second of the test chain; with slots of a minute a test can make many within a slot. */
export const TEST_PARAMETERS: Parameters = { ...parametersFor("minimal", "devnet"), secondsPerSlot: 60 };

const SECONDS_TO_GENESIS = 10_000;

export type KeyPair = ReturnType<typeof keyPair>;
export type Beacon = Awaited<ReturnType<typeof deployBeacon>>;

type Ethers = NetworkConnection["ethers"];

export async function firstSigner(ethers: Ethers) {
  const [signer] = await ethers.getSigners();
  if (signer === undefined) throw new Error("the network has no accounts");
  return signer;
}

/** What the contracts that dispute are deployed with. */
export interface Disputable {
  readonly launcher: Signer;
  readonly registry: Addressable;
  readonly anchors: Addressable;
  readonly staking: Addressable;
  readonly shards: Addressable;
  readonly inbox: Addressable;
}

const mockDisputes = ({ launcher }: Disputable): Promise<Addressable> => new DisputesMock__factory(launcher).deploy();

/**
 * All contracts on a fresh chain, wired; nobody enrolled, genesis not scheduled. The first account is the launcher.
 * @param deployDisputes what may make entries void; a mock, in whose name a test acts, unless the test has judges
 */
export async function deployBeacon(parameters: Parameters = TEST_PARAMETERS, deployDisputes = mockDisputes) {
  const connection = await network.create();
  const { ethers, networkHelpers } = connection;
  const [launcher, stranger] = await ethers.getSigners();
  if (launcher === undefined || stranger === undefined) throw new Error("the network has no accounts");
  const registry = await new BeaconRegistry__factory(launcher).deploy(parameters);
  const staking = await new Staking__factory(launcher).deploy(registry);
  const shards = await new ShardRegistry__factory(launcher).deploy(registry);
  const anchors = await new CrosslinkAnchors__factory(launcher).deploy(registry, shards);
  const slashings = await new Slashings__factory(launcher).deploy(registry, staking, anchors, shards);
  const vault = await new Vault__factory(launcher).deploy(registry, anchors);
  const inbox = await new Inbox__factory(launcher).deploy(registry, shards, vault);
  const rollCall = await new RollCall__factory(launcher).deploy(registry, anchors, staking);
  const disputes = await deployDisputes({ launcher, registry, anchors, staking, shards, inbox });
  const contracts = { registry, staking, shards, anchors, slashings, vault, inbox, rollCall, disputes };
  await registry.initialize(beaconContracts(contracts));

  const crypto: Crypto = await createNativeCrypto();
  const { chainId } = await ethers.provider.getNetwork();
  const domain: Domain = createDomain(crypto, chainId, fromHex(await registry.getAddress()));
  return { connection, ethers, networkHelpers, launcher, stranger, ...contracts, crypto, domain, parameters };
}

/** What `BeaconRegistry.initialize` takes. */
export function beaconContracts({
  staking,
  anchors,
  slashings,
  rollCall,
  disputes,
}: Record<"staking" | "anchors" | "slashings" | "rollCall" | "disputes", Addressable>) {
  return { staking, anchors, slashings, rollCall, disputes };
}

/** A signer that is a contract, or any other account; it has coins for gas. */
export async function impersonate({ ethers, networkHelpers }: Beacon, account: Addressable | string) {
  const address = typeof account === "string" ? account : await account.getAddress();
  await networkHelpers.impersonateAccount(address);
  await networkHelpers.setBalance(address, (await ethers.provider.getBalance(address)) + 10n ** 18n);
  return ethers.getSigner(address);
}

/** Keys of new validators, the same for a seed. */
export function newKeys(crypto: Crypto, count: number, random = new SeededRandom()): KeyPair[] {
  return Array.from({ length: count }, () => keyPair(crypto, random));
}

/** Arguments of `Staking.depositBatch` for these keys. */
export function batchDeposit(beacon: Beacon, keys: readonly KeyPair[], owner: string) {
  const publicKeys = concat(...keys.map(({ point }) => point));
  const digest = batchProofOfPossessionDigest(beacon.crypto, beacon.domain, publicKeys, fromHex(owner));
  const proof = proveBatchPossession(
    beacon.crypto,
    keys.map(({ secretKey }) => secretKey),
    digest,
  );
  return { publicKeys: toHex(publicKeys), proof: toHex(beacon.crypto.bls.decompressG2(proof)) };
}

/** Deposits for all keys, in batches. */
export async function depositAll(beacon: Beacon, keys: readonly KeyPair[], perBatch = 32): Promise<void> {
  const owner = beacon.stranger.address;
  for (let i = 0; i < keys.length; i += perBatch) {
    const batch = keys.slice(i, i + perBatch);
    const { publicKeys, proof } = batchDeposit(beacon, batch, owner);
    const value = beacon.parameters.stake * BigInt(batch.length);
    await beacon.staking.depositBatch(publicKeys, proof, owner, { value });
  }
}

/** Schedules genesis and lets it pass; returns its time. */
export async function passGenesis(beacon: Beacon): Promise<number> {
  const genesisTime =
    (await beacon.networkHelpers.time.latest()) + Math.min(SECONDS_TO_GENESIS, beacon.parameters.launchPeriod);
  await beacon.registry.scheduleGenesis(genesisTime);
  await beacon.networkHelpers.time.increaseTo(genesisTime);
  return genesisTime;
}

/** Lets the first block of the epoch pass. */
export async function passToEpoch(beacon: Beacon, epoch: number): Promise<void> {
  const genesisTime = Number(await beacon.registry.genesisTime());
  const { secondsPerSlot, slotsPerEpoch } = beacon.parameters;
  await beacon.networkHelpers.time.increaseTo(genesisTime + epoch * secondsPerSlot * slotsPerEpoch);
}

/** The seat that will propose in an epoch to come, if nothing is accepted until then. */
export async function futureProposer(beacon: Beacon, epoch: number): Promise<number> {
  const present = await beacon.networkHelpers.takeSnapshot();
  await passToEpoch(beacon, epoch);
  const { seat } = await beacon.registry.proposer(epoch);
  await present.restore();
  return Number(seat);
}

export async function openShards(beacon: Beacon, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await beacon.shards.open(beacon.launcher.address, { value: beacon.parameters.shardBond });
  }
}
