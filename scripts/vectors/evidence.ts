import { bitsFrom } from "../../protocol/bits.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import { blockHash } from "../../protocol/block-header.ts";
import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { fromHex, toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { checkpointRoot, genesisCheckpoint, nextCheckpoint } from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Evidence, SignedVote } from "../../protocol/evidence.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { proposalDigest, type Vote, voteDigest } from "../../protocol/vote.ts";
import { encodeReport, offenceId, reportCommitment, reportOf } from "../../relayer/parent/evidence-codec.ts";
import { operatorSignature, sampleAddress, sampleDomain, sampleHash, sampleSecretKey } from "./samples.ts";

/** Evidence and what is committed to before it is shown, docs/formats.md, section 8. */

const SEATS = 10;

/** One of each kind; the votes in each of their forms. */
export function sampleEvidence(crypto: Crypto): Record<string, Evidence> {
  const domain = sampleDomain(crypto);
  const sign = (digest: Uint8Array, names: readonly string[] = ["alice", "bob"]) => {
    const keys = names.map((name) => sampleSecretKey(crypto, name));
    return crypto.bls.sign(crypto.bls.sumSecretKeys(keys), digest, SIGNATURE_TAG);
  };
  const signed = (vote: Vote, signers: SignedVote["signers"]): SignedVote => ({
    vote,
    signers,
    signature: sign(voteDigest(crypto, domain, vote)),
  });
  const genesis = genesisCheckpoint(4);
  const source = { epoch: 0, root: checkpointRoot(crypto, genesis), entries: genesis.entries };
  const target = nextCheckpoint(source, 7, ZERO_HASH, [{ position: 1, hash: sampleHash(crypto, "entry") }]);
  const link = { sourceEpoch: 0, sourceRoot: source.root };
  const inner: Vote = {
    sourceEpoch: 3,
    sourceRoot: sampleHash(crypto, "source"),
    targetEpoch: 4,
    targetRoot: sampleHash(crypto, "target"),
  };
  const crosslink = (name: string): Crosslink => ({
    shardId: 2,
    generation: 0,
    epoch: 7,
    parent: sampleHash(crypto, "parent"),
    firstBlock: 10,
    lastBlock: 17,
    blocksRoot: sampleHash(crypto, `blocks of ${name}`),
    stateRoot: sampleHash(crypto, `state of ${name}`),
  });
  const attestation = (name: string) => ({
    crosslink: crosslink(name),
    validators: [3, 300],
    signature: sign(crosslinkHash(crypto, domain, crosslink(name))),
  });
  const proposal = (name: string) => {
    const root = sampleHash(crypto, name);
    return { epoch: 7, checkpointRoot: root, signature: sign(proposalDigest(crypto, domain, 7, root), ["carol"]) };
  };
  const header = (name: string) => {
    const it: BlockHeader = {
      shardId: 2,
      generation: 0,
      number: 12,
      parentHash: sampleHash(crypto, "parent block"),
      slot: 61,
      stepCount: 3,
      traceRoot: sampleHash(crypto, `trace of ${name}`),
      stateRoot: sampleHash(crypto, `state of ${name}`),
      fees: 42_000_000_000_000n,
    };
    return { header: it, signature: operatorSignature(crypto, blockHash(crypto, domain, it)) };
  };
  return {
    doubleVote: {
      kind: "votes",
      a: signed(inner, { validators: [3, 300] }),
      b: signed({ ...inner, targetRoot: sampleHash(crypto, "other target") }, { absent: bitsFrom([1, 8], SEATS) }),
    },
    surroundVote: {
      kind: "votes",
      a: {
        vote: { ...link, targetEpoch: 7, targetRoot: checkpointRoot(crypto, target) },
        absent: new Uint8Array(),
        entriesRoot: paddedTreeRoot(crypto, target.entries),
        rewardsRoot: ZERO_HASH,
      },
      b: signed(inner, { validators: [3, 300] }),
    },
    doubleAttestation: { kind: "attestations", a: attestation("one"), b: attestation("the other") },
    doubleProposal: { kind: "proposals", validator: 300, a: proposal("one root"), b: proposal("the other root") },
    doubleHeader: { kind: "headers", a: header("one"), b: header("the other") },
  };
}

/** The input is that of the transaction to Slashings; `id` is null where there is nobody to punish one by one. */
export function evidenceVectors(crypto: Crypto): object {
  const reporter = toHex(sampleAddress(crypto, "reporter"));
  const salt = sampleHash(crypto, "salt");
  const reports = Object.entries(sampleEvidence(crypto)).map(([offence, evidence]) => {
    const report = reportOf(crypto, evidence);
    return {
      offence,
      input: fromHex(encodeReport(report, salt)),
      commitment: fromHex(reportCommitment(reporter, report, salt)),
      id: offenceId(evidence),
    };
  });
  return { reporter, salt, reports };
}
