import type { Outcome } from "./verifier-under-test.ts";

/** From nothing to what is enough for the dearest step. */
const LIMIT = 2_000_000;
const COARSE = 20_000;
const MEDIUM = 500;
const FINE = 31;

export interface Sweep {
  readonly from: number;
  readonly step: number;
  readonly count: number;
}

/** Everything that comes of a call with ever more gas: in coarse steps, and in fine ones around the least that is enough. */
export async function sweptGas(call: (sweep: Sweep) => Promise<Outcome[]>): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let range = { from: 0, to: LIMIT };
  for (const step of [COARSE, MEDIUM, FINE]) {
    const found: Outcome[] = [];
    // Not further than the first answer: what comes after it costs most and is the same.
    while (range.from + step * found.length < range.to && (found.at(-1) ?? null) === null) {
      const from = range.from + step * found.length;
      found.push(...(await call({ from, step, count: Math.min(16, Math.ceil((range.to - from) / step)) })));
    }
    outcomes.push(...found);
    const enough = found.findIndex((outcome) => outcome !== null);
    if (enough === -1) throw new Error(`no gas up to ${range.to} is enough`);
    const at = range.from + step * enough;
    range = { from: Math.max(0, at - step), to: at + step };
  }
  return outcomes;
}
