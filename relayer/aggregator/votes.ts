import { type BitField, bitsFrom, hasBit } from "../../protocol/bits.ts";
import { toHex } from "../../protocol/bytes.ts";
import { membersSigned } from "../../protocol/certificate.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { SeatVote } from "../../protocol/gossip.ts";
import { isQuorum } from "../../protocol/quorum.ts";
import { voteDigest } from "../../protocol/vote.ts";
import { keysOf } from "../parent/committee.ts";
import type { CheckpointLink, ParentView } from "../parent/parent-view.ts";
import { EpochBoard } from "../store/epoch-board.ts";
import { DisjointSignatures } from "./disjoint-signatures.ts";

const KEPT_EPOCHS = 4;
/** Checkpoints of one epoch that votes are collected for; a proposer makes one. */
const MAX_ROOTS_PER_EPOCH = 4;
/** Votes of one epoch that wait for their proposal, for each peer that sent them: a validator sends one. */
const MAX_EARLY_PER_SENDER = 4;
const MAX_SENDERS = 1024;

/** A checkpoint put to the vote. */
export interface Ballot {
  readonly source: CheckpointLink;
  readonly target: CheckpointLink;
}

export interface AggregateVote {
  readonly present: number;
  readonly occupied: number;
  /** Occupied seats without a vote; empty when nobody is absent. */
  readonly absent: Uint8Array;
  /** 96 bytes */
  readonly signature: Uint8Array;
}

interface Collected {
  readonly digest: Uint8Array;
  readonly signatures: DisjointSignatures;
  /** What they were merged from: what came too late is merged once more, without the rest. */
  readonly parts: { readonly seats: BitField; readonly signature: Uint8Array }[];
}

/** Votes of seats that were absent when the checkpoint was accepted. */
export interface LateVotes {
  /** Bitmap, one bit per seat. */
  readonly added: Uint8Array;
  /** 96 bytes */
  readonly signature: Uint8Array;
}

/** Merges votes into the one signature that goes to the parent chain. */
export class Votes {
  readonly #crypto: Crypto;
  readonly #view: ParentView;
  readonly #collecting = new EpochBoard<Collected>({ maxEpochs: KEPT_EPOCHS, maxKeys: MAX_ROOTS_PER_EPOCH });
  /** Votes that came before the proposal they are for, by the peer that sent them: they cannot be verified yet. */
  readonly #early = new EpochBoard<SeatVote[]>({ maxEpochs: KEPT_EPOCHS, maxKeys: MAX_SENDERS });
  readonly #complete = new EpochBoard<true>({ maxEpochs: KEPT_EPOCHS, maxKeys: MAX_ROOTS_PER_EPOCH });

  constructor(crypto: Crypto, view: ParentView) {
    this.#crypto = crypto;
    this.#view = view;
  }

  /** Opens the poll on a checkpoint whose proposal has been checked. */
  open(ballot: Ballot): void {
    const { source, target } = ballot;
    const digest = voteDigest(this.#crypto, this.#view.domain, {
      sourceEpoch: source.epoch,
      sourceRoot: source.root,
      targetEpoch: target.epoch,
      targetRoot: target.root,
    });
    const signatures = new DisjointSignatures(this.#view.seatCount(target.epoch));
    if (!this.#collecting.put(target.epoch, toHex(target.root), { digest, signatures, parts: [] })) return;
    for (const [sender, votes] of this.#early.entries(target.epoch)) for (const vote of votes) this.add(vote, sender);
  }

  /** @param sender the peer that the vote came from */
  add(vote: SeatVote, sender: string): void {
    const { targetEpoch: epoch, seats } = vote;
    const now = this.#view.epoch();
    if (epoch > now || epoch + KEPT_EPOCHS <= now || seats.count !== this.#view.seatCount(epoch)) return;
    const root = toHex(vote.checkpointRoot);
    const collected = this.#collecting.get(epoch, root);
    if (collected === undefined) {
      this.#keep(vote, sender);
      return;
    }
    if (!collected.signatures.fits(seats)) return;
    const keys = keysOf(this.#view.seatsOf(epoch));
    if (!membersSigned(this.#crypto, keys, seats, collected.digest, vote.signature)) return;
    collected.signatures.add(seats, vote.signature);
    collected.parts.push({ seats, signature: vote.signature });
    if (collected.signatures.present === this.#view.occupiedCount(epoch)) this.#complete.put(epoch, root, true);
  }

  /** Resolves when every occupied seat has voted, or once the signal aborts. */
  async waitForAll(target: CheckpointLink, signal: AbortSignal): Promise<void> {
    await this.#complete.wait(target.epoch, toHex(target.root), signal);
  }

  /** null without two thirds. */
  aggregate(target: CheckpointLink): AggregateVote | null {
    const collected = this.#collecting.get(target.epoch, toHex(target.root));
    if (collected === undefined) return null;
    const { signatures } = collected;
    const occupied = this.#view.occupiedCount(target.epoch);
    if (!isQuorum(signatures.present, occupied)) return null;
    return {
      present: signatures.present,
      occupied,
      absent: this.#absent(target.epoch, signatures.named),
      signature: signatures.aggregate(this.#crypto),
    };
  }

  /**
   * The votes for an accepted checkpoint that are not among those it was accepted with; null when there are none.
   * @param absent bitmap of the seats that have not voted for it, as the parent chain has it
   */
  late(target: CheckpointLink, absent: Uint8Array): LateVotes | null {
    const collected = this.#collecting.get(target.epoch, toHex(target.root));
    if (collected === undefined) return null;
    const late = new DisjointSignatures(this.#view.seatCount(target.epoch));
    for (const { seats, signature } of collected.parts) {
      // One that is merged with votes that are known already cannot be taken apart.
      if (seats.bits.every((byte, i) => (byte & ~(absent[i] ?? 0)) === 0)) late.add(seats, signature);
    }
    if (late.present === 0) return null;
    return { added: late.named.bits, signature: late.aggregate(this.#crypto) };
  }

  #keep(vote: SeatVote, sender: string): void {
    const votes = this.#early.get(vote.targetEpoch, sender);
    if (votes === undefined) this.#early.put(vote.targetEpoch, sender, [vote]);
    else if (votes.length < MAX_EARLY_PER_SENDER) votes.push(vote);
  }

  #absent(epoch: number, present: BitField): Uint8Array {
    const absent: number[] = [];
    this.#view.seatsOf(epoch).forEach((validator, seat) => {
      if (validator !== null && !hasBit(present.bits, seat)) absent.push(seat);
    });
    return absent.length === 0 ? new Uint8Array() : bitsFrom(absent, present.count);
  }
}
