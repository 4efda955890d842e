import type { HeaderOpening } from "../../../ledger/dispute-evidence.ts";
import { toHex } from "../../../protocol/bytes.ts";
import type { SignedCrosslink } from "../../../protocol/crosslink.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { encodeValidators, type SignedAttestation } from "../../../protocol/evidence.ts";
import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import { hexed } from "../dispute-codec.ts";
import { entryOpening } from "../entry-opening.ts";
import type { AcceptedCheckpoint, ChangedEntry, ContractAddresses } from "../parent-view.ts";
import { SPARE_GAS_FOR_ROLLING, type TransactionSender } from "../transaction-sender.ts";

/** Members that are gone through in one transaction: if all are guilty, that fits a block. */
const PAGE = 32;
const NOBODY = `0x${"00".repeat(20)}`;

/** A block at fault: its header in the crosslink, and its operator's signature (65 bytes). */
export interface SignedOpening {
  readonly opening: HeaderOpening;
  readonly signature: Uint8Array;
}

/**
 * Whether those who signed a crosslink can be punished by now: it was disputed with success, and it is known whose the
 * reward is.
 */
export async function isPunishable(
  { provider }: TransactionSender,
  addresses: ContractAddresses,
  crosslinkHash: Uint8Array,
): Promise<boolean> {
  const { disputes } = connectContracts(addresses, provider);
  const [verdict, adoptBlocks, head] = await Promise.all([
    disputes.verdictOn(toHex(crosslinkHash)),
    disputes.adoptBlocks(),
    provider.getBlockNumber(),
  ]);
  if (verdict.fault === 0n) return false;
  return verdict.reporter !== NOBODY || BigInt(head) > verdict.blockNumber + adoptBlocks;
}

/**
 * Has everybody punished who sat in the committee of an entry at fault, and voted for it. Goes on with what somebody else
 * has begun.
 * @param accepted the checkpoint that the entry changed
 * @param members size of the committee
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export async function punishCommittee(
  crypto: Crypto,
  sender: TransactionSender,
  addresses: ContractAddresses,
  accepted: AcceptedCheckpoint,
  entry: ChangedEntry,
  members: number,
): Promise<void> {
  const { disputes } = connectContracts(addresses, sender.provider);
  // The types of the arguments are those of the ABI.
  const proof = hexed(entryOpening(crypto, accepted, entry)) as never;
  const absent = toHex(accepted.absent);
  for (let first = 0; first < members; first += PAGE) {
    if ((await disputes.punishCommittee.staticCall(proof, absent, first, PAGE)) === 0n) continue;
    const data = disputes.interface.encodeFunctionData("punishCommittee", [proof, absent, first, PAGE]);
    const call = { action: "Disputes.punishCommittee", to: addresses.disputes, data, spareGas: SPARE_GAS_FOR_ROLLING };
    await sender.send(call);
  }
}

/**
 * Has those punished who signed an attestation of a crosslink at fault, whether they voted for it or not.
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export async function punishAttesters(
  crypto: Crypto,
  sender: TransactionSender,
  addresses: ContractAddresses,
  { crosslink, validators, signature }: SignedAttestation,
): Promise<void> {
  const { disputes } = connectContracts(addresses, sender.provider);
  const signers = toHex(encodeValidators(validators));
  const args = [hexed(crosslink) as never, signers, toHex(crypto.bls.decompressG2(signature))] as const;
  if ((await disputes.punishAttesters.staticCall(...args)) === 0n) return;
  const data = disputes.interface.encodeFunctionData("punishAttesters", [...args]);
  const call = { action: "Disputes.punishAttesters", to: addresses.disputes, data, spareGas: SPARE_GAS_FOR_ROLLING };
  await sender.send(call);
}

/**
 * Has the bond taken of the operator who signed a crosslink at fault.
 * @returns false when there is no bond that answers for it any more
 * @throws ContractReverted, and what else `TransactionSender.send` throws
 */
export function punishOperator(
  sender: TransactionSender,
  addresses: ContractAddresses,
  { crosslink, operatorSignature }: SignedCrosslink,
): Promise<boolean> {
  const { disputes } = connectContracts(addresses, sender.provider);
  const args = [hexed(crosslink) as never, toHex(operatorSignature)] as const;
  return takeBond(sender, addresses, disputes.interface.encodeFunctionData("punishOperator", [...args]));
}

/**
 * Has the bond taken of the operator who signed the block at fault in a crosslink, when its signature on the crosslink
 * itself is not known. Returns and throws as `punishOperator`.
 */
export function punishOperatorByHeader(
  sender: TransactionSender,
  addresses: ContractAddresses,
  crosslink: SignedCrosslink["crosslink"],
  { opening, signature }: SignedOpening,
): Promise<boolean> {
  const { disputes } = connectContracts(addresses, sender.provider);
  const args = [hexed(crosslink) as never, hexed(opening) as never, toHex(signature)] as const;
  return takeBond(sender, addresses, disputes.interface.encodeFunctionData("punishOperatorByHeader", [...args]));
}

async function takeBond(sender: TransactionSender, addresses: ContractAddresses, data: string): Promise<boolean> {
  try {
    await sender.send({ action: "Disputes.punishOperator", to: addresses.disputes, data });
    return true;
  } catch (error) {
    if (!(error instanceof ContractReverted) || error.error !== "Disputes_NoBond") throw error;
    return false;
  }
}
