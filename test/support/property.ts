import { createHash, randomInt } from "node:crypto";

/**
 * Options of `fc.assert` with a fresh seed per process, which is printed; `WATCHFIRE_SEED` repeats a run.
 * @param runs random cases to try
 */
export function property(runs: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: runs, seed };
}

/** Other tests print seeds that are no numbers, and one variable repeats all of them. */
function numberOf(text: string): number {
  return /^[0-9]{1,10}$/.test(text) ? Number(text) : createHash("sha256").update(text).digest().readUInt32BE() >>> 1;
}

const given = process.env.WATCHFIRE_SEED;
const seed = given === undefined ? randomInt(2 ** 31) : numberOf(given);
console.log(`      WATCHFIRE_SEED=${given ?? seed} (properties)`);
