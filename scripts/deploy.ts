import { parseArgs } from "node:util";
import { network } from "hardhat";
import { PRESETS, PROFILES, parametersFor, type SizeOverrides } from "../protocol/presets.ts";
import { BeaconRegistry__factory } from "../types/factories/beacon/BeaconRegistry__factory.ts";
import { deployWatchfire, writeDeploymentRecord } from "./deployment.ts";

/**
 * npm run deploy -- [--network parent] [--preset minimal] [--profile devnet] [--shards n] [--committee n]
 *                   [--genesis-in seconds] [--throw-away]
 *
 * Deploys to a network of hardhat.config.ts and records the addresses in deployments/<chainId>.json. Deposits are taken from
 * then on; without --genesis-in the launcher schedules genesis later.
 */
const { values } = parseArgs({
  options: {
    network: { type: "string", default: "parent" },
    preset: { type: "string", default: "minimal" },
    profile: { type: "string", default: "devnet" },
    shards: { type: "string" },
    committee: { type: "string" },
    "genesis-in": { type: "string" },
    "throw-away": { type: "boolean", default: false },
  },
});

function oneOf<K extends string>(option: string, value: string, choices: Record<K, unknown>): K {
  if (!Object.hasOwn(choices, value)) {
    throw new RangeError(`--${option} is one of ${Object.keys(choices).join(", ")}, not ${value}`);
  }
  return value as K;
}

function count(option: string, value: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(value)) throw new RangeError(`--${option} is a positive number, not ${value}`);
  return Number(value);
}

const overrides: SizeOverrides = {
  ...(values.shards === undefined ? {} : { shards: count("shards", values.shards) }),
  ...(values.committee === undefined ? {} : { committee: count("committee", values.committee) }),
};
const parameters = parametersFor(
  oneOf("preset", values.preset, PRESETS),
  oneOf("profile", values.profile, PROFILES),
  overrides,
);
const genesisIn = values["genesis-in"] === undefined ? null : count("genesis-in", values["genesis-in"]);

const connection = await network.create(values.network);
try {
  const { provider } = connection.ethers;
  const { chainId } = await provider.getNetwork();
  const record = await deployWatchfire({ connection, parameters, throwAway: values["throw-away"] });
  console.log(`deployed to chain ${chainId}: ${writeDeploymentRecord("deployments", chainId, record)}`);
  for (const [name, address] of Object.entries(record.addresses)) console.log(`  ${name.padEnd(14)} ${address}`);

  if (genesisIn !== null) {
    const [launcher] = await connection.ethers.getSigners();
    if (launcher === undefined) throw new Error(`network ${values.network} has no account`);
    const latest = await provider.getBlock("latest");
    if (latest === null) throw new Error("the parent chain has no block");
    const genesisTime = latest.timestamp + genesisIn;
    const registry = BeaconRegistry__factory.connect(record.addresses.registry, launcher);
    await (await registry.scheduleGenesis(genesisTime)).wait();
    console.log(`genesis at ${new Date(genesisTime * 1000).toISOString()}`);
  }
} finally {
  await connection.close();
}
