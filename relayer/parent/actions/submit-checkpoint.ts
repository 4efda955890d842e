import { fromHex } from "../../../protocol/bytes.ts";
import type { CheckpointSubmission } from "../checkpoint-submission.ts";
import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import { submissionStruct } from "../submission-codec.ts";
import type { TransactionSender } from "../transaction-sender.ts";

export interface SubmitOutcome {
  /** Somebody else's submission for the same epoch came first, perhaps with another root. */
  readonly status: "accepted" | "alreadyAccepted";
  /** Root of the accepted checkpoint of that epoch. */
  readonly root: Uint8Array;
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
  const acceptedRoot = async () => fromHex((await anchors.checkpoint(submission.targetEpoch)).root);
  try {
    await sender.send({ action: "CrosslinkAnchors.submit", to: addresses.anchors, data });
  } catch (error) {
    if (!(error instanceof ContractReverted)) throw error;
    const root = await acceptedRoot();
    if (root.every((byte) => byte === 0)) throw error;
    return { status: "alreadyAccepted", root };
  }
  return { status: "accepted", root: await acceptedRoot() };
}
