import type { Members } from "../../protocol/certificate.ts";
import type { ParentView, Validator } from "./parent-view.ts";

/** Validators of the committee in the shuffle's order, null where vacant; null while the seed is unknown or there is no committee. */
export function committeeOf(view: ParentView, position: number, epoch: number): (Validator | null)[] | null {
  const seats = view.committee(position, epoch);
  if (seats === null || seats.length === 0) return null;
  return seats.map((seat) => view.occupant(seat, epoch));
}

/** Public keys of validators, in their order. */
export function keysOf(validators: readonly (Validator | null)[]): Members {
  return validators.map((validator) => validator?.publicKey ?? null);
}
