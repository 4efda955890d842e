import { toHex } from "../../protocol/bytes.ts";
import { membersSigned, occupiedCount, verifyCertificate } from "../../protocol/certificate.ts";
import { crosslinkHash, type SignedCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Attestation, Certificate } from "../../protocol/gossip.ts";
import { isQuorum } from "../../protocol/quorum.ts";
import { committeeOf, keysOf } from "../parent/committee.ts";
import type { ParentView } from "../parent/parent-view.ts";
import { EpochBoard } from "../store/epoch-board.ts";
import { DisjointSignatures } from "./disjoint-signatures.ts";

/** Epochs of the past whose certificates may still matter. */
const KEPT_EPOCHS = 4;
/** Different crosslinks of one shard and epoch that are collected for; an operator signs one. */
const MAX_CROSSLINKS_PER_SHARD = 4;

interface Collected {
  readonly signatures: DisjointSignatures;
  signed: SignedCrosslink | null;
}

/**
 * Merges attestations into certificates. Takes only what verifies: attestations of seats in the shard's committee of that
 * epoch, crosslinks whose operator's signature the caller has checked.
 */
export class Certificates {
  readonly #crypto: Crypto;
  readonly #view: ParentView;
  readonly #publish: (certificate: Certificate) => void;
  /** Finished ones by shard id. */
  readonly #finished = new EpochBoard<Certificate>({ maxEpochs: KEPT_EPOCHS, maxKeys: 256 });
  /** By shard id and crosslink hash. */
  readonly #collecting = new EpochBoard<Collected>({
    maxEpochs: KEPT_EPOCHS,
    maxKeys: 256 * MAX_CROSSLINKS_PER_SHARD,
  });

  /** @param publish called with each certificate that was completed here */
  constructor(crypto: Crypto, view: ParentView, publish: (certificate: Certificate) => void) {
    this.#crypto = crypto;
    this.#view = view;
    this.#publish = publish;
  }

  /** By shard id. */
  of(epoch: number): ReadonlyMap<string, Certificate> {
    return this.#finished.entries(epoch);
  }

  /** null once the signal aborts. */
  wait(epoch: number, shardId: number, signal: AbortSignal): Promise<Certificate | null> {
    return this.#finished.wait(epoch, String(shardId), signal);
  }

  /** @param signed its operator's signature has been checked */
  addCrosslink(signed: SignedCrosslink): void {
    const { shardId, epoch } = signed.crosslink;
    const collected = this.#collectedFor(epoch, shardId, crosslinkHash(this.#crypto, this.#view.domain, signed.crosslink));
    if (collected === null) return;
    collected.signed ??= signed;
    this.#finish(epoch, shardId, collected);
  }

  addAttestation(attestation: Attestation): void {
    const { epoch, shardId, crosslinkHash: hash, members: named } = attestation;
    const committee = this.#committee(shardId, epoch);
    if (committee === null || named.count !== committee.length) return;
    const collected = this.#collectedFor(epoch, shardId, hash);
    if (collected === null || !collected.signatures.fits(named)) return;
    if (!membersSigned(this.#crypto, keysOf(committee), named, hash, attestation.signature)) return;
    collected.signatures.add(named, attestation.signature);
    this.#finish(epoch, shardId, collected);
  }

  addCertificate(certificate: Certificate): void {
    const { shardId, epoch } = certificate.signed.crosslink;
    if (this.#finished.get(epoch, String(shardId)) !== undefined) return;
    const committee = this.#committee(shardId, epoch);
    const shard = this.#view.shard(shardId);
    if (committee === null || shard === null) return;
    const { domain, parameters } = this.#view;
    if (verifyCertificate(this.#crypto, domain, parameters, certificate, keysOf(committee), shard.operator)) {
      this.#finished.put(epoch, String(shardId), certificate);
    }
  }

  /** The committee, for an epoch near enough to matter. */
  #committee(shardId: number, epoch: number) {
    const now = this.#view.epoch();
    if (epoch > now || epoch + KEPT_EPOCHS <= now) return null;
    const shard = this.#view.shard(shardId);
    return shard === null ? null : committeeOf(this.#view, shard.position, epoch);
  }

  #collectedFor(epoch: number, shardId: number, hash: Uint8Array): Collected | null {
    const key = `${shardId}/${toHex(hash)}`;
    const known = this.#collecting.get(epoch, key);
    if (known !== undefined) return known;
    const committee = this.#committee(shardId, epoch);
    if (committee === null) return null;
    const prefix = `${shardId}/`;
    const rivals = [...this.#collecting.entries(epoch).keys()].filter((other) => other.startsWith(prefix));
    if (rivals.length >= MAX_CROSSLINKS_PER_SHARD) return null;
    const collected: Collected = { signatures: new DisjointSignatures(committee.length), signed: null };
    return this.#collecting.put(epoch, key, collected) ? collected : null;
  }

  #finish(epoch: number, shardId: number, { signed, signatures }: Collected): void {
    const committee = this.#committee(shardId, epoch);
    if (signed === null || committee === null || this.#finished.get(epoch, String(shardId)) !== undefined) return;
    const occupied = occupiedCount(keysOf(committee));
    if (occupied < this.#view.parameters.minOccupied || !isQuorum(signatures.present, occupied)) return;
    const certificate = { signed, members: signatures.named, signature: signatures.aggregate(this.#crypto) };
    this.#finished.put(epoch, String(shardId), certificate);
    this.#publish(certificate);
  }
}
