import { type BitField, bitsFrom, hasBit } from "../../protocol/bits.ts";
import { blockHash } from "../../protocol/block-header.ts";
import { SIGNATURE_TAG } from "../../protocol/bls.ts";
import { equal } from "../../protocol/bytes.ts";
import { membersSigned } from "../../protocol/certificate.ts";
import { checkpointRoot, nextCheckpoint } from "../../protocol/checkpoint.ts";
import { crosslinkHash, type SignedCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { SignedHeader, SignedProposal, Signers } from "../../protocol/evidence.ts";
import type { Attestation, Certificate, GossipMessage, Proposal, SeatVote } from "../../protocol/gossip.ts";
import { operatorSigned } from "../../protocol/operator-signature.ts";
import { proposalDigest, randaoRevealDigest, voteDigest } from "../../protocol/vote.ts";
import { committeeOf, keysOf } from "../parent/committee.ts";
import type { AcceptedCheckpoint, ParentView, Validator } from "../parent/parent-view.ts";
import { AttestationHistories } from "./attestation-histories.ts";
import { HeaderHistories } from "./header-histories.ts";
import type { Offence } from "./offences.ts";
import type { SightingLog } from "./sighting-log.ts";
import { decodeSighting, encodeSighting, type Sighting } from "./sightings.ts";
import { VoteHistories } from "./vote-histories.ts";

export interface EquivocationsOptions {
  readonly crypto: Crypto;
  readonly view: ParentView;
  readonly log: SightingLog;
  readonly onOffence: (offence: Offence) => void;
  readonly onError: (error: unknown) => void;
}

/** Epochs back from now whose messages are compared, unless evidence is of use for a shorter time. */
const MAX_KEPT_EPOCHS = 1024;
/** Validators that evidence lists (docs/formats.md, section 8); more are shown by who is absent. */
const MAX_LISTED = 512;
/** Headers of a shard below the last anchored block that are compared. */
const KEPT_BLOCKS = 1024;
/** Proposals of one peer, and of all, whose source this node does not know yet. */
const MAX_PENDING_PER_SENDER = 2;
const MAX_PENDING = 256;

/**
 * Finds out who signs two messages of which nobody may sign both: in what nodes send each other, and in what the parent chain
 * accepted. What it keeps was verified first, and is bounded for each key that signs, so nobody can drive out what others
 * have signed. The same offence is told of once, and once more after a restart.
 */
export class Equivocations {
  readonly #options: EquivocationsOptions;
  readonly #votes = new VoteHistories();
  readonly #attestations = new AttestationHistories();
  readonly #headers = new HeaderHistories();
  /** By epoch: what its proposer has signed first; null once it has signed twice. */
  readonly #proposals = new Map<number, SignedProposal | null>();
  #pending: { readonly proposal: Proposal; readonly sender: string }[] = [];
  #epoch = -1;

  /** Takes up what was seen before a restart, and what the parent chain has accepted. */
  constructor(options: EquivocationsOptions) {
    this.#options = options;
    const { view, log, onError } = options;
    log.forgetBefore(this.#oldest());
    for (const bytes of log.read()) {
      try {
        this.#compare(decodeSighting(bytes));
      } catch (error) {
        onError(error);
      }
    }
    for (let epoch = view.justified.epoch; epoch >= this.#oldest() && epoch > 0; ) {
      const checkpoint = view.checkpoint(epoch) as AcceptedCheckpoint;
      this.accepted(checkpoint);
      epoch = checkpoint.checkpoint.body.sourceEpoch;
    }
  }

  /** Messages that are kept, votes counted for each of their signers. */
  get size(): number {
    return this.#votes.size + this.#attestations.size + this.#headers.size + this.#proposals.size;
  }

  /** A message of a peer, or of this node itself. Blocks come through `header`. */
  take(message: GossipMessage, sender: string): void {
    switch (message.kind) {
      case "block":
      case "rollAnswer":
        break;
      case "crosslink":
        this.#takeCrosslink(message);
        break;
      case "attestation":
        this.#takeAttestation(message);
        break;
      case "certificate":
        this.#takeCertificate(message);
        break;
      case "proposal":
        this.#takeProposal(message, sender);
        break;
      case "vote":
        this.#takeVote(message);
        break;
    }
  }

  /** @param signed by the operator of its shard, which has been verified */
  header(signed: SignedHeader): void {
    const { crypto, view } = this.#options;
    const { shardId, number } = signed.header;
    const shard = view.shard(shardId);
    if (shard === null) return;
    const anchored = this.#anchored(shard.position);
    // An operator has this many unanchored; numbers far beyond would only take up room.
    if (number + KEPT_BLOCKS < anchored || number > anchored + 2 * view.parameters.maxBlocks) return;
    const hash = blockHash(crypto, view.domain, signed.header);
    if (this.#headers.isNews(signed.header, hash)) this.#keep({ kind: "header", signed });
  }

  /** The parent chain has verified it. After a reorg there may be another one for the same epoch. */
  accepted({ checkpoint, root, submission }: AcceptedCheckpoint): void {
    if (submission === null) return;
    const { crypto } = this.#options;
    const { epoch, sourceEpoch, sourceRoot } = checkpoint.body;
    const vote = { sourceEpoch, sourceRoot, targetEpoch: epoch, targetRoot: root };
    const signed = {
      vote,
      signers: { absent: submission.absent },
      signature: crypto.bls.compressG2(submission.signature),
    };
    const digest = voteDigest(crypto, this.#options.view.domain, vote);
    if (this.#votes.isNews(epoch, digest, this.#named(epoch, signed.signers))) this.#keep({ kind: "vote", signed });
  }

  /** The view of the parent chain has changed. */
  onBlock(): void {
    const { view, log } = this.#options;
    const pending = this.#pending;
    this.#pending = [];
    for (const { proposal, sender } of pending) this.#takeProposal(proposal, sender);
    log.flush(view.epoch());
    if (view.epoch() === this.#epoch) return;
    this.#epoch = view.epoch();
    this.#forget();
  }

  // ------------------------------------------------------------------ messages

  #takeVote(message: SeatVote): void {
    const { crypto, view } = this.#options;
    const { sourceEpoch, sourceRoot, targetEpoch, seats } = message;
    // What nobody can submit yet harms nobody yet, and the seats of later epochs may still change.
    if (targetEpoch > view.epoch() || targetEpoch < this.#oldest() || sourceEpoch >= targetEpoch) return;
    const occupants = view.seatsOf(targetEpoch);
    const validators = numbersAt(seats, occupants);
    if (validators === null) return;
    const vote = { sourceEpoch, sourceRoot, targetEpoch, targetRoot: message.checkpointRoot };
    const digest = voteDigest(crypto, view.domain, vote);
    if (!this.#votes.isNews(targetEpoch, digest, validators)) return;
    if (!membersSigned(crypto, keysOf(occupants), seats, digest, message.signature)) return;
    const signers =
      validators.length <= MAX_LISTED
        ? { validators: ascending(validators) }
        : { absent: absentFrom(seats, occupants) };
    this.#keep({ kind: "vote", signed: { vote, signers, signature: message.signature } });
  }

  #takeCrosslink({ crosslink, operatorSignature }: SignedCrosslink): void {
    const { crypto, view } = this.#options;
    const { shardId, epoch, generation } = crosslink;
    const operator = view.operatorOf(shardId, generation);
    if (operator === null || !this.#isTimely(epoch)) return;
    const hash = crosslinkHash(crypto, view.domain, crosslink);
    const isWanted =
      this.#attestations.lacksCrosslink(shardId, epoch, hash) ||
      (this.#attestations.hasRoomFor(shardId, epoch, hash) &&
        operatorSigned(crypto, hash, operatorSignature, operator));
    if (isWanted) this.#keep({ kind: "crosslink", crosslink });
  }

  #takeAttestation({ shardId, epoch, crosslinkHash: hash, members, signature }: Attestation): void {
    const attestation = this.#verified(shardId, epoch, hash, members, signature);
    if (attestation !== null) this.#keep({ kind: "attestation", shardId, epoch, attestation });
  }

  #takeCertificate({ signed: { crosslink }, members, signature }: Certificate): void {
    const { crypto, view } = this.#options;
    const { shardId, epoch, generation } = crosslink;
    // Each generation is another duty; what claims one that has not come is none.
    if (view.operatorOf(shardId, generation) === null) return;
    const hash = crosslinkHash(crypto, view.domain, crosslink);
    const attestation = this.#verified(shardId, epoch, hash, members, signature);
    if (attestation !== null) this.#keep({ kind: "attestation", shardId, epoch, attestation });
    if (this.#attestations.lacksCrosslink(shardId, epoch, hash)) this.#keep({ kind: "crosslink", crosslink });
  }

  /** null when it is no attestation by members of the committee, or none that says anything new. */
  #verified(shardId: number, epoch: number, hash: Uint8Array, members: BitField, signature: Uint8Array) {
    const { crypto, view } = this.#options;
    const shard = view.shard(shardId);
    if (shard === null || !this.#isTimely(epoch)) return null;
    const committee = committeeOf(view, shard.position, epoch);
    const validators = committee === null ? null : numbersAt(members, committee);
    if (committee === null || validators === null) return null;
    if (!this.#attestations.isNews(shardId, epoch, hash, validators)) return null;
    if (!membersSigned(crypto, keysOf(committee), members, hash, signature)) return null;
    return { hash, validators: ascending(validators), signature };
  }

  #takeProposal(proposal: Proposal, sender: string): void {
    const { crypto, view } = this.#options;
    const { epoch, entries, sourceEpoch, rewardsRoot, proposerSignature: signature } = proposal;
    if (!this.#isTimely(epoch) || this.#proposals.get(epoch) === null) return;
    const proposer = view.proposer(epoch)?.validator ?? null;
    if (proposer === null || entries.some(({ position }) => position >= view.parameters.shardCount)) return;
    const source = view.checkpoint(sourceEpoch);
    if (source === null || !equal(source.root, proposal.sourceRoot)) {
      // It may be this node that is behind. Only the proposer can make a proposal wait, until its reveal is known to all.
      const reveal = randaoRevealDigest(crypto, view.domain, epoch);
      if (epoch + 1 < view.epoch() || !this.#mayWait(sender)) return;
      if (!crypto.bls.verify(proposer.publicKey, reveal, proposal.reveal, SIGNATURE_TAG)) return;
      this.#pending.push({ proposal, sender });
      return;
    }
    const changed = entries.map(({ position, certificate }) => ({
      position,
      hash: crosslinkHash(crypto, view.domain, certificate.signed.crosslink),
    }));
    const from = { epoch: sourceEpoch, root: source.root, entries: source.checkpoint.entries };
    const root = checkpointRoot(crypto, nextCheckpoint(from, epoch, rewardsRoot, changed));
    const first = this.#proposals.get(epoch);
    if (first != null && equal(first.checkpointRoot, root)) return;
    const digest = proposalDigest(crypto, view.domain, epoch, root);
    if (!crypto.bls.verify(proposer.publicKey, digest, signature, SIGNATURE_TAG)) return;
    this.#keep({ kind: "proposal", validator: proposer.index, signed: { epoch, checkpointRoot: root, signature } });
    for (const { certificate } of entries) this.#takeCertificate(certificate);
  }

  #mayWait(sender: string): boolean {
    const own = this.#pending.filter((pending) => pending.sender === sender);
    return own.length < MAX_PENDING_PER_SENDER && this.#pending.length < MAX_PENDING;
  }

  // ------------------------------------------------------------------ what is kept

  #keep(sighting: Sighting): void {
    const encoded = encodeSighting(sighting);
    this.#options.log.add(encoded);
    // As it will be read again: what is kept for long must not hold on to the whole message that it came in.
    this.#compare(decodeSighting(encoded));
  }

  #compare(sighting: Sighting): void {
    for (const offence of this.#offencesBy(sighting)) this.#options.onOffence(offence);
  }

  #offencesBy(sighting: Sighting): readonly Offence[] {
    const { crypto, view } = this.#options;
    switch (sighting.kind) {
      case "vote": {
        const { signed } = sighting;
        const { targetEpoch } = signed.vote;
        const digest = voteDigest(crypto, view.domain, signed.vote);
        return this.#votes.add(signed, digest, this.#named(targetEpoch, signed.signers));
      }
      case "attestation": {
        const { shardId, epoch, attestation } = sighting;
        return this.#attestations.add(shardId, epoch, attestation);
      }
      case "crosslink": {
        const hash = crosslinkHash(crypto, view.domain, sighting.crosslink);
        return this.#attestations.addCrosslink(hash, sighting.crosslink);
      }
      case "proposal":
        return this.#addProposal(sighting.validator, sighting.signed);
      case "header": {
        const { signed } = sighting;
        const offence = this.#headers.add(signed, blockHash(crypto, view.domain, signed.header));
        return offence === null ? [] : [offence];
      }
    }
  }

  #addProposal(validator: number, signed: SignedProposal): Offence[] {
    const first = this.#proposals.get(signed.epoch);
    if (first === null) return [];
    if (first === undefined) {
      this.#proposals.set(signed.epoch, signed);
      return [];
    }
    if (equal(first.checkpointRoot, signed.checkpointRoot)) return [];
    this.#proposals.set(signed.epoch, null);
    return [{ evidence: { kind: "proposals", validator, a: first, b: signed }, guilty: [validator] }];
  }

  #named(targetEpoch: number, { validators, absent }: Signers): readonly number[] {
    if (validators !== undefined) return validators;
    const present: number[] = [];
    this.#options.view.seatsOf(targetEpoch).forEach((occupant, seat) => {
      if (occupant !== null && !hasBit(absent, seat)) present.push(occupant.index);
    });
    return present;
  }

  #forget(): void {
    const { view, log } = this.#options;
    const oldest = this.#oldest();
    log.forgetBefore(oldest);
    this.#votes.forgetBefore(oldest);
    this.#attestations.forgetBefore(oldest);
    for (const epoch of this.#proposals.keys()) if (epoch < oldest) this.#proposals.delete(epoch);
    for (const { id, position } of view.shards()) {
      this.#headers.forgetBelow(id, this.#anchored(position) - KEPT_BLOCKS);
    }
  }

  /** Number of the last block that an accepted checkpoint holds at the position. */
  #anchored(position: number): number {
    const { view } = this.#options;
    return view.checkpoint(view.justified.epoch)?.crosslinkOf(position)?.lastBlock ?? 0;
  }

  #isTimely(epoch: number): boolean {
    return epoch <= this.#options.view.epoch() && epoch >= this.#oldest();
  }

  #oldest(): number {
    const { view } = this.#options;
    return view.epoch() - Math.min(view.parameters.slashingWindowEpochs, MAX_KEPT_EPOCHS);
  }
}

/** Numbers of the validators that a bit field names; null when it does not fit, or names a vacant place or nobody. */
function numbersAt(field: BitField, validators: readonly (Validator | null)[]): number[] | null {
  if (field.count !== validators.length) return null;
  const numbers: number[] = [];
  for (let place = 0; place < field.count; place++) {
    if (!hasBit(field.bits, place)) continue;
    const validator = validators[place];
    if (validator == null) return null;
    numbers.push(validator.index);
  }
  return numbers.length === 0 ? null : numbers;
}

/** Canonical bitmap of the occupied seats that the bit field does not name. */
function absentFrom({ count, bits }: BitField, occupants: readonly (Validator | null)[]): Uint8Array {
  const absent = [...occupants.keys()].filter((seat) => occupants[seat] !== null && !hasBit(bits, seat));
  return absent.length === 0 ? new Uint8Array() : bitsFrom(absent, count);
}

function ascending(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}
