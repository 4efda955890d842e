import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import type { TransactionSender } from "../transaction-sender.ts";

/**
 * Settles up to `max` checkpoints whose window is over and returns how many. Sends nothing when there are none.
 * @throws what `TransactionSender.send` throws
 */
export async function settle(sender: TransactionSender, addresses: ContractAddresses, max: number): Promise<number> {
  const { anchors } = connectContracts(addresses, sender.provider);
  if ((await anchors.settle.staticCall(max)) === 0n) return 0;
  const data = anchors.interface.encodeFunctionData("settle", [max]);
  const receipt = await sender.send({ action: "CrosslinkAnchors.settle", to: addresses.anchors, data });
  const topic = anchors.interface.getEvent("CheckpointSettled").topicHash;
  return receipt.logs.filter((log) => log.topics[0] === topic).length;
}
