import { bitsFrom } from "../../../../protocol/bits.ts";
import { SIGNATURE_TAG } from "../../../../protocol/bls.ts";
import { toHex, ZERO_HASH } from "../../../../protocol/bytes.ts";
import { checkpointRoot, parentOfEntry } from "../../../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash } from "../../../../protocol/crosslink.ts";
import type { Crypto } from "../../../../protocol/crypto.ts";
import { randaoRevealDigest, voteDigest } from "../../../../protocol/vote.ts";
import type { ChangedRecord, CheckpointSubmission } from "../../../../relayer/parent/checkpoint-submission.ts";
import type { ParentView } from "../../../../relayer/parent/parent-view.ts";

/** Secret keys by compressed public key, hexadecimal. */
export type Keyring = ReadonlyMap<string, Uint8Array>;

export function keyring(crypto: Crypto, secretKeys: readonly Uint8Array[]): Keyring {
  return new Map(secretKeys.map((key) => [toHex(crypto.bls.publicKey(key)), key]));
}

/** What validators, proposer and aggregator do together: the vote of an epoch on these changes, without the absent seats. */
export function voteOf(
  crypto: Crypto,
  view: ParentView,
  keys: Keyring,
  targetEpoch: number,
  changed: readonly ChangedRecord[],
  absentSeats: readonly number[] = [],
): CheckpointSubmission {
  const source = view.checkpoint(view.justified.epoch);
  if (source === null) throw new Error("the source is not known");
  const entries = [...source.checkpoint.entries];
  for (const { position, record } of changed) {
    const shard = view.shardAt(position);
    if (shard === null) throw new Error(`no shard at position ${position}`);
    const isAlive = record.generation === shard.generation;
    const parent = isAlive
      ? crosslinkHash(crypto, view.domain, view.parentOf(shard.id) as Crosslink)
      : parentOfEntry(crypto, view.domain, shard.id, entries[position] ?? ZERO_HASH);
    const crosslink = { shardId: shard.id, epoch: targetEpoch, parent, ...record };
    entries[position] = crosslinkHash(crypto, view.domain, crosslink);
  }
  const sourceEpoch = source.checkpoint.body.epoch;
  const body = { epoch: targetEpoch, sourceEpoch, sourceRoot: source.root, rewardsRoot: ZERO_HASH };
  const targetRoot = checkpointRoot(crypto, { body, entries });

  const keyOf = (seat: number): Uint8Array => {
    const occupant = view.occupant(seat, targetEpoch);
    const key = occupant === null ? undefined : keys.get(toHex(occupant.publicKey));
    if (key === undefined) throw new Error(`nobody holds the key of seat ${seat}`);
    return key;
  };
  const seats = view.seatsOf(targetEpoch).map((_, seat) => seat);
  const signers = seats.filter((seat) => !absentSeats.includes(seat)).map(keyOf);
  const vote = voteDigest(crypto, view.domain, { sourceEpoch, sourceRoot: source.root, targetEpoch, targetRoot });
  const proposer = view.proposer(targetEpoch);
  if (proposer === null) throw new Error("the proposer is not known");
  const sign = (key: Uint8Array, digest: Uint8Array) =>
    crypto.bls.decompressG2(crypto.bls.sign(key, digest, SIGNATURE_TAG));
  return {
    targetEpoch,
    sourceEpoch,
    sourceRoot: source.root,
    previousEntries: source.checkpoint.entries,
    changed,
    rewardsRoot: ZERO_HASH,
    absent: absentSeats.length === 0 ? new Uint8Array() : bitsFrom(absentSeats, seats.length),
    signature: sign(crypto.bls.sumSecretKeys(signers), vote),
    reveal: sign(keyOf(proposer.seat), randaoRevealDigest(crypto, view.domain, targetEpoch)),
  };
}
