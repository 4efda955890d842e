import { toHex } from "../../protocol/bytes.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import { ParentInconsistent } from "./errors.ts";
import type { BondReturned, ChallengeAnswered, DataChallenged } from "./parent-log.ts";
import type { DataChallenge } from "./parent-view.ts";

/** Demands for data that may still matter. */
export class ChallengeHistory {
  readonly #challenges = new Map<bigint, DataChallenge>();

  /** In the order in which they came. */
  list(): DataChallenge[] {
    return [...this.#challenges.values()];
  }

  challenge(id: bigint): DataChallenge | null {
    return this.#challenges.get(id) ?? null;
  }

  /** @throws ParentInconsistent when it is about a crosslink that is not anchored */
  open(log: DataChallenged, position: number | null, crosslink: Crosslink | null): void {
    const { kind: _, blockHash, ...asked } = log;
    if (position === null || crosslink === null) {
      throw new ParentInconsistent(`data challenge ${log.id} is about ${toHex(log.crosslinkHash)}, which nobody knows`);
    }
    const isForHeaders = blockHash.every((byte) => byte === 0);
    const place = { position, crosslink, blockHash: isForHeaders ? null : blockHash };
    this.#challenges.set(log.id, { ...asked, ...place, answers: [] });
  }

  /** Of a challenge that is not known any more an answer says nothing. */
  answer({ id, missing, place }: ChallengeAnswered): void {
    const challenge = this.#challenges.get(id);
    if (challenge === undefined) return;
    this.#challenges.set(id, { ...challenge, missing, answers: [...challenge.answers, place] });
  }

  returnBond({ id }: BondReturned): void {
    this.#challenges.delete(id);
  }

  /** Forgets those that are answered in full, unless what was learnt may still be disputed. */
  forget(isDisputable: (challenge: DataChallenge) => boolean): void {
    for (const challenge of this.#challenges.values()) {
      if (challenge.missing === 0 && !isDisputable(challenge)) this.#challenges.delete(challenge.id);
    }
  }
}
