import { type DisputeEvidence, FAULTS } from "../../../ledger/dispute-evidence.ts";
import { concat, fromHex, toHex, ZERO_HASH } from "../../../protocol/bytes.ts";
import { crosslinkHash } from "../../../protocol/crosslink.ts";
import type { CrosslinkProof } from "../../../protocol/crosslink-proof.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import type { Domain } from "../../../protocol/eip712.ts";
import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import { disputeCommitment, disputeEvidenceHash, encodeDispute } from "../dispute-codec.ts";
import type { ContractAddresses } from "../parent-view.ts";
import type { TransactionSender } from "../transaction-sender.ts";
import type { ReporterAccount } from "./pursue-offence.ts";

const NOBODY = `0x${"00".repeat(20)}`;
const UNANSWERED = FAULTS.indexOf("Unanswered");

/** Somebody else was first, or has made void what nobody can be silent about any more. */
const DONE_BY_OTHERS: ReadonlySet<string | null> = new Set(["Disputes_AlreadyJudged", "Disputes_AlreadyVoid"]);

export interface Dispute {
  readonly proof: CrosslinkProof;
  readonly evidence: DisputeEvidence;
}

/**
 * Does what comes next to have an entry made void: commits to the evidence, and disputes when its time has come. How far it
 * has come is what the contracts say, so it may be called again at any time.
 * @param isUrgent there is no time left to wait for the commitment: it becomes void at once, for nobody; whoever had
 * committed before becomes the reporter when its time has come
 * @returns "done" when there is nothing left to do, whoever did it
 * @throws ContractReverted when the evidence shows no fault, and what else `TransactionSender.send` throws
 */
export async function pursueDispute(
  crypto: Crypto,
  domain: Domain,
  { sender, secret }: ReporterAccount,
  addresses: ContractAddresses,
  { proof, evidence }: Dispute,
  isUrgent: boolean,
): Promise<"waiting" | "done"> {
  const { disputes } = connectContracts(addresses, sender.provider);
  const salt = crypto.keccak256(concat(secret, fromHex(disputeEvidenceHash(proof, evidence))));
  const commitment = disputeCommitment(sender.address, proof, evidence, salt);
  const [verdict, committed, [min, max], adoptBlocks, head] = await Promise.all([
    disputes.verdictOn(toHex(crosslinkHash(crypto, domain, proof.crosslink))),
    disputes.committedIn(commitment),
    disputes.revealWindow(),
    disputes.adoptBlocks(),
    sender.provider.getBlockNumber(),
  ]);
  const now = BigInt(head);
  const isCommitted = committed !== 0n && now < committed + max;
  const isJudged = isVerdictFor(evidence, Number(verdict.fault));
  if (isJudged) {
    const mayBeAdopted = verdict.reporter === NOBODY && isCommitted && committed < verdict.blockNumber;
    if (!mayBeAdopted || now >= verdict.blockNumber + adoptBlocks) return "done";
  } else if (!isCommitted) {
    const data = disputes.interface.encodeFunctionData("commit", [commitment]);
    await sender.send({ action: "Disputes.commit", to: addresses.disputes, data });
  }
  if (!isCommitted || now < committed + min) {
    if (isUrgent && !isJudged) await dispute(sender, addresses, { proof, evidence }, ZERO_HASH);
    return "waiting";
  }
  await dispute(sender, addresses, { proof, evidence }, salt);
  return "done";
}

/** A verdict of silence is none of lies, which cost more; every other one counts for all. */
function isVerdictFor({ predicate }: DisputeEvidence, fault: number): boolean {
  if (fault === 0) return false;
  return predicate === "Silence" || fault !== UNANSWERED;
}

async function dispute(
  sender: TransactionSender,
  addresses: ContractAddresses,
  { proof, evidence }: Dispute,
  salt: Uint8Array,
): Promise<void> {
  try {
    await sender.send({
      action: `Disputes.dispute (${evidence.predicate})`,
      to: addresses.disputes,
      data: encodeDispute(proof, evidence, salt),
    });
  } catch (error) {
    if (!(error instanceof ContractReverted) || !DONE_BY_OTHERS.has(error.error)) throw error;
  }
}
