import { randomInt } from "node:crypto";

/**
 * Options of `fc.assert` with a fresh seed per process, which is printed; `WATCHFIRE_PROPERTY_SEED` repeats a run.
 * @param runs random cases to try
 */
export function property(runs: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: runs, seed };
}

const seed = Number(process.env["WATCHFIRE_PROPERTY_SEED"] ?? randomInt(2 ** 31));
console.log(`      WATCHFIRE_PROPERTY_SEED=${seed}`);
