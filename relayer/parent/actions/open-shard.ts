import { toHex } from "../../../protocol/bytes.ts";
import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import type { TransactionSender } from "../transaction-sender.ts";

/**
 * Opens a shard and returns its id.
 * @param operator 20 bytes: the account that signs its blocks and crosslinks
 * @param bond wei
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export async function openShard(
  sender: TransactionSender,
  addresses: ContractAddresses,
  operator: Uint8Array,
  bond: bigint,
): Promise<number> {
  const { shardRegistry } = connectContracts(addresses, sender.provider);
  const data = shardRegistry.interface.encodeFunctionData("open", [toHex(operator)]);
  const call = { action: "ShardRegistry.open", to: addresses.shardRegistry, data, value: bond };
  const receipt = await sender.send(call);
  for (const log of receipt.logs) {
    const opened = shardRegistry.interface.parseLog(log);
    if (opened?.name === "ShardOpened") return Number(opened.args.shardId);
  }
  throw new Error(`${call.action} left no event in ${receipt.hash}`);
}
