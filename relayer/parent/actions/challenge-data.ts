import type { HeaderOpening } from "../../../ledger/dispute-evidence.ts";
import type { CrosslinkProof } from "../../../protocol/crosslink-proof.ts";
import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import { hexed } from "../dispute-codec.ts";
import type { ContractAddresses } from "../parent-view.ts";
import type { TransactionSender } from "../transaction-sender.ts";

/** The bond follows the base fee, which may have doubled when the transaction is in a block; what is more comes back. */
const BOND_MARGIN = 2n;

/** Steps of one block: 256 of them, from number 256 * chunk on. */
export interface AskedSteps {
  /** Of the block in the crosslink, from 0. */
  readonly index: number;
  readonly header: HeaderOpening;
  readonly chunk: number;
}

/**
 * Asks for all headers of an entry that can still be disputed, or for steps of one of its blocks, with a bond.
 * @param asked null for the headers
 * @returns false when the same was asked before
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export async function challengeData(
  sender: TransactionSender,
  addresses: ContractAddresses,
  proof: CrosslinkProof,
  asked: AskedSteps | null,
): Promise<boolean> {
  const { dataChallenges } = connectContracts(addresses, sender.provider);
  const bond = await dataChallenges.nextBond(proof.position);
  // The types of the arguments are those of the ABI.
  const opened = hexed(proof) as never;
  const name = asked === null ? "challengeHeaders" : "challengeChunk";
  const data =
    asked === null
      ? dataChallenges.interface.encodeFunctionData("challengeHeaders", [opened])
      : dataChallenges.interface.encodeFunctionData("challengeChunk", [opened, hexed(asked) as never, asked.chunk]);
  const call = { action: `DataChallenges.${name}`, to: addresses.dataChallenges, data, value: BOND_MARGIN * bond };
  try {
    await sender.send(call);
    return true;
  } catch (error) {
    if (!(error instanceof ContractReverted) || error.error !== "DataChallenges_AlreadyAsked") throw error;
    return false;
  }
}

/**
 * Gets the bond of a challenge back that was not answered in time, or whose crosslink is void: it can be claimed then.
 * @returns false when it was before
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export async function reclaimBond(
  sender: TransactionSender,
  addresses: ContractAddresses,
  id: bigint,
): Promise<boolean> {
  const { dataChallenges } = connectContracts(addresses, sender.provider);
  const data = dataChallenges.interface.encodeFunctionData("reclaim", [id]);
  try {
    await sender.send({ action: "DataChallenges.reclaim", to: addresses.dataChallenges, data });
    return true;
  } catch (error) {
    if (!(error instanceof ContractReverted) || error.error !== "DataChallenges_NoBond") throw error;
    return false;
  }
}
