import { AbiCoder, keccak256, ParamType } from "ethers";
import {
  type BelowOpening,
  type DisputedStepWitness,
  type DisputeEvidence,
  type LeafOpening,
  PREDICATES,
} from "../../ledger/dispute-evidence.ts";
import type { StepAccess } from "../../ledger/step-witness.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import { toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { genesisCrosslink } from "../../protocol/crosslink.ts";
import type { CrosslinkProof } from "../../protocol/crosslink-proof.ts";
import { IDisputes__factory } from "../../types/factories/disputes/IDisputes__factory.ts";

/** Evidence as the contract `Disputes` and its judges take it. */

const disputes = IDisputes__factory.createInterface();
const coder = AbiCoder.defaultAbiCoder();

// ------------------------------------------------------------------ types of contracts/types/DisputeEvidence.sol

const CROSSLINK =
  "tuple(uint32 shardId,uint32 generation,uint64 epoch,bytes32 parent,uint64 firstBlock,uint64 lastBlock,bytes32 blocksRoot,bytes32 stateRoot)";
const HEADER =
  "tuple(tuple(uint32 shardId,uint32 generation,uint64 number,bytes32 parentHash,uint64 slot,uint32 stepCount,bytes32 traceRoot,bytes32 stateRoot,uint128 fees) header,bytes32[] siblings)";
const LEAF = "tuple(bytes32 word,bytes32 payloadHash,bytes32 stateRoot,bytes32[] siblings)";
const BELOW = `tuple(${CROSSLINK} parent,${HEADER} header)`;
const ACCESS = "tuple(uint8 end,bytes32 otherKey,bytes32 word,bytes32[] siblings)";
const WITNESS = `tuple(${ACCESS}[] accesses,tuple(uint64 count,bytes32[] frontier) outbox,bytes32 checkpointRoot,bytes32 absentHash)`;
const DUTY = `${HEADER} last,${CROSSLINK} parent,${ACCESS} cursorBefore,${ACCESS} cursorAfter`;

const TYPES = {
  Crosslink: `tuple(${CROSSLINK} parent)`,
  Header: `tuple(uint32 index,${HEADER} header)`,
  HeaderLink: `tuple(uint32 index,${HEADER} header,${BELOW} below)`,
  Boundary: `tuple(uint32 index,${HEADER} header,${LEAF} leaf)`,
  Leaf: `tuple(uint32 index,${HEADER} header,uint32 step,${LEAF} leaf)`,
  Step: `tuple(uint32 index,${HEADER} header,uint32 step,${LEAF} leaf,${LEAF} previous,${BELOW} below,bytes payload,${WITNESS} witness)`,
  InboxDuty: `tuple(${DUTY},uint64 epoch,uint8 kind,address sender,address recipient,uint128 value,bytes data)`,
  MessageDuty: `tuple(${DUTY},uint32 source)`,
  Silence: "uint256",
};

// ------------------------------------------------------------------ what stands where there is nothing

const EMPTY_HEADER: BlockHeader = {
  shardId: 0,
  generation: 0,
  number: 0,
  parentHash: ZERO_HASH,
  slot: 0,
  stepCount: 0,
  traceRoot: ZERO_HASH,
  stateRoot: ZERO_HASH,
  fees: 0n,
};
const EMPTY_CROSSLINK = genesisCrosslink(0);
const EMPTY_LEAF: LeafOpening = { word: ZERO_HASH, payloadHash: ZERO_HASH, stateRoot: ZERO_HASH, siblings: [] };
/** In an empty state everything is absent. */
const EMPTY_ACCESS: StepAccess = { key: ZERO_HASH, end: 1, siblings: [] };

// ------------------------------------------------------------------ encoding

/** ABI encoding of the struct of the predicate, hexadecimal: what a judge takes. */
export function encodeEvidence(evidence: DisputeEvidence): string {
  return coder.encode([ParamType.from(TYPES[evidence.predicate])], [hexed(evidenceStruct(evidence))]);
}

/** keccak256(abi.encode(predicate, crosslink, evidence)), hexadecimal: late votes change the proof, but not what it shows. */
export function disputeEvidenceHash({ crosslink }: CrosslinkProof, evidence: DisputeEvidence): string {
  const types = ["uint8", ParamType.from(CROSSLINK), "bytes"];
  const predicate = PREDICATES.indexOf(evidence.predicate);
  return keccak256(coder.encode(types, [predicate, hexed(crosslink), encodeEvidence(evidence)]));
}

/**
 * What `reporter` commits to some blocks before the dispute.
 * @param salt 32 bytes that nobody can guess
 */
export function disputeCommitment(
  reporter: string,
  proof: CrosslinkProof,
  evidence: DisputeEvidence,
  salt: Uint8Array,
): string {
  const fields = [reporter, disputeEvidenceHash(proof, evidence), toHex(salt)];
  return keccak256(coder.encode(["address", "bytes32", "bytes32"], fields));
}

/**
 * Input of the transaction that disputes the crosslink of the proof.
 * @param salt of the commitment; zero for a dispute without reporter
 */
export function encodeDispute(proof: CrosslinkProof, evidence: DisputeEvidence, salt: Uint8Array): string {
  // Bytes are hexadecimal in the arguments, as ethers takes them.
  const args = [...disputeArguments(proof, evidence), toHex(salt)] as never;
  return disputes.encodeFunctionData("dispute", args);
}

/** Arguments of `dispute` but for the salt. */
export function disputeArguments(proof: CrosslinkProof, evidence: DisputeEvidence): readonly unknown[] {
  return [PREDICATES.indexOf(evidence.predicate), hexed(proof), encodeEvidence(evidence)];
}

/** `CrosslinkProof`, with bytes in hexadecimal. */
export function crosslinkProofStruct(proof: CrosslinkProof) {
  return hexed(proof);
}

function evidenceStruct(evidence: DisputeEvidence): unknown {
  switch (evidence.predicate) {
    case "Crosslink":
    case "Header":
    case "Leaf":
      return evidence;
    case "HeaderLink":
      return { ...evidence, below: belowStruct(evidence.below) };
    case "Boundary":
      return { ...evidence, leaf: evidence.leaf ?? EMPTY_LEAF };
    case "Step":
      return {
        ...evidence,
        previous: evidence.previous ?? EMPTY_LEAF,
        below: belowStruct(evidence.below),
        witness: witnessStruct(evidence.witness),
      };
    case "InboxDuty":
      return { ...evidence.entry, ...cursors(evidence) };
    case "MessageDuty":
      return { ...evidence, ...cursors(evidence) };
    case "Silence":
      return evidence.challenge;
  }
}

function belowStruct(below: BelowOpening | null): unknown {
  return {
    parent: below?.parent ?? EMPTY_CROSSLINK,
    header: below?.header ?? { header: EMPTY_HEADER, siblings: [] },
  };
}

function cursors(duty: Extract<DisputeEvidence, { predicate: "InboxDuty" | "MessageDuty" }>) {
  return {
    last: duty.last,
    parent: duty.parent,
    cursorBefore: accessStruct(duty.cursorBefore ?? EMPTY_ACCESS),
    cursorAfter: accessStruct(duty.cursorAfter),
  };
}

/** `StepWitness`, with bytes as they are. */
export function witnessStruct({ accesses, outboxOpening, checkpoint }: DisputedStepWitness) {
  return {
    accesses: accesses.map(accessStruct),
    outbox: outboxOpening?.outbox ?? { count: 0, frontier: [] },
    checkpointRoot: checkpoint?.root ?? ZERO_HASH,
    absentHash: checkpoint?.absentHash ?? ZERO_HASH,
  };
}

function accessStruct({ end, word, otherKey, otherWord, siblings }: StepAccess) {
  return { end, otherKey: otherKey ?? ZERO_HASH, word: word ?? otherWord ?? ZERO_HASH, siblings };
}

/** The same with all bytes in hexadecimal, as ethers takes them. */
export function hexed(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(hexed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, hexed(field)]));
}
