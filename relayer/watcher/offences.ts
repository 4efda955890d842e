import type { SignedAttestation, SignedHeader, SignedProposal, SignedVote } from "../../protocol/evidence.ts";

export type { SignedAttestation, SignedHeader, SignedProposal, SignedVote, Signers } from "../../protocol/evidence.ts";

/** Two messages that contradict each other, and who signed both: validators by number, ascending. */
export type Offence =
  | (Pair<SignedVote> & { readonly kind: "votes"; readonly guilty: readonly number[] })
  | (Pair<SignedAttestation> & { readonly kind: "attestations"; readonly guilty: readonly number[] })
  | (Pair<SignedProposal> & { readonly kind: "proposals"; readonly guilty: readonly [number] })
  | (Pair<SignedHeader> & { readonly kind: "headers" });

export interface Pair<T> {
  readonly a: T;
  readonly b: T;
}
