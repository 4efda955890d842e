import { withoutBits } from "../../protocol/bits.ts";
import { equal, toHex } from "../../protocol/bytes.ts";
import {
  absentHashOf,
  type Checkpoint,
  checkpointBodyRoot,
  checkpointRoot,
  genesisCheckpoint,
  parentOfEntry,
} from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Domain } from "../../protocol/eip712.ts";
import type { CheckpointSubmission } from "./checkpoint-submission.ts";
import { EntryStandings } from "./entry-standings.ts";
import { ParentInconsistent } from "./errors.ts";
import type {
  CheckpointAccepted,
  CheckpointSettled,
  CrosslinkVoided,
  EntriesVoided,
  EntryHeld,
  VotesSupplemented,
} from "./parent-log.ts";
import type {
  AcceptedCheckpoint,
  ChangedEntry,
  CheckpointLink,
  Hold,
  ParentBlock,
  Settlement,
  Shard,
} from "./parent-view.ts";

interface Recorded extends AcceptedCheckpoint {
  absent: Uint8Array;
  absentHash: Uint8Array;
  voided: readonly number[];
}

/** Accepted checkpoints, their finality, and every crosslink that stands in one of them. */
export class CheckpointHistory {
  readonly #crypto: Crypto;
  readonly #domain: Domain;
  readonly #checkpoints = new Map<number, Recorded>();
  readonly #settlements = new Map<number, Settlement>();
  /** Epochs of the settled checkpoints, in the order of their settlement. */
  readonly #settledEpochs: number[] = [0];
  readonly #crosslinks = new Map<string, Crosslink>();
  readonly #standings: EntryStandings;
  #justified = 0;
  #finalized = 0;

  constructor(crypto: Crypto, domain: Domain, shardCount: number, deployment: ParentBlock) {
    this.#crypto = crypto;
    this.#domain = domain;
    this.#standings = new EntryStandings(shardCount);
    this.#record(genesisCheckpoint(shardCount), deployment, 0, [], null);
    this.#settlements.set(0, { settledEpoch: 0, exceptions: [] });
  }

  get justified(): CheckpointLink {
    return this.#link(this.#justified);
  }

  get finalized(): CheckpointLink {
    return this.#link(this.#finalized);
  }

  get settled(): CheckpointLink {
    return this.#link(this.#settledEpochs.at(-1) as number);
  }

  checkpoint(epoch: number): AcceptedCheckpoint | null {
    return this.#checkpoints.get(epoch) ?? null;
  }

  settlement(epoch: number): Settlement | null {
    return this.#settlements.get(epoch) ?? null;
  }

  settledAsOf(epoch: number): number {
    const wasSettled = (settled: number) => (this.#settlements.get(settled) as Settlement).settledEpoch <= epoch;
    return this.#settledEpochs.findLast(wasSettled) ?? 0;
  }

  crosslink(hash: Uint8Array): Crosslink | null {
    return this.#crosslinks.get(toHex(hash)) ?? null;
  }

  // ------------------------------------------------------------------ entries

  /** What the next crosslink of the shard's living generation builds on. */
  parentOf({ id, position }: Shard): Crosslink {
    return this.crosslink(this.#parentHash(this.#of(this.#justified), id, position)) as Crosslink;
  }

  isVoid(position: number, epoch: number): boolean {
    return this.#standings.isVoid(position, epoch);
  }

  disputable(): ChangedEntry[] {
    return this.#standings.disputable();
  }

  hold(position: number, block: ParentBlock): Hold | null {
    return this.#standings.hold(position, block);
  }

  // ------------------------------------------------------------------ changes

  /** A shard's genesis crosslink is the parent of its first entry. */
  addShard(shardId: number): void {
    const genesis = genesisCrosslink(shardId);
    this.#crosslinks.set(toHex(crosslinkHash(this.#crypto, this.#domain, genesis)), genesis);
  }

  /**
   * @param shardAt the shard at a position, or null
   * @throws ParentInconsistent when the submission does not lead to the root of the event
   */
  accept(log: CheckpointAccepted, epoch: number, shardAt: (position: number) => Shard | null): void {
    const { submission } = log;
    const { targetEpoch, sourceEpoch, rewardsRoot } = submission;
    const source = this.#of(sourceEpoch);
    const entries = [...source.checkpoint.entries];
    const changed = this.#changedEntries(submission, source, shardAt);
    for (const { position, hash } of changed) entries[position] = hash;

    const body = { epoch: targetEpoch, sourceEpoch, sourceRoot: source.root, rewardsRoot };
    const accepted = this.#record({ body, entries }, log.block, epoch, changed, submission);
    if (!equal(accepted.root, log.root)) {
      throw new ParentInconsistent(
        `the submission of epoch ${targetEpoch} leads to the root ${toHex(accepted.root)}, ` +
          `its event says ${toHex(log.root)}`,
      );
    }
    this.#justified = targetEpoch;
    for (const entry of changed) {
      if (this.#isAlive(entry, shardAt)) this.#standings.accept(entry);
      else this.#standings.acceptDead(entry, entry.crosslink.parent);
    }
  }

  void(log: EntriesVoided): void {
    this.#of(log.targetEpoch).voided = log.positions;
  }

  /** @throws ParentInconsistent when the entry is not disputable, or nobody knows what the shard resumes from */
  voidEntry(log: CrosslinkVoided): void {
    if (this.crosslink(log.resume) === null) {
      throw new ParentInconsistent(`shard ${log.shardId} resumes from ${toHex(log.resume)}, which nobody knows`);
    }
    this.#standings.void(log);
  }

  holdBack(log: EntryHeld): void {
    this.#standings.holdBack(log);
  }

  /** @throws ParentInconsistent when others are left absent than the event says */
  supplement(log: VotesSupplemented): void {
    const recorded = this.#of(log.targetEpoch);
    const absent = withoutBits(recorded.absent, log.added);
    const absentHash = absentHashOf(this.#crypto, absent);
    if (!equal(absentHash, log.absentHash)) {
      throw new ParentInconsistent(
        `after late votes for the checkpoint of epoch ${log.targetEpoch} the absent hash to ${toHex(absentHash)}, ` +
          `the event says ${toHex(log.absentHash)}`,
      );
    }
    recorded.absent = absent;
    recorded.absentHash = absentHash;
  }

  finalize(epoch: number): void {
    this.#finalized = this.#of(epoch).checkpoint.body.epoch;
  }

  settle(log: CheckpointSettled, settledEpoch: number): void {
    this.#settlements.set(this.#of(log.epoch).checkpoint.body.epoch, { settledEpoch, exceptions: log.exceptions });
    this.#settledEpochs.push(log.epoch);
    this.#standings.settle(log.epoch, log.exceptions);
  }

  #of(epoch: number): Recorded {
    const checkpoint = this.#checkpoints.get(epoch);
    if (checkpoint === undefined) throw new ParentInconsistent(`no checkpoint of epoch ${epoch} was accepted`);
    return checkpoint;
  }

  #link(epoch: number): CheckpointLink {
    return { epoch, root: this.#of(epoch).root };
  }

  #changedEntries(
    submission: CheckpointSubmission,
    source: AcceptedCheckpoint,
    shardAt: (position: number) => Shard | null,
  ): ChangedEntry[] {
    return submission.changed.map(({ position, record }) => {
      const shard = shardAt(position);
      if (shard === null) {
        throw new ParentInconsistent(`the entry at position ${position} changed, where there is no shard`);
      }
      const parent =
        record.generation === shard.generation
          ? this.#parentHash(source, shard.id, position)
          : this.#previousHash(source, shard.id, position);
      const crosslink = { shardId: shard.id, epoch: submission.targetEpoch, parent, ...record };
      return { position, crosslink, hash: crosslinkHash(this.#crypto, this.#domain, crosslink) };
    });
  }

  #isAlive({ position, crosslink }: ChangedEntry, shardAt: (position: number) => Shard | null): boolean {
    return shardAt(position)?.generation === crosslink.generation;
  }

  /** On top of the latest justified checkpoint, in the living generation. */
  #parentHash(source: AcceptedCheckpoint, shardId: number, position: number): Uint8Array {
    return this.#standings.resume(position) ?? this.#previousHash(source, shardId, position);
  }

  #previousHash({ checkpoint }: AcceptedCheckpoint, shardId: number, position: number): Uint8Array {
    const previous = checkpoint.entries[position];
    if (previous === undefined) throw new ParentInconsistent(`there is no position ${position}`);
    return parentOfEntry(this.#crypto, this.#domain, shardId, previous);
  }

  #record(
    checkpoint: Checkpoint,
    block: ParentBlock,
    acceptedEpoch: number,
    changed: readonly ChangedEntry[],
    submission: CheckpointSubmission | null,
  ): Recorded {
    const absent = submission?.absent ?? new Uint8Array();
    const recorded: Recorded = {
      checkpoint,
      root: checkpointRoot(this.#crypto, checkpoint),
      bodyRoot: checkpointBodyRoot(this.#crypto, checkpoint.body),
      absent,
      absentHash: absentHashOf(this.#crypto, absent),
      acceptedTime: block.timestamp,
      acceptedBlock: block.number,
      acceptedEpoch,
      changed,
      voided: [],
      submission,
      crosslinkOf: (position) => this.crosslink(checkpoint.entries[position] ?? new Uint8Array()),
    };
    this.#checkpoints.set(checkpoint.body.epoch, recorded);
    for (const { hash, crosslink } of changed) this.#crosslinks.set(toHex(hash), crosslink);
    return recorded;
  }
}
