import { bitsFrom } from "../../protocol/bits.ts";
import { equal, ZERO_HASH } from "../../protocol/bytes.ts";
import { checkpointRoot, nextCheckpoint } from "../../protocol/checkpoint.ts";
import { crosslinkHash, type SignedCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Attestation, Certificate, Proposal, ProposedEntry, RollAnswer, SeatVote } from "../../protocol/gossip.ts";
import { committeeOf } from "../parent/committee.ts";
import type { ParentView, Validator as Registered, Roll } from "../parent/parent-view.ts";
import { EpochBoard } from "../store/epoch-board.ts";
import type { CheckedProposal } from "./check-proposal.ts";
import type { Signer } from "./signer.ts";

export interface ValidatorOptions {
  readonly crypto: Crypto;
  readonly view: ParentView;
  readonly signer: Signer;
  /** The stateless check of a crosslink from published blocks. @throws CrosslinkRefused */
  readonly checkCrosslink: (signed: SignedCrosslink) => Promise<void>;
}

/** The duties of one node's validators (protocol section 5): attest, propose, vote. Decides and signs; sends nothing. */
export class Validator {
  readonly #crypto: Crypto;
  readonly #view: ParentView;
  readonly #signer: Signer;
  readonly #checkCrosslink: (signed: SignedCrosslink) => Promise<void>;
  /** Places of the own validators, by who sits in all of them. */
  readonly #places = new WeakMap<readonly (Registered | null)[], readonly number[]>();
  /** Hash of the crosslink that was checked here, by shard id. */
  readonly #checked = new EpochBoard<Uint8Array>({ maxEpochs: 4, maxKeys: 256 });

  constructor(options: ValidatorOptions) {
    this.#crypto = options.crypto;
    this.#view = options.view;
    this.#signer = options.signer;
    this.#checkCrosslink = options.checkCrosslink;
  }

  /**
   * Checks the crosslink and signs it for all own members of its committee; null when there are none.
   * @throws CrosslinkRefused, SlashableError
   */
  async attest(signed: SignedCrosslink): Promise<Attestation | null> {
    const { crosslink } = signed;
    const shard = this.#view.shard(crosslink.shardId);
    if (shard === null) return null;
    const committee = committeeOf(this.#view, shard.position, crosslink.epoch);
    const own = committee === null ? [] : this.#ownPlaces(committee);
    if (committee === null || own.length === 0) return null;
    await this.#checkCrosslink(signed);
    const hash = crosslinkHash(this.#crypto, this.#view.domain, crosslink);
    const signature = await this.#signer.attest(keysAt(committee, own), crosslink);
    this.#checked.put(crosslink.epoch, String(crosslink.shardId), hash);
    return {
      kind: "attestation",
      shardId: crosslink.shardId,
      epoch: crosslink.epoch,
      crosslinkHash: hash,
      members: { count: committee.length, bits: bitsFrom(own, committee.length) },
      signature,
    };
  }

  /** Whether own validators sit in the committee of the shard in that epoch; null while it is not known who does. */
  sits(shardId: number, epoch: number): boolean | null {
    const position = this.#view.shard(shardId)?.position;
    const committee = position === undefined ? null : committeeOf(this.#view, position, epoch);
    return committee === null ? null : this.#ownPlaces(committee).length > 0;
  }

  /** Whether the epoch's proposer is one of the own validators. */
  proposes(epoch: number): boolean {
    const key = this.#view.proposer(epoch)?.validator?.publicKey;
    return key !== undefined && this.#signer.owns(key);
  }

  /**
   * The proposal of an own proposer: everything certified that builds on what its shard goes on from.
   * @throws SlashableError
   */
  propose(epoch: number, certificates: Iterable<Certificate>): Proposal {
    const key = this.#view.proposer(epoch)?.validator?.publicKey;
    const { justified, domain } = this.#view;
    const source = this.#view.checkpoint(justified.epoch);
    if (key === undefined || source === null) throw new Error(`validator: epoch ${epoch} is not ours to propose`);
    const entries: ProposedEntry[] = [];
    for (const certificate of certificates) {
      const { crosslink } = certificate.signed;
      const shard = this.#view.shard(crosslink.shardId);
      if (shard === null || crosslink.epoch !== epoch || crosslink.generation !== shard.generation) continue;
      const parent = this.#view.parentOf(shard.id);
      if (parent === null || !equal(crosslink.parent, crosslinkHash(this.#crypto, domain, parent))) continue;
      entries.push({ position: shard.position, certificate });
    }
    entries.sort((a, b) => a.position - b.position);
    const checkpoint = nextCheckpoint(
      { epoch: justified.epoch, root: source.root, entries: source.checkpoint.entries },
      epoch,
      ZERO_HASH,
      entries.map(({ position, certificate }) => ({
        position,
        hash: crosslinkHash(this.#crypto, domain, certificate.signed.crosslink),
      })),
    );
    return {
      kind: "proposal",
      epoch,
      sourceEpoch: justified.epoch,
      sourceRoot: source.root,
      rewardsRoot: ZERO_HASH,
      reveal: this.#signer.reveal(key, epoch),
      proposerSignature: this.#signer.propose(key, epoch, checkpointRoot(this.#crypto, checkpoint)),
      entries,
    };
  }

  /**
   * The vote of all own validators that may vote for it; null when there are none, or it is not known who may. A member of a changed shard's committee
   * votes only for what was checked here: its vote attests that entry.
   * @throws SlashableError
   */
  vote({ source, target, changed }: CheckedProposal): SeatVote | null {
    const seats = this.#view.seatsOf(target.epoch);
    const barred = new Set<number>();
    for (const [shardId, hash] of changed) {
      const checked = this.#checked.get(target.epoch, String(shardId));
      if (checked !== undefined && equal(checked, hash)) continue;
      const position = this.#view.shard(shardId)?.position;
      const committee = position === undefined ? null : this.#view.committee(position, target.epoch);
      // Without the committee, as after a reorg, nobody can say who is barred.
      if (committee === null) return null;
      for (const seat of committee) barred.add(seat);
    }
    const own = this.#ownPlaces(seats).filter((seat) => !barred.has(seat));
    if (own.length === 0) return null;
    const signature = this.#signer.vote(keysAt(seats, own), {
      sourceEpoch: source.epoch,
      sourceRoot: source.root,
      targetEpoch: target.epoch,
      targetRoot: target.root,
    });
    return {
      kind: "vote",
      sourceEpoch: source.epoch,
      sourceRoot: source.root,
      targetEpoch: target.epoch,
      checkpointRoot: target.root,
      seats: { count: seats.length, bits: bitsFrom(own, seats.length) },
      signature,
    };
  }

  /** The answer of all own validators that the roll asks for and that have not answered yet; null when there are none. */
  answerRoll({ epoch, answered }: Pick<Roll, "epoch" | "answered">): RollAnswer | null {
    const seats = this.#view.seatsOf(epoch);
    const own = this.#ownPlaces(seats).filter((seat) => !answered.has(seat));
    if (own.length === 0) return null;
    return {
      kind: "rollAnswer",
      epoch,
      seats: { count: seats.length, bits: bitsFrom(own, seats.length) },
      signature: this.#signer.answerRoll(keysAt(seats, own), epoch),
    };
  }

  #ownPlaces(validators: readonly (Registered | null)[]): readonly number[] {
    const known = this.#places.get(validators);
    if (known !== undefined) return known;
    const own: number[] = [];
    validators.forEach((validator, place) => {
      if (validator !== null && this.#signer.owns(validator.publicKey)) own.push(place);
    });
    this.#places.set(validators, own);
    return own;
  }
}

function keysAt(validators: readonly (Registered | null)[], places: readonly number[]): Uint8Array[] {
  return places.map((place) => (validators[place] as Registered).publicKey);
}
