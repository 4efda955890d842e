import { toHex } from "../../../protocol/bytes.ts";
import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import type { TransactionSender } from "../transaction-sender.ts";

/**
 * Makes an account the operator of a shard that has none.
 * @param operator 20 bytes: the account that signs its blocks and crosslinks from now on
 * @param bond wei
 * @returns false when somebody else was first
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export async function takeOver(
  sender: TransactionSender,
  addresses: ContractAddresses,
  shardId: number,
  operator: Uint8Array,
  bond: bigint,
): Promise<boolean> {
  const { shardRegistry } = connectContracts(addresses, sender.provider);
  const data = shardRegistry.interface.encodeFunctionData("takeOver", [shardId, toHex(operator)]);
  const call = { action: "ShardRegistry.takeOver", to: addresses.shardRegistry, data, value: bond };
  try {
    await sender.send(call);
    return true;
  } catch (error) {
    if (!(error instanceof ContractReverted) || error.error !== "ShardRegistry_HasOperator") throw error;
    return false;
  }
}
