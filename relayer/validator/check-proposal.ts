import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { equal, ZERO_HASH } from "../../protocol/bytes.ts";
import { verifyCertificate } from "../../protocol/certificate.ts";
import { type Checkpoint, checkpointRoot, nextCheckpoint } from "../../protocol/checkpoint.ts";
import { crosslinkHash } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Proposal, ProposedEntry } from "../../protocol/gossip.ts";
import { proposalDigest, randaoRevealDigest } from "../../protocol/vote.ts";
import { committeeOf, keysOf } from "../parent/committee.ts";
import type { CheckpointLink, ParentView } from "../parent/parent-view.ts";

/** A proposal that two thirds may vote for, with the checkpoint that it leads to. */
export interface CheckedProposal {
  readonly proposal: Proposal;
  readonly checkpoint: Checkpoint;
  readonly source: CheckpointLink;
  readonly target: CheckpointLink;
  /** Crosslink hashes of the changed entries, by shard id. */
  readonly changed: ReadonlyMap<number, Uint8Array>;
}

/** A proposal that nobody should vote for. */
export class ProposalRefused extends Error {
  override readonly name = "ProposalRefused";
}

/** Protocol section 5, step 4, as far as it does not depend on who votes. @throws ProposalRefused */
export function checkProposal(crypto: Crypto, view: ParentView, proposal: Proposal): CheckedProposal {
  const { epoch } = proposal;
  if (epoch + 1 !== view.epoch()) throw new ProposalRefused(`epoch ${epoch} is not the one to vote in ${view.epoch()}`);
  const source = view.checkpoint(view.justified.epoch);
  if (source === null || proposal.sourceEpoch !== view.justified.epoch || !equal(proposal.sourceRoot, source.root)) {
    throw new ProposalRefused(`source ${proposal.sourceEpoch} is not the justified epoch ${view.justified.epoch}`);
  }
  if (epoch <= proposal.sourceEpoch) throw new ProposalRefused(`target ${epoch} does not follow its source`);
  if (!equal(proposal.rewardsRoot, ZERO_HASH)) throw new ProposalRefused("the rewards root does not recompute");

  const changed = proposal.entries.map((entry) => checkEntry(crypto, view, proposal, entry));
  const link = { epoch: proposal.sourceEpoch, root: source.root };
  const checkpoint = nextCheckpoint(
    { ...link, entries: source.checkpoint.entries },
    epoch,
    proposal.rewardsRoot,
    changed,
  );
  const root = checkpointRoot(crypto, checkpoint);
  // Before the certificates: nobody but the proposer can make others verify them all.
  checkProposer(crypto, view, proposal, root);
  for (const entry of proposal.entries) checkCertificate(crypto, view, proposal, entry);
  return {
    proposal,
    checkpoint,
    source: link,
    target: { epoch, root },
    changed: new Map(changed.map(({ shardId, hash }) => [shardId, hash])),
  };
}

function checkProposer(crypto: Crypto, view: ParentView, proposal: Proposal, root: Uint8Array): void {
  const { epoch } = proposal;
  const key = view.proposer(epoch)?.validator?.publicKey;
  if (key === undefined) throw new ProposalRefused(`epoch ${epoch} has no proposer`);
  const digest = proposalDigest(crypto, view.domain, epoch, root);
  if (!crypto.bls.verify(key, digest, proposal.proposerSignature, SIGNATURE_TAG)) {
    throw new ProposalRefused(`the proposer of epoch ${epoch} did not sign this`);
  }
  if (!isRevealed(crypto, view, proposal)) throw new ProposalRefused("the randomness reveal is not the proposer's");
}

/** Whether the proposal has the reveal of its epoch's proposer: that much can be told of one that comes early. */
export function isRevealed(crypto: Crypto, view: ParentView, { epoch, reveal }: Proposal): boolean {
  const key = view.proposer(epoch)?.validator?.publicKey;
  const digest = randaoRevealDigest(crypto, view.domain, epoch);
  return key !== undefined && crypto.bls.verify(key, digest, reveal, SIGNATURE_TAG);
}

function checkEntry(
  crypto: Crypto,
  view: ParentView,
  proposal: Proposal,
  { position, certificate }: ProposedEntry,
): { position: number; shardId: number; hash: Uint8Array } {
  const { crosslink } = certificate.signed;
  const refuse = (why: string) => new ProposalRefused(`entry at position ${position}: ${why}`);
  const shard = view.shardAt(position);
  if (shard === null || crosslink.shardId !== shard.id) throw refuse("it is of another shard");
  if (crosslink.generation !== shard.generation) throw refuse(`generation ${crosslink.generation} is not current`);
  if (crosslink.epoch !== proposal.epoch) throw refuse(`it was attested in epoch ${crosslink.epoch}`);
  const parent = view.parentOf(shard.id);
  if (parent === null || !equal(crosslink.parent, crosslinkHash(crypto, view.domain, parent))) {
    throw refuse("it does not build on what the shard goes on from");
  }
  return { position, shardId: shard.id, hash: crosslinkHash(crypto, view.domain, crosslink) };
}

function checkCertificate(
  crypto: Crypto,
  view: ParentView,
  { epoch }: Proposal,
  { position, certificate }: ProposedEntry,
): void {
  const { domain, parameters } = view;
  const committee = committeeOf(view, position, epoch);
  const operator = view.shardAt(position)?.operator;
  if (committee === null || operator === undefined) {
    throw new ProposalRefused(`entry at position ${position}: it has no committee`);
  }
  if (!verifyCertificate(crypto, domain, parameters, certificate, keysOf(committee), operator)) {
    throw new ProposalRefused(`entry at position ${position}: its certificate is not valid`);
  }
}
