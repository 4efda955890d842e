import type { BlockHeader } from "./block-header.ts";
import { ByteWriter } from "./bytes.ts";
import type { Crosslink } from "./crosslink.ts";
import type { Vote } from "./vote.ts";

/** Two messages of which one key may sign only one, with everything that proves who signed them (docs/formats.md, section 8). */
export type Evidence =
  | { readonly kind: "votes"; readonly a: SignedVote | AcceptedVote; readonly b: SignedVote | AcceptedVote }
  | { readonly kind: "attestations"; readonly a: SignedAttestation; readonly b: SignedAttestation }
  | { readonly kind: "proposals"; readonly validator: number; readonly a: SignedProposal; readonly b: SignedProposal }
  | { readonly kind: "headers"; readonly a: SignedHeader; readonly b: SignedHeader };

/** A vote and who signed it together. */
export interface SignedVote {
  readonly vote: Vote;
  readonly signers: Signers;
  /** 96 bytes */
  readonly signature: Uint8Array;
}

/** Validators by their number, ascending; or everybody who sat in the target epoch but on the seats of a canonical bitmap. */
export type Signers =
  | { readonly validators: readonly number[]; readonly absent?: undefined }
  | { readonly absent: Uint8Array; readonly validators?: undefined };

/** A vote that the parent chain has accepted, and keeps: it needs no signature, only the parts of the target's root. */
export interface AcceptedVote {
  readonly vote: Vote;
  /** Canonical bitmap of the absent seats. */
  readonly absent: Uint8Array;
  readonly entriesRoot: Uint8Array;
  readonly rewardsRoot: Uint8Array;
}

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

/** A list of validators: the number of each, in four bytes. @throws RangeError when they are not ascending */
export function encodeValidators(validators: readonly number[]): Uint8Array {
  const writer = new ByteWriter();
  validators.forEach((validator, i) => {
    if (i > 0 && validator <= (validators[i - 1] as number)) throw new RangeError("validators are not ascending");
    writer.u32(validator);
  });
  return writer.finish();
}
