import { parentHashOf } from "../../ledger/block-execution.ts";
import type { BelowOpening, Fault, HeaderOpening } from "../../ledger/dispute-evidence.ts";
import type { LedgerEnvironment } from "../../ledger/environment.ts";
import { type BlockHeader, blockHash } from "../../protocol/block-header.ts";
import { equal } from "../../protocol/bytes.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import { paddedTreeProof } from "../../protocol/padded-tree.ts";
import { MAX_STEPS } from "../../protocol/presets.ts";
import type { FaultFinding } from "./finding.ts";

/** A crosslink that the parent chain has accepted, and what is known of it. */
export interface Anchored {
  readonly crosslink: Crosslink;
  /** May be the genesis crosslink. */
  readonly parent: Crosslink;
  /** The last header of the parent, with its path there; null on the genesis crosslink. */
  readonly below: HeaderOpening | null;
  /** All of the crosslink's, which lead to its blocks root. */
  readonly headers: readonly BlockHeader[];
}

/** What is wrong with the headers of a crosslink, without a look at what they stand for. */
export function findHeaderFault(environment: LedgerEnvironment, anchored: Anchored): FaultFinding | null {
  const { headers } = anchored;
  for (const [index, header] of headers.entries()) {
    const own = headerFault(environment, anchored.crosslink, index, header);
    if (own !== null) {
      const evidence = { predicate: "Header", index, header: openHeader(environment, anchored, index) } as const;
      return { kind: "fault", fault: own, index, evidence };
    }
    const link = linkFault(environment, header, headers[index - 1] ?? anchored.below?.header ?? null);
    if (link !== null) {
      const opened = openHeader(environment, anchored, index);
      const below = openBelow(environment, anchored, index);
      return {
        kind: "fault",
        fault: link,
        index,
        evidence: { predicate: "HeaderLink", index, header: opened, below },
      };
    }
  }
  const last = headers.length - 1;
  if (equal((headers[last] as BlockHeader).stateRoot, anchored.crosslink.stateRoot)) return null;
  const header = openHeader(environment, anchored, last);
  const evidence = { predicate: "Boundary", index: last, header, leaf: null } as const;
  return { kind: "fault", fault: "CrosslinkStateMismatch", index: null, evidence };
}

/** A header with its path in the crosslink. */
export function openHeader(
  { crypto, domain }: LedgerEnvironment,
  { headers }: Pick<Anchored, "headers">,
  index: number,
): HeaderOpening {
  const hashes = headers.map((header) => blockHash(crypto, domain, header));
  return { header: headers[index] as BlockHeader, siblings: paddedTreeProof(crypto, hashes, index) };
}

/** The block below that of an index; null on the genesis crosslink. */
export function openBelow(environment: LedgerEnvironment, anchored: Anchored, index: number): BelowOpening | null {
  if (index > 0) return { parent: null, header: openHeader(environment, anchored, index - 1) };
  return anchored.below === null ? null : { parent: anchored.parent, header: anchored.below };
}

function headerFault(
  { parameters }: LedgerEnvironment,
  crosslink: Crosslink,
  index: number,
  header: BlockHeader,
): Fault | null {
  if (header.shardId !== crosslink.shardId) return "HeaderOfOtherShard";
  if (header.generation !== crosslink.generation) return "HeaderOfOtherGeneration";
  if (header.number !== crosslink.firstBlock + index) return "WrongBlockNumber";
  if (header.stepCount === 0 || header.stepCount > MAX_STEPS) return "StepCountOutOfRange";
  return Math.floor(header.slot / parameters.slotsPerEpoch) > crosslink.epoch ? "SlotAfterEpoch" : null;
}

function linkFault(environment: LedgerEnvironment, header: BlockHeader, below: BlockHeader | null): Fault | null {
  if (!equal(header.parentHash, parentHashOf(environment, below))) return "WrongParentHash";
  return below !== null && header.slot <= below.slot ? "SlotNotLater" : null;
}
