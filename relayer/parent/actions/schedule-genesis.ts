import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import type { TransactionSender } from "../transaction-sender.ts";

export interface GenesisOutcome {
  readonly status: "scheduled" | "alreadyScheduled";
  /** When epoch 0 starts, which in the second case somebody else decided. Unix time, seconds. */
  readonly genesisTime: number;
}

/**
 * Fixes the start of epoch 0.
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export async function scheduleGenesis(
  sender: TransactionSender,
  addresses: ContractAddresses,
  genesisTime: number,
): Promise<GenesisOutcome> {
  const { registry } = connectContracts(addresses, sender.provider);
  const data = registry.interface.encodeFunctionData("scheduleGenesis", [genesisTime]);
  try {
    await sender.send({ action: "BeaconRegistry.scheduleGenesis", to: addresses.registry, data });
    return { status: "scheduled", genesisTime };
  } catch (error) {
    const isScheduled = error instanceof ContractReverted && error.error === "BeaconRegistry_GenesisAlreadyScheduled";
    if (!isScheduled) throw error;
    return { status: "alreadyScheduled", genesisTime: Number(error.values.genesisTime) };
  }
}
