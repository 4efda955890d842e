import type { BlockHeader } from "../../protocol/block-header.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import type { Vote } from "../../protocol/vote.ts";

/** Signed messages of which one key may sign only one, with everything that proves who signed them. */

/** A vote and who signed it together. */
export interface SignedVote {
  readonly vote: Vote;
  readonly signers: Signers;
  /** 96 bytes */
  readonly signature: Uint8Array;
}

/** Validators by their number, ascending; or everybody who sat in the target epoch but on the seats of a bitmap. */
export type Signers =
  | { readonly validators: readonly number[]; readonly absent?: undefined }
  | { readonly absent: Uint8Array; readonly validators?: undefined };

export interface SignedAttestation {
  readonly crosslink: Crosslink;
  /** By their number, ascending. */
  readonly validators: readonly number[];
  /** 96 bytes */
  readonly signature: Uint8Array;
}

export interface SignedProposal {
  readonly epoch: number;
  readonly checkpointRoot: Uint8Array;
  /** 96 bytes */
  readonly signature: Uint8Array;
}

export interface SignedHeader {
  readonly header: BlockHeader;
  /** 65 bytes r ‖ s ‖ v */
  readonly signature: Uint8Array;
}

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
