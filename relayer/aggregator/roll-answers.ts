import { type BitField, setBits } from "../../protocol/bits.ts";
import { membersSigned } from "../../protocol/certificate.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { RollAnswer } from "../../protocol/gossip.ts";
import { rollAnswerDigest } from "../../protocol/vote.ts";
import { keysOf } from "../parent/committee.ts";
import type { ParentView } from "../parent/parent-view.ts";
import { DisjointSignatures } from "./disjoint-signatures.ts";

export interface AggregateAnswer {
  readonly seats: BitField;
  /** 96 bytes */
  readonly signature: Uint8Array;
}

/** Merges answers to the roll that was called last. Those to any other are of no use to anybody. */
export class RollAnswers {
  readonly #crypto: Crypto;
  readonly #view: ParentView;
  #collected: { readonly epoch: number; readonly signatures: DisjointSignatures } | null = null;

  constructor(crypto: Crypto, view: ParentView) {
    this.#crypto = crypto;
    this.#view = view;
  }

  add({ epoch, seats, signature }: RollAnswer): void {
    if (this.#view.roll?.epoch !== epoch) return;
    if (this.#collected?.epoch !== epoch) {
      this.#collected = { epoch, signatures: new DisjointSignatures(this.#view.seatCount(epoch)) };
    }
    const { signatures } = this.#collected;
    if (!signatures.fits(seats)) return;
    const digest = rollAnswerDigest(this.#crypto, this.#view.domain, epoch);
    const keys = keysOf(this.#view.seatsOf(epoch));
    if (membersSigned(this.#crypto, keys, seats, digest, signature)) signatures.add(seats, signature);
  }

  /** Everything that was collected, if it has a seat whose answer the parent chain does not know yet; else null. */
  news(): AggregateAnswer | null {
    const { roll } = this.#view;
    if (roll === null || this.#collected?.epoch !== roll.epoch) return null;
    const { signatures } = this.#collected;
    const seats = signatures.named;
    if (setBits(seats.bits).every((seat) => roll.answered.has(seat))) return null;
    return { seats, signature: signatures.aggregate(this.#crypto) };
  }
}
