import { toHex } from "../../protocol/bytes.ts";
import type { Vote } from "../../protocol/vote.ts";

/**
 * A slashing-protection database of one key as EIP-3076 describes the complete form: it keeps every vote, and refuses to
 * sign a new one iff it is slashable with one that is kept. Written the way the text says it, without the predicate that is tested.
 */
export class CompleteDatabase {
  /** Target epoch -> what was signed for it. */
  readonly #signed = new Map<number, { readonly source: number; readonly content: string }>();

  /** Whether the vote may be signed; if so, it is kept. */
  sign(vote: Vote): boolean {
    const content = `${vote.sourceEpoch} ${toHex(vote.sourceRoot)} ${toHex(vote.targetRoot)}`;
    const before = this.#signed.get(vote.targetEpoch);
    if (before !== undefined) return before.content === content;
    for (const [target, { source }] of this.#signed) {
      const isWider = vote.sourceEpoch < source && vote.targetEpoch > target;
      const isNarrower = vote.sourceEpoch > source && vote.targetEpoch < target;
      if (isWider || isNarrower) return false;
    }
    this.#signed.set(vote.targetEpoch, { source: vote.sourceEpoch, content });
    return true;
  }
}
