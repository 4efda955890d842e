import type { JsonRpcProvider } from "ethers";
import { connectContracts } from "./contracts.ts";
import type { DeploymentRecord } from "./deployment.ts";

/** Blocks whose events are asked for at once. */
const RANGE = 2_000;

/** wei in the vault and wei it has paid out, after a block of the parent chain. */
export async function vaultTotals(
  provider: JsonRpcProvider,
  { addresses, deploymentBlock }: DeploymentRecord,
  block: number,
): Promise<{ readonly balance: bigint; readonly paid: bigint }> {
  const { vault } = connectContracts(addresses, provider);
  let paid = 0n;
  for (let from = deploymentBlock; from <= block; from += RANGE) {
    const events = await vault.queryFilter(vault.filters.Withdrawn(), from, Math.min(block, from + RANGE - 1));
    for (const { args } of events) paid += args.value;
  }
  return { balance: await provider.getBalance(addresses.vault, block), paid };
}
