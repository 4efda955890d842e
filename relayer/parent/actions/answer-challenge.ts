import type { ChallengeAnswer } from "../challenge-answers.ts";
import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import { hexed } from "../dispute-codec.ts";
import type { ContractAddresses } from "../parent-view.ts";
import type { TransactionSender } from "../transaction-sender.ts";

/**
 * Shows what a data challenge asks for: all headers, or an aligned part of the steps, of up to 64 KiB.
 * @returns false when somebody else was first, or it is too late
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export async function answerChallenge(
  sender: TransactionSender,
  addresses: ContractAddresses,
  id: bigint,
  answer: ChallengeAnswer,
): Promise<boolean> {
  const { dataChallenges } = connectContracts(addresses, sender.provider);
  // The types of the arguments are those of the ABI.
  const bytes = hexed(answer) as never as Record<string, never>;
  const [name, data] =
    answer.kind === "headers"
      ? ["answerHeaders", dataChallenges.interface.encodeFunctionData("answerHeaders", [id, bytes.headers as never])]
      : [
          "answerSteps",
          dataChallenges.interface.encodeFunctionData("answerSteps", [
            id,
            answer.first,
            bytes.steps as never,
            bytes.siblings as never,
            bytes.chunkRoots as never,
          ]),
        ];
  try {
    await sender.send({ action: `DataChallenges.${name}`, to: addresses.dataChallenges, data });
    return true;
  } catch (error) {
    if (!(error instanceof ContractReverted) || error.error !== "DataChallenges_NotOpen") throw error;
    return false;
  }
}
