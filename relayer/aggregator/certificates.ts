import { setBits } from "../../protocol/bits.ts";
import { equal } from "../../protocol/bytes.ts";
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
/** Shards, and places in a committee, that an epoch can have. */
const MAX_SHARDS = 256;
const MAX_PLACES = 256;

/** Attestations of the one crosslink of a shard and epoch that its operator is known to have signed. */
interface Collected {
  readonly signed: SignedCrosslink;
  readonly hash: Uint8Array;
  readonly signatures: DisjointSignatures;
}

/**
 * Merges attestations into certificates. Takes only what verifies: attestations of seats in the shard's committee of that
 * epoch, crosslinks whose operator's signature the caller has checked. A certificate that others have merged is taken for
 * any crosslink.
 */
export class Certificates {
  readonly #crypto: Crypto;
  readonly #view: ParentView;
  readonly #publish: (certificate: Certificate) => void;
  /** Finished ones by shard id. */
  readonly #finished = new EpochBoard<Certificate>({ maxEpochs: KEPT_EPOCHS, maxKeys: MAX_SHARDS });
  /** By shard id. */
  readonly #collecting = new EpochBoard<Collected>({ maxEpochs: KEPT_EPOCHS, maxKeys: MAX_SHARDS });
  /**
   * Attestations that came before their crosslink, by shard id and first signer: whoever signs rubbish takes no place but
   * its own. Of several by the same first signer the smallest set is kept, which is what that signer itself sent: others can
   * add themselves to it, and nobody can take it apart. So each who sent one is counted, in its own set or in a larger one.
   */
  readonly #early = new EpochBoard<{ attestation: Attestation }>({
    maxEpochs: KEPT_EPOCHS,
    maxKeys: MAX_SHARDS * MAX_PLACES,
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
    const committee = this.#committee(shardId, epoch);
    if (committee === null) return;
    const hash = crosslinkHash(this.#crypto, this.#view.domain, signed.crosslink);
    const collected = { signed, hash, signatures: new DisjointSignatures(committee.length) };
    if (!this.#collecting.put(epoch, String(shardId), collected)) return;
    for (const { attestation } of this.#early.entries(epoch).values()) {
      if (attestation.shardId === shardId && equal(attestation.crosslinkHash, hash))
        this.#merge(collected, attestation);
    }
  }

  addAttestation(attestation: Attestation): void {
    const { epoch, shardId, crosslinkHash: hash, members: named } = attestation;
    if (this.#finished.get(epoch, String(shardId)) !== undefined) return;
    const committee = this.#committee(shardId, epoch);
    if (committee === null || named.count !== committee.length) return;
    const collected = this.#collecting.get(epoch, String(shardId));
    const early = `${shardId}/${setBits(named.bits)[0]}`;
    const held = this.#early.get(epoch, early);
    const isWanted =
      collected === undefined
        ? held === undefined ||
          (equal(held.attestation.crosslinkHash, hash) && isPart(named.bits, held.attestation.members.bits))
        : equal(collected.hash, hash) && collected.signatures.fits(named);
    if (!isWanted || !membersSigned(this.#crypto, keysOf(committee), named, hash, attestation.signature)) return;
    if (collected === undefined) {
      if (held === undefined) this.#early.put(epoch, early, { attestation });
      else held.attestation = attestation;
    } else this.#merge(collected, attestation);
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

  /** @param attestation verified */
  #merge({ signed, signatures }: Collected, { shardId, epoch, members, signature }: Attestation): void {
    if (!signatures.fits(members)) return;
    signatures.add(members, signature);
    const committee = this.#committee(shardId, epoch);
    if (committee === null || this.#finished.get(epoch, String(shardId)) !== undefined) return;
    const occupied = occupiedCount(keysOf(committee));
    if (occupied < this.#view.parameters.minOccupied || !isQuorum(signatures.present, occupied)) return;
    const certificate = { signed, members: signatures.named, signature: signatures.aggregate(this.#crypto) };
    this.#finished.put(epoch, String(shardId), certificate);
    this.#publish(certificate);
  }
}

/** Whether the set bits of `part` are some of those of `whole`, and not all. */
function isPart(part: Uint8Array, whole: Uint8Array): boolean {
  return part.every((byte, i) => (byte & ~(whole[i] as number)) === 0) && !equal(part, whole);
}
