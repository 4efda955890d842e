import { toHex } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { paddedTreeRoot } from "../../../protocol/padded-tree.ts";
import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import type { AcceptedCheckpoint, ContractAddresses } from "../parent-view.ts";
import { SPARE_GAS_FOR_ROLLING, type TransactionSender } from "../transaction-sender.ts";

/** The contract's way to say that these votes, or the time for them, are gone. */
const OVER: ReadonlySet<string | null> = new Set([
  "CrosslinkAnchors_WrongCheckpoint",
  "CrosslinkAnchors_SupplementTooLate",
  "CrosslinkAnchors_NotAbsent",
]);

/** Late votes of seats that are absent from an accepted checkpoint. */
export interface LateVotes {
  /** Bitmap, one bit per seat of the target epoch. */
  readonly added: Uint8Array;
  /** 96 bytes, of all of them together */
  readonly signature: Uint8Array;
}

/**
 * Adds late votes to those for an accepted checkpoint.
 * @returns false when somebody else was first, or it is too late
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export async function supplementVotes(
  crypto: Crypto,
  sender: TransactionSender,
  addresses: ContractAddresses,
  { checkpoint, absent }: AcceptedCheckpoint,
  { added, signature }: LateVotes,
): Promise<boolean> {
  const { anchors } = connectContracts(addresses, sender.provider);
  const { epoch, sourceEpoch, sourceRoot, rewardsRoot } = checkpoint.body;
  const votes = {
    targetEpoch: epoch,
    sourceEpoch,
    sourceRoot: toHex(sourceRoot),
    entriesRoot: toHex(paddedTreeRoot(crypto, checkpoint.entries)),
    rewardsRoot: toHex(rewardsRoot),
    absent: toHex(absent),
    added: toHex(added),
    signature: toHex(crypto.bls.decompressG2(signature)),
  };
  const data = anchors.interface.encodeFunctionData("supplement", [votes]);
  const call = { action: "CrosslinkAnchors.supplement", to: addresses.anchors, data, spareGas: SPARE_GAS_FOR_ROLLING };
  try {
    await sender.send(call);
    return true;
  } catch (error) {
    if (!(error instanceof ContractReverted) || !OVER.has(error.error)) throw error;
    return false;
  }
}
