import type { TransactionReceipt } from "ethers";
import { toHex } from "../../../protocol/bytes.ts";
import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import type { TransactionSender } from "../transaction-sender.ts";

/**
 * Moves coins from the sending account to a balance on the shard; returns the index of the inbox entry.
 * @param recipient 20 bytes
 * @param value wei, more than 0
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export async function depositToInbox(
  sender: TransactionSender,
  addresses: ContractAddresses,
  shardId: number,
  recipient: Uint8Array,
  value: bigint,
): Promise<number> {
  const { inbox } = connectContracts(addresses, sender.provider);
  const data = inbox.interface.encodeFunctionData("deposit", [shardId, toHex(recipient)]);
  const receipt = await sender.send({ action: "Inbox.deposit", to: addresses.inbox, data, value });
  return indexOfEntry(sender, addresses, receipt);
}

/**
 * Makes the shard execute a transaction that its operator ignores; returns the index of the inbox entry.
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export async function forceTransaction(
  sender: TransactionSender,
  addresses: ContractAddresses,
  shardId: number,
  signedTransaction: Uint8Array,
): Promise<number> {
  const { inbox } = connectContracts(addresses, sender.provider);
  const data = inbox.interface.encodeFunctionData("force", [shardId, toHex(signedTransaction)]);
  const receipt = await sender.send({ action: "Inbox.force", to: addresses.inbox, data });
  return indexOfEntry(sender, addresses, receipt);
}

function indexOfEntry(sender: TransactionSender, addresses: ContractAddresses, receipt: TransactionReceipt): number {
  const { inbox } = connectContracts(addresses, sender.provider);
  for (const log of receipt.logs) {
    const added = inbox.interface.parseLog(log);
    if (added?.name === "EntryAdded") return Number(added.args.getValue("index"));
  }
  throw new Error(`no inbox entry in ${receipt.hash}`);
}
