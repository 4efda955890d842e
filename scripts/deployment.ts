import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { NetworkConnection } from "hardhat/types/network";
import Watchfire from "../ignition/modules/watchfire.ts";
import type { Parameters } from "../protocol/presets.ts";
import { checkedRecord, type DeploymentRecord } from "../relayer/parent/deployment.ts";
import type { ContractAddresses } from "../relayer/parent/parent-view.ts";

export interface DeploymentOptions {
  /** Of `network.create(...)`; its first account deploys and becomes the launcher. */
  readonly connection: NetworkConnection;
  readonly parameters: Parameters;
  /**
   * The chain will be gone tomorrow and another one will have its id: keep no journal, wait for one confirmation. Otherwise
   * Ignition's journal in ignition/deployments lets an interrupted deployment go on where it stopped.
   */
  readonly throwAway: boolean;
}

/** Deploys and wires all contracts. */
export async function deployWatchfire({
  connection,
  parameters,
  throwAway,
}: DeploymentOptions): Promise<DeploymentRecord> {
  const deploymentBlock = await connection.ethers.provider.getBlockNumber();
  const deploymentId = `throwaway-${process.pid}-${Date.now()}`;
  try {
    const contracts = await connection.ignition.deploy(Watchfire, {
      parameters: { Watchfire: { parameters: { ...parameters } } },
      ...(throwAway ? { deploymentId, config: { requiredConfirmations: 1, blockPollingInterval: 100 } } : {}),
    });
    const named = await Promise.all(
      Object.entries(contracts).map(async ([name, contract]) => [name, await contract.getAddress()] as const),
    );
    const record = { addresses: Object.fromEntries(named) as unknown as ContractAddresses, deploymentBlock };
    return checkedRecord(record);
  } finally {
    if (throwAway) rmSync(path.join("ignition", "deployments", deploymentId), { recursive: true, force: true });
  }
}

/** Writes `<folder>/<chainId>.json`, which the relayer reads, and returns its path. */
export function writeDeploymentRecord(folder: string, chainId: bigint, record: DeploymentRecord): string {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${chainId}.json`);
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
  return file;
}
