import type { Message } from "../../../protocol/message.ts";
import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import type { TransactionSender } from "../transaction-sender.ts";
import { type MessageProof, messageStruct, proofStruct } from "./withdraw.ts";

/**
 * Shows a message out of a settled state on the parent chain, so that its destination has to import it.
 * @returns false when that was done before
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export async function demandMessage(
  sender: TransactionSender,
  addresses: ContractAddresses,
  message: Message,
  proof: MessageProof,
): Promise<boolean> {
  const { inbox } = connectContracts(addresses, sender.provider);
  const data = inbox.interface.encodeFunctionData("demand", [messageStruct(message), proofStruct(proof)]);
  try {
    await sender.send({ action: "Inbox.demand", to: addresses.inbox, data });
    return true;
  } catch (error) {
    if (!(error instanceof ContractReverted) || error.error !== "Inbox_AlreadyDemanded") throw error;
    return false;
  }
}
