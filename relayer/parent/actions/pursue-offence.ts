import { concat, fromHex } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import type { Evidence } from "../../../protocol/evidence.ts";
import { ContractReverted } from "../contract-errors.ts";
import { connectContracts } from "../contracts.ts";
import {
  encodePunishment,
  encodeReport,
  evidenceHash,
  offenceId,
  reportCommitment,
  reportOf,
  signersOf,
} from "../evidence-codec.ts";
import type { ContractAddresses } from "../parent-view.ts";
import { SPARE_GAS_FOR_ROLLING, type TransactionSender } from "../transaction-sender.ts";

/** Signers that are gone through in one transaction: if all are guilty, that fits a block. */
const PAGE = 32;
const NOBODY = `0x${"00".repeat(20)}`;

export interface ReporterAccount {
  readonly sender: TransactionSender;
  /** 32 bytes that nobody else knows: commitments are made with it, so that they are the same after a restart. */
  readonly secret: Uint8Array;
}

/**
 * Does what comes next to have somebody punished: commits to the evidence, reveals it when its time has come, has the guilty
 * punished page by page. How far it has come is what the contracts say, so it may be called again at any time, and goes on
 * with what somebody else has begun.
 * @param guilty validators that the evidence is about; none of headers
 * @returns "done" when there is nothing left to do, whoever did it
 * @throws ContractReverted when the evidence is none, and what else `TransactionSender.send` throws
 */
export async function pursueOffence(
  crypto: Crypto,
  account: ReporterAccount,
  addresses: ContractAddresses,
  evidence: Evidence,
  guilty: readonly number[],
): Promise<"waiting" | "done"> {
  const { sender } = account;
  if (!(await isPunishable(sender, addresses, evidence, guilty))) return "done";
  const { slashings } = connectContracts(addresses, sender.provider);
  const id = offenceId(evidence);
  const isReported = id !== null && (await slashings.reporterOf(id)) !== NOBODY;
  if (!isReported && !(await report(crypto, account, addresses, evidence))) return "waiting";
  await punishAll(sender, addresses, evidence);
  return "done";
}

async function isPunishable(
  { provider }: TransactionSender,
  addresses: ContractAddresses,
  evidence: Evidence,
  guilty: readonly number[],
): Promise<boolean> {
  const { staking, shardRegistry } = connectContracts(addresses, provider);
  if (evidence.kind === "headers") {
    const { shardId, generation } = evidence.a.header;
    const { bond, bondedFrom } = await shardRegistry.shard(shardId);
    return bond !== 0n && bondedFrom <= generation;
  }
  for (const validator of guilty) if (await staking.isSlashable(validator)) return true;
  return false;
}

/** True when it is reported, by whomever; false while it has to wait. */
async function report(
  crypto: Crypto,
  { sender, secret }: ReporterAccount,
  addresses: ContractAddresses,
  evidence: Evidence,
): Promise<boolean> {
  const { slashings } = connectContracts(addresses, sender.provider);
  const report = reportOf(crypto, evidence);
  const salt = crypto.keccak256(concat(secret, fromHex(evidenceHash(report))));
  const commitment = reportCommitment(sender.address, report, salt);
  const [[min, max], committed, head] = await Promise.all([
    slashings.revealWindow(),
    slashings.committedIn(commitment),
    sender.provider.getBlockNumber(),
  ]);
  if (committed === 0n || BigInt(head) >= committed + max) {
    const data = slashings.interface.encodeFunctionData("commit", [commitment]);
    await sender.send({ action: "Slashings.commit", to: addresses.slashings, data });
    return false;
  }
  if (BigInt(head) < committed + min) return false;
  const data = encodeReport(report, salt);
  const call = { action: `Slashings.${report.name}`, to: addresses.slashings, data, spareGas: SPARE_GAS_FOR_ROLLING };
  try {
    await sender.send(call);
  } catch (error) {
    // Somebody else was first: the guilty may still have to be punished.
    if (!(error instanceof ContractReverted) || error.error !== "Slashings_AlreadyReported") throw error;
  }
  return true;
}

async function punishAll(sender: TransactionSender, addresses: ContractAddresses, evidence: Evidence): Promise<void> {
  const { slashings, registry } = connectContracts(addresses, sender.provider);
  const signers = signersOf(evidence);
  if (signers === null) return;
  const [a, b] = signers;
  const total = a.isList ? a.members.length / 8 : Number(await registry.seatCount(a.epoch));
  for (let first = 0; first < total; first += PAGE) {
    if ((await slashings.punish.staticCall(a, b, first, PAGE)) === 0n) continue;
    const data = encodePunishment(evidence, first, PAGE) as string;
    const call = { action: "Slashings.punish", to: addresses.slashings, data, spareGas: SPARE_GAS_FOR_ROLLING };
    await sender.send(call);
  }
}
