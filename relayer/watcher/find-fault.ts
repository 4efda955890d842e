import type { LedgerEnvironment } from "../../ledger/environment.ts";
import type { ShardState } from "../../ledger/shard-state.ts";
import type { Step } from "../../ledger/step.ts";
import { type BlockHeader, blockHash } from "../../protocol/block-header.ts";
import { equal } from "../../protocol/bytes.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import type { ClaimedTrace } from "./claimed-trace.ts";
import { DutyCheck, type DutyFacts } from "./duty-faults.ts";
import { type CommitmentOf, findStepFault } from "./find-step-fault.ts";
import type { Finding } from "./finding.ts";
import { type Anchored, findHeaderFault, openBelow, openHeader } from "./header-faults.ts";

/** A crosslink that the parent chain has accepted, and what of it was published or shown since. */
export interface Claim extends Omit<Anchored, "headers"> {
  /** null when none are known. */
  readonly headers: readonly BlockHeader[] | null;
  /** What was published as the steps of the block with that index in the crosslink, from 0; perhaps nothing. */
  readonly copiesOf: (index: number) => readonly (readonly Step[])[];
  /** What was shown of its trace. */
  readonly claimedOf: (index: number, header: BlockHeader) => ClaimedTrace;
}

export interface FaultFinderOptions {
  readonly environment: LedgerEnvironment;
  /** After the last block of the parent crosslink, with room to undo all blocks of a crosslink. */
  readonly state: ShardState;
  readonly commitmentOf: CommitmentOf;
  readonly duties: DutyFacts;
  /** Called between two blocks: others may want to have their turn. */
  readonly pause?: () => Promise<void>;
}

/**
 * Looks for the first thing that is wrong with an anchored crosslink. Nobody else may use the state meanwhile. "sound" has executed it on the state; for everything
 * else that is as it was.
 * @throws LedgerError FactsUnavailable: the parent chain is not known far enough
 */
export async function findFault(options: FaultFinderOptions, claim: Claim): Promise<Finding> {
  const { environment, state, commitmentOf, duties, pause } = options;
  const { crosslink, parent, headers } = claim;
  if (crosslink.firstBlock !== parent.lastBlock + 1) {
    return { kind: "fault", fault: "WrongFirstBlock", index: null, evidence: { predicate: "Crosslink", parent } };
  }
  if (headers === null || !leadTo(environment, headers, crosslink.blocksRoot)) {
    return { kind: "missing", what: "headers" };
  }
  const anchored: Anchored = { ...claim, headers };
  const inHeaders = findHeaderFault(environment, anchored);
  if (inHeaders !== null) return inHeaders;

  const check = new DutyCheck(environment, state, duties, anchored);
  let executed = 0;
  const takeBack = () => {
    for (; executed > 0; executed--) state.undoBlock();
  };
  try {
    for (const [index, header] of headers.entries()) {
      const finding = findStepFault({
        environment,
        state,
        index,
        header,
        open: () => openHeader(environment, anchored, index),
        openBelow: () => openBelow(environment, anchored, index),
        copies: claim.copiesOf(index),
        claimed: claim.claimedOf(index, header),
        commitmentOf,
      });
      if (finding.kind !== "sound") {
        takeBack();
        return finding;
      }
      executed++;
      await pause?.();
    }
  } catch (error) {
    takeBack();
    throw error;
  }
  const left = check.leftLying();
  if (left === null) return { kind: "sound" };
  takeBack();
  return check.fault(left);
}

/** Whether these are the headers under a blocks root. */
export function leadTo(
  { crypto, domain }: Pick<LedgerEnvironment, "crypto" | "domain">,
  headers: readonly BlockHeader[],
  blocksRoot: Uint8Array,
): boolean {
  const hashes = headers.map((header) => blockHash(crypto, domain, header));
  return hashes.length > 0 && equal(paddedTreeRoot(crypto, hashes), blocksRoot);
}
