import type { Parameters } from "./presets.ts";

/** Two thirds of the occupied seats: the quorum of votes and certificates alike. */
export function isQuorum(present: number, occupied: number): boolean {
  return present * 3 >= occupied * 2 && occupied > 0;
}

/** Committees of an epoch with this many seats; 0 when there are not enough for one. */
export function committeeCount(
  parameters: Pick<Parameters, "shardCount" | "committeeSize">,
  seatCount: number,
): number {
  return Math.min(parameters.shardCount, Math.floor(seatCount / parameters.committeeSize));
}
