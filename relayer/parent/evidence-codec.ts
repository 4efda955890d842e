import { AbiCoder, keccak256, type ParamType } from "ethers";
import { concat, toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import {
  type AcceptedVote,
  type Evidence,
  encodeValidators,
  type SignedAttestation,
  type SignedHeader,
  type SignedProposal,
  type SignedVote,
} from "../../protocol/evidence.ts";
import { ISlashings__factory } from "../../types/factories/beacon/ISlashings__factory.ts";

/** Evidence as the contract `Slashings` takes it. */

const slashings = ISlashings__factory.createInterface();
const coder = AbiCoder.defaultAbiCoder();

/** As `VoteForm` counts them. */
const [LIST, ABSENCE, ACCEPTED] = [0, 1, 2];

/** A function of `Slashings` that takes evidence, and its arguments without the salt. */
export interface Report {
  readonly name: "reportVotes" | "reportAttestations" | "reportProposals" | "reportHeaders";
  readonly args: readonly unknown[];
}

export function reportOf(crypto: Crypto, evidence: Evidence): Report {
  if (evidence.kind === "votes") {
    return { name: "reportVotes", args: [voteStruct(crypto, evidence.a), voteStruct(crypto, evidence.b)] };
  }
  if (evidence.kind === "attestations") {
    const args = [attestationStruct(crypto, evidence.a), attestationStruct(crypto, evidence.b)];
    return { name: "reportAttestations", args };
  }
  if (evidence.kind === "proposals") {
    const { validator, a, b } = evidence;
    const args = [validator, a.epoch, proposalStruct(crypto, a), proposalStruct(crypto, b)];
    return { name: "reportProposals", args };
  }
  return { name: "reportHeaders", args: [headerStruct(evidence.a), headerStruct(evidence.b)] };
}

/** keccak256(abi.encode(evidence)), hexadecimal. */
export function evidenceHash({ name, args }: Report): string {
  const types: readonly ParamType[] = slashings.getFunction(name).inputs.slice(0, -1);
  return keccak256(coder.encode(types, args));
}

/**
 * What `reporter` commits to some blocks before it makes the report.
 * @param salt 32 bytes that nobody can guess
 */
export function reportCommitment(reporter: string, report: Report, salt: Uint8Array): string {
  const fields = [reporter, evidenceHash(report), toHex(salt)];
  return keccak256(coder.encode(["address", "bytes32", "bytes32"], fields));
}

/** Input of the transaction that makes the report. */
export function encodeReport({ name, args }: Report, salt: Uint8Array): string {
  // The types of the arguments follow from the name; the compiler cannot see it through the union.
  return slashings.encodeFunctionData(name as "reportVotes", [...args, toHex(salt)] as never);
}

/** The two sets of signers that a report fixes; null for headers, whose report is all there is. */
export function signersOf(evidence: Evidence) {
  if (evidence.kind === "headers") return null;
  if (evidence.kind === "votes") return [voteSigners(evidence.a), voteSigners(evidence.b)] as const;
  if (evidence.kind === "attestations") {
    return [listed(evidence.a.validators), listed(evidence.b.validators)] as const;
  }
  const proposer = listed([evidence.validator]);
  return [proposer, proposer] as const;
}

/** By which a report is known once it was made; null for headers. */
export function offenceId(evidence: Evidence): string | null {
  const signers = signersOf(evidence);
  const types: readonly ParamType[] = slashings.getFunction("punish").inputs.slice(0, 2);
  return signers === null ? null : keccak256(coder.encode(types, signers));
}

/**
 * Input of a transaction that punishes those who are guilty among `count` signers of the first message, from number `first`
 * on: of a list by their place in it, else by seat. null for headers.
 */
export function encodePunishment(evidence: Evidence, first: number, count: number): string | null {
  const signers = signersOf(evidence);
  return signers === null ? null : slashings.encodeFunctionData("punish", [...signers, first, count]);
}

function voteSigners(signed: SignedVote | AcceptedVote) {
  const { validators, absent } = "signers" in signed ? signed.signers : { absent: signed.absent };
  if (validators !== undefined) return listed(validators);
  return { isList: false, epoch: signed.vote.targetEpoch, members: toHex(absent) };
}

function listed(validators: readonly number[]) {
  return { isList: true, epoch: 0, members: toHex(encodeValidators(validators)) };
}

function voteStruct(crypto: Crypto, signed: SignedVote | AcceptedVote) {
  const { sourceRoot, targetRoot, ...epochs } = signed.vote;
  const { isList, members: signers } = voteSigners(signed);
  const [form, proof] =
    "signature" in signed
      ? [isList ? LIST : ABSENCE, crypto.bls.decompressG2(signed.signature)]
      : [ACCEPTED, concat(signed.entriesRoot, signed.rewardsRoot)];
  const vote = { ...epochs, sourceRoot: toHex(sourceRoot), targetRoot: toHex(targetRoot) };
  return { vote, form, signers, proof: toHex(proof) };
}

function attestationStruct(crypto: Crypto, { crosslink, validators, signature }: SignedAttestation) {
  const { parent, blocksRoot, stateRoot, ...numbers } = crosslink;
  return {
    crosslink: { ...numbers, parent: toHex(parent), blocksRoot: toHex(blocksRoot), stateRoot: toHex(stateRoot) },
    signers: toHex(encodeValidators(validators)),
    signature: toHex(crypto.bls.decompressG2(signature)),
  };
}

function proposalStruct(crypto: Crypto, { checkpointRoot, signature }: SignedProposal) {
  return { checkpointRoot: toHex(checkpointRoot), signature: toHex(crypto.bls.decompressG2(signature)) };
}

function headerStruct({ header, signature }: SignedHeader) {
  const { parentHash, traceRoot, stateRoot, ...numbers } = header;
  return {
    header: { ...numbers, parentHash: toHex(parentHash), traceRoot: toHex(traceRoot), stateRoot: toHex(stateRoot) },
    signature: toHex(signature),
  };
}
