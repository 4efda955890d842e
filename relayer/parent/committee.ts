import type { Members } from "../../protocol/certificate.ts";
import type { ParentView, Validator } from "./parent-view.ts";

/**
 * By the array that a view hands out, the same one each time it is asked: who sits in a committee is fixed once it is known,
 * and after a reorg of the parent chain the view hands out other arrays.
 */
const membersOfSeats = new WeakMap<readonly number[], readonly (Validator | null)[]>();
const keysOfMembers = new WeakMap<readonly (Validator | null)[], Members>();

/** Validators of the committee in the shuffle's order, null where vacant; null while the seed is unknown or there is no committee. */
export function committeeOf(view: ParentView, position: number, epoch: number): readonly (Validator | null)[] | null {
  const seats = view.committee(position, epoch);
  if (seats === null || seats.length === 0) return null;
  const known = membersOfSeats.get(seats);
  if (known !== undefined) return known;
  const members = seats.map((seat) => view.occupant(seat, epoch));
  membersOfSeats.set(seats, members);
  return members;
}

/** Public keys of validators, in their order. */
export function keysOf(validators: readonly (Validator | null)[]): Members {
  const known = keysOfMembers.get(validators);
  if (known !== undefined) return known;
  const keys = validators.map((validator) => validator?.publicKey ?? null);
  keysOfMembers.set(validators, keys);
  return keys;
}
