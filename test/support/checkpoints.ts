import { bitsFrom } from "../../protocol/bits.ts";
import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import {
  absentHashOf,
  type Checkpoint,
  checkpointBodyRoot,
  checkpointCommitment,
  checkpointRoot,
  type EntryRecord,
  entryProof,
  genesisCheckpoint,
  nextCheckpoint,
  parentOfEntry,
} from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import { randaoRevealDigest, voteDigest } from "../../protocol/vote.ts";
import type { CheckpointSubmission } from "../../relayer/parent/checkpoint-submission.ts";
import { submissionStruct } from "../../relayer/parent/submission-codec.ts";
import type { Beacon, KeyPair } from "./beacon.ts";

export interface Change {
  readonly position: number;
  readonly shardId: number;
  readonly record: EntryRecord;
  /** Where the shard resumes, if that is not the entry of the source. */
  readonly parent?: Uint8Array;
}

export interface VoteOptions {
  readonly changes?: readonly Change[];
  /** Seats whose occupants do not sign and are listed. */
  readonly absent?: readonly number[];
  /** Seats without an occupant, who is neither asked nor listed. */
  readonly vacant?: readonly number[];
  readonly rewardsRoot?: Uint8Array;
}

/** The validators' side: what is justified, and votes that are signed with the keys of all seats. */
export class Voters {
  readonly #beacon: Beacon;
  /** By seat, which in these tests is by number of the validator. */
  readonly #keys: readonly KeyPair[];
  source: Checkpoint;
  /** The crosslinks of the latest vote, by position. */
  crosslinks: ReadonlyMap<number, Crosslink> = new Map();

  constructor(beacon: Beacon, keys: readonly KeyPair[]) {
    this.#beacon = beacon;
    this.#keys = keys;
    this.source = genesisCheckpoint(beacon.parameters.shardCount);
  }

  root(checkpoint: Checkpoint = this.source): Uint8Array {
    return checkpointRoot(this.#beacon.crypto, checkpoint);
  }

  /** As CrosslinkAnchors keeps it. */
  commitment(checkpoint: Checkpoint, absent: Uint8Array = new Uint8Array()): string {
    const { crypto } = this.#beacon;
    return toHex(checkpointCommitment(crypto, this.root(checkpoint), absentHashOf(crypto, absent)));
  }

  bodyRoot(checkpoint: Checkpoint): Uint8Array {
    return checkpointBodyRoot(this.#beacon.crypto, checkpoint.body);
  }

  /** A signed vote for the epoch, as it is submitted. The epoch has begun. */
  async vote(epoch: number, { changes = [], absent = [], vacant = [], rewardsRoot = ZERO_HASH }: VoteOptions = {}) {
    const { crypto, domain, registry } = this.#beacon;
    const source = { epoch: this.source.body.epoch, root: this.root(), entries: this.source.entries };
    this.crosslinks = new Map(
      changes.map(({ position, shardId, record, parent }) => {
        const previous = parentOfEntry(crypto, domain, shardId, source.entries[position] as Uint8Array);
        return [position, { shardId, epoch, parent: parent ?? previous, ...record }];
      }),
    );
    const target = nextCheckpoint(
      source,
      epoch,
      rewardsRoot,
      [...this.crosslinks].map(([position, crosslink]) => ({
        position,
        hash: crosslinkHash(crypto, domain, crosslink),
      })),
    );
    const digest = voteDigest(crypto, domain, {
      sourceEpoch: source.epoch,
      sourceRoot: source.root,
      targetEpoch: epoch,
      targetRoot: this.root(target),
    });
    const seats = Number(await registry.seatCount(epoch));
    const present = this.#keys.slice(0, seats).filter((_, seat) => !absent.includes(seat) && !vacant.includes(seat));
    const { seat } = await registry.proposer(epoch);
    const submission: CheckpointSubmission = {
      targetEpoch: epoch,
      sourceEpoch: source.epoch,
      sourceRoot: source.root,
      previousEntries: source.entries,
      changed: changes.map(({ position, record }) => ({ position, record })),
      rewardsRoot,
      absent: absent.length === 0 ? new Uint8Array() : bitsFrom(absent, seats),
      signature: this.sign(present, digest),
      reveal: this.sign([this.#keys[Number(seat)] as KeyPair], randaoRevealDigest(crypto, domain, epoch)),
    };
    return { submission, struct: submissionStruct(submission), target, digest };
  }

  /** Votes and submits; the target is the next source. */
  async justify(epoch: number, options: VoteOptions = {}) {
    const { struct, target } = await this.vote(epoch, options);
    const transaction = await this.#beacon.anchors.submit(struct);
    this.source = target;
    return transaction;
  }

  /** Aggregate signature, 256 bytes. */
  sign(keys: readonly KeyPair[], digest: Uint8Array): Uint8Array {
    const { bls } = this.#beacon.crypto;
    const secretKey = bls.sumSecretKeys(keys.map((key) => key.secretKey));
    return bls.decompressG2(bls.sign(secretKey, digest, SIGNATURE_TAG));
  }

  /** A `CrosslinkProof` for the entry at a position of a checkpoint whose crosslink is given, and who was absent. */
  proof(checkpoint: Checkpoint, position: number, crosslink: Crosslink, absent: Uint8Array = new Uint8Array()) {
    return {
      checkpointEpoch: checkpoint.body.epoch,
      bodyRoot: toHex(this.bodyRoot(checkpoint)),
      absentHash: toHex(absentHashOf(this.#beacon.crypto, absent)),
      position,
      crosslink: crosslinkStruct(crosslink),
      siblings: entryProof(this.#beacon.crypto, checkpoint, position).map(toHex),
    };
  }
}

export function crosslinkStruct(crosslink: Crosslink) {
  return {
    ...crosslink,
    parent: toHex(crosslink.parent),
    blocksRoot: toHex(crosslink.blocksRoot),
    stateRoot: toHex(crosslink.stateRoot),
  };
}
