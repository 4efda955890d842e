import { readFileSync } from "node:fs";
import { checkedRecord, type DeploymentRecord, readDeploymentRecord } from "../parent/deployment.ts";

export interface DeploymentFlags {
  /** File with the addresses of the contracts. */
  readonly deployment: string | undefined;
  /** Where the shards' JSON-RPC is served, which names the deployment. */
  readonly shardsRpc: string | undefined;
}

/**
 * The deployment that a command works on: of the file, as the shards' endpoint names it, or `deployments/<chainId>.json`.
 * @throws Error that names the flag
 */
export async function chosenDeployment(
  { deployment, shardsRpc }: DeploymentFlags,
  chainId: bigint,
): Promise<DeploymentRecord> {
  if (deployment !== undefined) return recordIn(deployment);
  if (shardsRpc === undefined) return readDeploymentRecord("deployments", chainId);
  const response = await fetch(shardsRpc).catch((cause: unknown) => {
    throw new Error(`--shards-rpc: nothing answers at ${shardsRpc}`, { cause });
  });
  const index = (await response.json()) as Partial<DeploymentRecord>;
  if (index.addresses === undefined || index.deploymentBlock === undefined) {
    throw new Error(`--shards-rpc: ${shardsRpc} names no deployment; give one with --deployment`);
  }
  return { addresses: index.addresses, deploymentBlock: index.deploymentBlock };
}

function recordIn(file: string): DeploymentRecord {
  try {
    return checkedRecord(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new Error(`--deployment: ${file} is not the record of a deployment`, { cause });
  }
}
