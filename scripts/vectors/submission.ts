import { bitsFrom } from "../../protocol/bits.ts";
import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { fromHex, ZERO_HASH } from "../../protocol/bytes.ts";
import {
  type Checkpoint,
  checkpointRoot,
  type EntryRecord,
  genesisCheckpoint,
  nextCheckpoint,
  parentOfEntry,
} from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { randaoRevealDigest, voteDigest } from "../../protocol/vote.ts";
import { type CheckpointSubmission, packRecords } from "../../relayer/parent/checkpoint-submission.ts";
import { submissionStruct } from "../../relayer/parent/submission-codec.ts";
import { CrosslinkAnchors__factory } from "../../types/factories/beacon/CrosslinkAnchors__factory.ts";
import { sampleDomain, sampleHash, sampleSecretKey } from "./samples.ts";

/** What goes to the parent chain, docs/formats.md, section 7. */

const SEATS = 10;

/** A vote of four validators, two of ten seats absent, that changes the first entry of one shard and the next of another. */
export function sampleSubmission(crypto: Crypto) {
  const domain = sampleDomain(crypto);
  const genesis = genesisCheckpoint(4);
  const source: Checkpoint = {
    body: { epoch: 3, sourceEpoch: 0, sourceRoot: checkpointRoot(crypto, genesis), rewardsRoot: ZERO_HASH },
    entries: [sampleHash(crypto, "entry"), ...genesis.entries.slice(1)],
  };
  const record = (name: string, firstBlock: number, lastBlock: number): EntryRecord => ({
    generation: 0,
    firstBlock,
    lastBlock,
    blocksRoot: sampleHash(crypto, `blocks of ${name}`),
    stateRoot: sampleHash(crypto, `state of ${name}`),
  });
  const changed = [
    { position: 0, record: record("shard 1", 10, 17) },
    { position: 2, record: record("shard 3", 1, 1) },
  ];
  const [sourceEpoch, targetEpoch] = [source.body.epoch, 5];
  const sourceRoot = checkpointRoot(crypto, source);
  const crosslinks = changed.map(({ position, record: of }): Crosslink => {
    const shardId = position + 1;
    const parent = parentOfEntry(crypto, domain, shardId, source.entries[position] as Uint8Array);
    return { shardId, epoch: targetEpoch, parent, ...of };
  });
  const target = nextCheckpoint(
    { epoch: sourceEpoch, root: sourceRoot, entries: source.entries },
    targetEpoch,
    ZERO_HASH,
    crosslinks.map((crosslink) => ({
      position: crosslink.shardId - 1,
      hash: crosslinkHash(crypto, domain, crosslink),
    })),
  );
  const targetRoot = checkpointRoot(crypto, target);
  const digest = voteDigest(crypto, domain, { sourceEpoch, sourceRoot, targetEpoch, targetRoot });
  const voters = ["alice", "bob", "carol", "dave"].map((name) => sampleSecretKey(crypto, name));
  const sign = (keys: readonly Uint8Array[], message: Uint8Array) =>
    crypto.bls.decompressG2(crypto.bls.sign(crypto.bls.sumSecretKeys(keys), message, SIGNATURE_TAG));
  const submission: CheckpointSubmission = {
    targetEpoch,
    sourceEpoch,
    sourceRoot,
    previousEntries: source.entries,
    changed,
    rewardsRoot: ZERO_HASH,
    absent: bitsFrom([1, 8], SEATS),
    signature: sign(voters, digest),
    reveal: sign(voters.slice(0, 1), randaoRevealDigest(crypto, domain, targetEpoch)),
  };
  return { submission, crosslinks, target, targetRoot };
}

/** The input is that of the transaction to CrosslinkAnchors. */
export function submissionVector(crypto: Crypto): object {
  const { submission, crosslinks, target, targetRoot } = sampleSubmission(crypto);
  const anchors = CrosslinkAnchors__factory.createInterface();
  return {
    ...submission,
    ...packRecords(submission.changed),
    input: fromHex(anchors.encodeFunctionData("submit", [submissionStruct(submission)])),
    seats: SEATS,
    crosslinks,
    entriesOfTarget: target.entries,
    targetRoot,
  };
}
