import { existsSync, readFileSync } from "node:fs";
import { isError, type JsonRpcProvider } from "ethers";
import { PREDICATES } from "../../ledger/dispute-evidence.ts";
import { fromHex, toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { createDomain } from "../../protocol/eip712.ts";
import type { Parameters } from "../../protocol/presets.ts";
import type { ParametersStructOutput } from "../../types/beacon/IBeaconRegistry.ts";
import { connectContracts } from "./contracts.ts";
import { ParentInconsistent, ParentSettingError } from "./errors.ts";
import type { Deployment } from "./parent-state.ts";
import type { ContractAddresses } from "./parent-view.ts";

/** Where a deployment stands on its parent chain: what `deployments/<chainId>.json` holds. */
export interface DeploymentRecord {
  readonly addresses: ContractAddresses;
  /** Block of the first contract's creation: there is nothing to read before it. */
  readonly deploymentBlock: number;
}

/** @throws ParentSettingError when the chain has no such file, or it does not hold a deployment */
export function readDeploymentRecord(folder: string, chainId: bigint): DeploymentRecord {
  const file = `${folder}/${chainId}.json`;
  if (!existsSync(file)) {
    throw new ParentSettingError("parent.deployment", `there is no ${file}: nothing is deployed to chain ${chainId}`);
  }
  try {
    return checkedRecord(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new ParentSettingError("parent.deployment", `${file} is not the record of a deployment`, { cause });
  }
}

const NAMES = [
  "registry",
  "staking",
  "anchors",
  "slashings",
  "rollCall",
  "disputes",
  "dataChallenges",
  "shardRegistry",
  "inbox",
  "vault",
] as const;

/** @throws RangeError, TypeError when it is none */
export function checkedRecord(record: DeploymentRecord): DeploymentRecord {
  for (const name of NAMES) {
    if (fromHex(record.addresses[name]).length !== 20) throw new RangeError(`addresses.${name} is no address`);
  }
  if (!Number.isSafeInteger(record.deploymentBlock) || record.deploymentBlock < 0) {
    throw new RangeError("deploymentBlock is no block number");
  }
  return record;
}

/**
 * Reads what the contracts say of themselves.
 * @throws ParentSettingError naming the address at which the contract is not
 * @throws ParentInconsistent when the contracts are not of one deployment
 */
export async function readDeployment(
  crypto: Crypto,
  provider: JsonRpcProvider,
  addresses: ContractAddresses,
): Promise<Deployment> {
  await Promise.all(
    NAMES.map(async (name) => {
      if ((await provider.getCode(addresses[name])) === "0x") {
        throw new ParentSettingError(`parent.addresses.${name}`, `there is no contract at ${addresses[name]}`);
      }
    }),
  );
  const { registry } = connectContracts(addresses, provider);
  const [parameters, separator, staking, anchors, slashings, rollCall, disputes] = await Promise.all([
    registry.parameters(),
    registry.domainSeparator(),
    registry.staking(),
    registry.anchors(),
    registry.slashings(),
    registry.rollCall(),
    registry.disputes(),
  ]).catch((cause: unknown) => {
    if (!isError(cause, "CALL_EXCEPTION") && !isError(cause, "BAD_DATA")) throw cause;
    throw new ParentSettingError(
      "parent.addresses.registry",
      `the contract at ${addresses.registry} is no BeaconRegistry`,
      { cause },
    );
  });
  for (const [name, address] of [
    ["staking", staking],
    ["anchors", anchors],
    ["slashings", slashings],
    ["rollCall", rollCall],
    ["disputes", disputes],
  ] as const) {
    if (address.toLowerCase() !== addresses[name].toLowerCase()) {
      throw new ParentSettingError(`parent.addresses.${name}`, `the registry names ${address}, not ${addresses[name]}`);
    }
  }
  await requireDataChallenges(provider, addresses);

  const domain = createDomain(crypto, (await provider.getNetwork()).chainId, fromHex(addresses.registry));
  if (separator !== toHex(domain.separator)) {
    throw new ParentInconsistent(`the registry at ${addresses.registry} signs under another domain: ${separator}`);
  }
  return { domain, parameters: plainParameters(parameters), addresses };
}

/** Whom the disputes ask about silence is where data are asked for. */
async function requireDataChallenges(provider: JsonRpcProvider, addresses: ContractAddresses): Promise<void> {
  const { disputes } = connectContracts(addresses, provider);
  const judge = await disputes.judgeOf(PREDICATES.indexOf("Silence"));
  if (judge.toLowerCase() !== addresses.dataChallenges.toLowerCase()) {
    const problem = `the disputes name ${judge}, not ${addresses.dataChallenges}`;
    throw new ParentSettingError("parent.addresses.dataChallenges", problem);
  }
}

function plainParameters(p: ParametersStructOutput): Parameters {
  return {
    shardCount: Number(p.shardCount),
    committeeSize: Number(p.committeeSize),
    shuffleRounds: Number(p.shuffleRounds),
    minOccupied: Number(p.minOccupied),
    secondsPerSlot: Number(p.secondsPerSlot),
    slotsPerEpoch: Number(p.slotsPerEpoch),
    inputDelay: Number(p.inputDelay),
    submitEpochs: Number(p.submitEpochs),
    challengeEpochs: Number(p.challengeEpochs),
    challengeBlocks: Number(p.challengeBlocks),
    forceEpochs: Number(p.forceEpochs),
    inactivityEpochs: Number(p.inactivityEpochs),
    rollCallEpochs: Number(p.rollCallEpochs),
    slashingWindowEpochs: Number(p.slashingWindowEpochs),
    withdrawalDelayEpochs: Number(p.withdrawalDelayEpochs),
    withdrawalDelayBlocks: Number(p.withdrawalDelayBlocks),
    maxBlocks: Number(p.maxBlocks),
    launchPeriod: Number(p.launchPeriod),
    churnPerEpochMin: Number(p.churnPerEpochMin),
    churnQuotient: Number(p.churnQuotient),
    inboxEntriesPerEpoch: Number(p.inboxEntriesPerEpoch),
    maxForcedBytes: Number(p.maxForcedBytes),
    stake: p.stake,
    shardBond: p.shardBond,
    withdrawalLimitPerEpoch: p.withdrawalLimitPerEpoch,
  };
}
