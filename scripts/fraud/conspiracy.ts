import { bitsFrom } from "../../protocol/bits.ts";
import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { equal, ZERO_HASH } from "../../protocol/bytes.ts";
import { checkpointRoot, nextCheckpoint } from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { randaoRevealDigest, voteDigest } from "../../protocol/vote.ts";
import type { CheckpointSubmission } from "../../relayer/parent/checkpoint-submission.ts";
import type { ParentView } from "../../relayer/parent/parent-view.ts";

/**
 * Signs a checkpoint with a crosslink that nobody has checked, with every key that can be had: what the contract accepts
 * from validators who have all been bought.
 * @param keys BLS secret keys, 32 bytes each; who sits without one of them is absent
 * @throws Error when the proposer's key is not among them
 */
export function conspire(
  crypto: Crypto,
  view: ParentView,
  keys: readonly Uint8Array[],
  epoch: number,
  crosslink: Crosslink,
): CheckpointSubmission {
  const { bls } = crypto;
  const { domain } = view;
  const publicKeys = keys.map((key) => bls.publicKey(key));
  const secretOf = (publicKey: Uint8Array) => keys[publicKeys.findIndex((known) => equal(known, publicKey))];
  const sign = (secret: Uint8Array, digest: Uint8Array) => bls.decompressG2(bls.sign(secret, digest, SIGNATURE_TAG));

  const source = view.checkpoint(view.justified.epoch);
  const position = view.shard(crosslink.shardId)?.position;
  const proposer = view.proposer(epoch)?.validator;
  if (source === null || position === undefined || proposer == null) throw new Error(`epoch ${epoch} has no proposer`);
  const proposerKey = secretOf(proposer.publicKey);
  if (proposerKey === undefined) throw new Error(`the proposer of epoch ${epoch} cannot be bought`);

  const { entries } = source.checkpoint;
  const from = { epoch: view.justified.epoch, root: source.root, entries };
  const changed = [{ position, hash: crosslinkHash(crypto, domain, crosslink) }];
  const targetRoot = checkpointRoot(crypto, nextCheckpoint(from, epoch, ZERO_HASH, changed));
  const seats = view.seatsOf(epoch);
  const secrets = seats.map((validator) => (validator === null ? undefined : secretOf(validator.publicKey)));
  const absent = seats.flatMap((validator, seat) => (validator !== null && secrets[seat] === undefined ? [seat] : []));
  const present = secrets.filter((secret) => secret !== undefined);
  const vote = { sourceEpoch: from.epoch, sourceRoot: source.root, targetEpoch: epoch, targetRoot };
  return {
    targetEpoch: epoch,
    sourceEpoch: from.epoch,
    sourceRoot: source.root,
    previousEntries: entries,
    changed: [{ position, record: crosslink }],
    rewardsRoot: ZERO_HASH,
    absent: absent.length === 0 ? new Uint8Array() : bitsFrom(absent, seats.length),
    signature: sign(bls.sumSecretKeys(present), voteDigest(crypto, domain, vote)),
    reveal: sign(proposerKey, randaoRevealDigest(crypto, domain, epoch)),
  };
}
