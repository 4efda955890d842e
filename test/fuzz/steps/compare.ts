import type { LedgerError } from "../../../ledger/errors.ts";
import type { StepOutcome } from "../../../ledger/replay-step.ts";
import { toHex } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { Draws } from "./draws.ts";
import { RandomSteps } from "./random-steps.ts";
import { outcomeWords } from "./step-call.ts";
import { type StepCase, verdictOf } from "./step-case.ts";
import { Tally } from "./tally.ts";
import type { Outcome, VerifierUnderTest } from "./verifier-under-test.ts";

/** Cases that go through the verifier in one call. */
const BATCH = 20;

interface Judged {
  readonly number: number;
  readonly one: StepCase;
  readonly verdict: StepOutcome | LedgerError;
  readonly expected: Uint8Array;
}

/**
 * Has the ledger and the verifier judge the same random steps.
 * @param onProgress told the number of cases compared so far; ends the comparison by returning false
 * @throws Error at the first case on which they disagree
 */
export async function compareSteps(
  crypto: Crypto,
  verifier: VerifierUnderTest,
  {
    seed,
    cases,
    onProgress,
  }: { readonly seed: string; readonly cases: number; readonly onProgress?: (done: number) => boolean },
): Promise<Tally> {
  const { domain, parameters } = verifier;
  const steps = new RandomSteps({ crypto, domain, parameters }, new Draws(seed));
  const tally = new Tally();
  const nextBatch = (from: number): Judged[] =>
    Array.from({ length: Math.min(BATCH, cases - from) }, (_, i) => {
      const one = steps.next();
      const verdict = verdictOf(one);
      return { number: from + i, one, verdict, expected: outcomeWords(one, verdict) };
    });

  let inFlight: { readonly batch: readonly Judged[]; readonly outcomes: Promise<Outcome[]> } | null = null;
  let isOver = false;
  const settle = async () => {
    if (inFlight === null) return;
    const { batch, outcomes } = inFlight;
    for (const [i, outcome] of (await outcomes).entries()) {
      const judged = batch[i] as Judged;
      if (outcome !== toHex(crypto.keccak256(judged.expected))) await disagree(verifier, seed, judged);
      tally.add(judged.verdict);
    }
    isOver = onProgress?.((batch.at(-1) as Judged).number + 1) === false;
  };
  for (let from = 0; from < cases; from += BATCH) {
    // The next batch is made while the verifier is at this one.
    const batch = nextBatch(from);
    await settle();
    if (isOver) break;
    inFlight = { batch, outcomes: verifier.callAll(batch.map(({ one }) => ({ one, input: verifier.inputOf(one) }))) };
  }
  if (!isOver) await settle();
  return tally;
}

async function disagree(
  verifier: VerifierUnderTest,
  seed: string,
  { number, one, verdict, expected }: Judged,
): Promise<never> {
  const { ok, output } = await verifier.call({ one, input: verifier.inputOf(one) });
  const { index, step, preRoot } = one.opening;
  throw new Error(
    [
      `case ${number} of seed ${seed} (${one.name}): the ledger and the verifier disagree`,
      `ledger:   ${verdict instanceof Error ? verdict.message : "sound"}, ${toHex(expected)}`,
      `verifier: ${ok ? "answers" : "reverts with"} ${output}`,
      `step ${index} of kind ${step.kind} on ${toHex(preRoot)} in slot ${one.slot}: ${toHex(step.payload)}`,
    ].join("\n"),
  );
}
