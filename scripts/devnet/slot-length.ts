/**
 * Crosslinks that this process checks and signs for per second of a slot. One process plays all the operators here, and
 * nearly every one of them has validators in the committee of every shard; what is not signed in the first third of an
 * epoch waits for the next. Two cores with other work besides keep up with this many.
 */
const CHECKS_PER_SECOND = 96;

/** Seconds per slot that this many shards and operators in one process need, at least the profile's. */
export function slotLength(profileSeconds: number, shards: number, operators: number): number {
  return Math.max(profileSeconds, Math.ceil((shards * operators) / CHECKS_PER_SECOND));
}
