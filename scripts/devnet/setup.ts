import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { HDNodeWallet, type JsonRpcProvider, Mnemonic } from "ethers";
import { network } from "hardhat";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { createDomain, type Domain } from "../../protocol/eip712.ts";
import { addressOfKey } from "../../protocol/operator-signature.ts";
import type { Parameters } from "../../protocol/presets.ts";
import { openShard } from "../../relayer/parent/actions/open-shard.ts";
import { packKeys, SEATS_PER_GROUP } from "../../relayer/parent/actions/pack-keys.ts";
import { registerValidators } from "../../relayer/parent/actions/register-validators.ts";
import { scheduleGenesis } from "../../relayer/parent/actions/schedule-genesis.ts";
import type { DeploymentRecord } from "../../relayer/parent/deployment.ts";
import { TransactionSender } from "../../relayer/parent/transaction-sender.ts";
import { deployWatchfire } from "../deployment.ts";
import type { OperatorKeys } from "./keys.ts";
import { provePossessionOfAll } from "./possession.ts";

/** Where the launcher's coins come from, and what it spends them on. */

/** The accounts that Hardhat and anvil give coins to at their genesis. */
const LOCAL_CHAIN_ID = 31_337n;
const LOCAL_MNEMONIC = "test test test test test test test test test test test junk";

/** @throws Error that names the flag to give */
export function launcherKey(chainId: bigint, keyFile: string | undefined): Uint8Array {
  if (keyFile !== undefined) {
    const text = readFileSync(keyFile, "utf8").trim();
    const hex = text.startsWith("0x") ? text : `0x${text}`;
    if (!/^0x[0-9a-fA-F]{64}$/.test(hex))
      throw new Error(`--key-file: ${keyFile} holds no private key of 32 bytes in hexadecimal`);
    return fromHex(hex);
  }
  if (chainId !== LOCAL_CHAIN_ID)
    throw new Error(`chain ${chainId} is not a local one: give the deployer's key with --key-file`);
  return fromHex(HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(LOCAL_MNEMONIC)).privateKey);
}

/** Coins that each operator needs on the parent chain besides its stakes: it pays for what it posts. */
const POSTING_FUNDS = 10n ** 18n;

export interface SetupOptions {
  readonly crypto: Crypto;
  readonly provider: JsonRpcProvider;
  readonly url: string;
  readonly launcherKey: Uint8Array;
  readonly parameters: Parameters;
  readonly shards: number;
  readonly operators: readonly OperatorKeys[];
  readonly say: (line: string) => void;
}

export async function deploy(options: SetupOptions): Promise<DeploymentRecord> {
  const connection = await network.create({
    network: "parent",
    override: { url: options.url, accounts: [toHex(options.launcherKey)] },
  });
  try {
    return await deployWatchfire({ connection, parameters: options.parameters, throwAway: true });
  } finally {
    await connection.close();
  }
}

/** Operators stake for their validators, and every shard gets its operator, one after the other. */
export async function populate(
  options: SetupOptions,
  deployment: DeploymentRecord,
  launcher: TransactionSender,
): Promise<void> {
  const { crypto, provider, parameters, operators, shards, say } = options;
  const { addresses } = deployment;
  const domain = createDomain(crypto, (await provider.getNetwork()).chainId, fromHex(addresses.registry));
  for (const { accountKey, validatorKeys } of operators) {
    const to = toHex(addressOfKey(crypto, accountKey));
    const value = parameters.stake * BigInt(validatorKeys.length) + POSTING_FUNDS;
    await launcher.send({ action: "funding an operator", to, data: "0x", value });
  }
  const open = async () => {
    for (let i = 0; i < shards; i++) {
      const operator = operators[i % operators.length] as OperatorKeys;
      await openShard(launcher, addresses, addressOfKey(crypto, operator.accountKey), parameters.shardBond);
    }
    say(`${shards} shards opened`);
  };
  const stake = async () => {
    await Promise.all(operators.map((operator) => stakeFor(options, domain, deployment, operator)));
    say(`${validators} validators registered`);
  };
  const validators = operators.reduce((sum, { validatorKeys }) => sum + validatorKeys.length, 0);
  await Promise.all([open(), stake()]);
  // With thousands of seats one operator's absence fits no block as long as its keys are not packed.
  const groups = Math.floor(validators / SEATS_PER_GROUP);
  if (groups > 0) {
    await packKeys(launcher, addresses, { groups, max: groups });
    say(`keys of ${groups * SEATS_PER_GROUP} seats packed`);
  }
}

async function stakeFor(
  { crypto, provider, parameters }: SetupOptions,
  domain: Domain,
  { addresses }: DeploymentRecord,
  operator: OperatorKeys,
): Promise<void> {
  const sender = new TransactionSender(provider, operator.accountKey);
  const withdrawalAddress = addressOfKey(crypto, operator.accountKey);
  for (const batch of provePossessionOfAll(crypto, domain, operator.validatorKeys, withdrawalAddress)) {
    await registerValidators(crypto, sender, addresses, { ...batch, withdrawalAddress }, parameters.stake);
  }
}

/** Genesis as soon as everybody can be ready for it. */
export async function launch(
  { provider, parameters }: SetupOptions,
  deployment: DeploymentRecord,
  launcher: TransactionSender,
): Promise<number> {
  // A block from now on: the last one may be old, if the chain mined none while the nodes started.
  const before = await provider.getBlockNumber();
  let latest = await provider.getBlock("latest");
  while (latest === null || latest.number <= before) {
    await sleep(100);
    latest = await provider.getBlock("latest");
  }
  const lead = Math.max(2 * parameters.secondsPerSlot, 4);
  return (await scheduleGenesis(launcher, deployment.addresses, latest.timestamp + lead)).genesisTime;
}
