import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import type { TransactionSender } from "../transaction-sender.ts";

/** Of one checkpoint, with some positions that are void or held. */
const GAS_PER_CHECKPOINT = 100_000n;

/**
 * Settles up to `max` checkpoints whose window is over and returns how many. Sends nothing when there are none.
 * @throws what `TransactionSender.send` throws
 */
export async function settle(sender: TransactionSender, addresses: ContractAddresses, max: number): Promise<number> {
  const { anchors } = connectContracts(addresses, sender.provider);
  if ((await anchors.settle.staticCall(max)) === 0n) return 0;
  const data = anchors.interface.encodeFunctionData("settle", [max]);
  const receipt = await sender.send({
    action: "CrosslinkAnchors.settle",
    to: addresses.anchors,
    data,
    // Until it is in a block, more windows may be over, and holds.
    spareGas: BigInt(max) * GAS_PER_CHECKPOINT,
  });
  const topic = anchors.interface.getEvent("CheckpointSettled").topicHash;
  return receipt.logs.filter((log) => log.topics[0] === topic).length;
}
