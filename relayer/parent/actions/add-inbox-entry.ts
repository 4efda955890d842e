import type { TransactionReceipt } from "ethers";
import { toHex } from "../../../protocol/bytes.ts";
import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import type { Call, TransactionSender } from "../transaction-sender.ts";

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
  const receipt = await sender.send(depositCall(sender, addresses, shardId, recipient, value));
  return indexOfEntry(sender, addresses, receipt);
}

/**
 * As `depositToInbox`, the same value to the same recipient on each of several shards, many in one block.
 * @throws as `TransactionSender.sendAll`
 */
export async function depositToInboxes(
  sender: TransactionSender,
  addresses: ContractAddresses,
  shardIds: readonly number[],
  recipient: Uint8Array,
  value: bigint,
): Promise<void> {
  await sender.sendAll(shardIds.map((shardId) => depositCall(sender, addresses, shardId, recipient, value)));
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

function depositCall(
  sender: TransactionSender,
  addresses: ContractAddresses,
  shardId: number,
  recipient: Uint8Array,
  value: bigint,
): Call {
  const { inbox } = connectContracts(addresses, sender.provider);
  const data = inbox.interface.encodeFunctionData("deposit", [shardId, toHex(recipient)]);
  return { action: "Inbox.deposit", to: addresses.inbox, data, value };
}

function indexOfEntry(sender: TransactionSender, addresses: ContractAddresses, receipt: TransactionReceipt): number {
  const { inbox } = connectContracts(addresses, sender.provider);
  for (const log of receipt.logs) {
    const added = inbox.interface.parseLog(log);
    if (added?.name === "EntryAdded") return Number(added.args.getValue("index"));
  }
  throw new Error(`no inbox entry in ${receipt.hash}`);
}
