import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import type { TransactionSender } from "../transaction-sender.ts";

/** Seats whose keys the registry packs at once. */
export const SEATS_PER_GROUP = 256;

export interface PackLimits {
  /** Groups of seats, from the first on, that are worth packing. */
  readonly groups: number;
  /** Groups to pack at most, each with a transaction of its own. */
  readonly max: number;
}

/**
 * Packs the keys of the next groups of seats that are not packed yet, and returns how many groups are. Sends nothing when
 * there are none to pack.
 * @throws what `TransactionSender.send` throws
 */
export async function packKeys(
  sender: TransactionSender,
  addresses: ContractAddresses,
  { groups, max }: PackLimits,
): Promise<number> {
  const { registry } = connectContracts(addresses, sender.provider);
  const packed = Number(await registry.packedGroups());
  const call = {
    action: "BeaconRegistry.packKeys",
    to: addresses.registry,
    data: registry.interface.encodeFunctionData("packKeys"),
  };
  const last = Math.min(groups, packed + max);
  for (let group = packed; group < last; group++) {
    try {
      await sender.send(call);
    } catch (error) {
      // Somebody else was first, and the group after it is not full.
      if (!(error instanceof ContractReverted) || error.error !== "ValidatorSet_GroupNotFull") throw error;
      return Number(error.values.group);
    }
  }
  return Math.max(packed, last);
}
