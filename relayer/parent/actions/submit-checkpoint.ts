import { equal, fromHex, ZERO_HASH } from "../../../protocol/bytes.ts";
import type { CheckpointSubmission } from "../checkpoint-submission.ts";
import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import type { ContractAddresses } from "../parent-view.ts";
import { submissionStruct } from "../submission-codec.ts";
import { SPARE_GAS_FOR_ROLLING, type TransactionSender } from "../transaction-sender.ts";

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
  try {
    const receipt = await sender.send({
      action: "CrosslinkAnchors.submit",
      to: addresses.anchors,
      data,
      spareGas: SPARE_GAS_FOR_ROLLING,
    });
    for (const log of receipt.logs) {
      const accepted = anchors.interface.parseLog(log);
      if (accepted?.name === "CheckpointAccepted") return { status: "accepted", root: fromHex(accepted.args.root) };
    }
    throw new Error(`CrosslinkAnchors.submit left no event in ${receipt.hash}`);
  } catch (error) {
    if (!(error instanceof ContractReverted)) throw error;
    const root = fromHex((await anchors.checkpoint(submission.targetEpoch)).root);
    if (equal(root, ZERO_HASH)) throw error;
    return { status: "alreadyAccepted", root };
  }
}
