import { toHex, ZERO_HASH } from "../../../protocol/bytes.ts";
import type { CheckpointSubmission } from "../checkpoint-submission.ts";
import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import { submissionStruct } from "../submission-codec.ts";
import { SPARE_GAS_FOR_ROLLING, type TransactionSender } from "../transaction-sender.ts";

export interface SubmitOutcome {
  /** Somebody else's submission for the same epoch came first, perhaps with another root. */
  readonly status: "accepted" | "alreadyAccepted";
}

/**
 * Submits the vote of an epoch.
 * @throws ContractReverted, unless the epoch has its checkpoint; what `TransactionSender.send` throws
 */
export async function submitCheckpoint(
  sender: TransactionSender,
  addresses: ContractAddresses,
  submission: CheckpointSubmission,
): Promise<SubmitOutcome> {
  const { anchors } = connectContracts(addresses, sender.provider);
  const data = anchors.interface.encodeFunctionData("submit", [submissionStruct(submission)]);
  try {
    const receipt = await sender.send({
      action: "CrosslinkAnchors.submit",
      to: addresses.anchors,
      data,
      spareGas: SPARE_GAS_FOR_ROLLING,
    });
    const accepted = receipt.logs.some((log) => anchors.interface.parseLog(log)?.name === "CheckpointAccepted");
    if (!accepted) throw new Error(`CrosslinkAnchors.submit left no event in ${receipt.hash}`);
    return { status: "accepted" };
  } catch (error) {
    if (!(error instanceof ContractReverted)) throw error;
    const { commitment } = await anchors.checkpoint(submission.targetEpoch);
    if (commitment === toHex(ZERO_HASH)) throw error;
    return { status: "alreadyAccepted" };
  }
}
