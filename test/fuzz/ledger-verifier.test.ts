import { expect } from "chai";
import { createNativeCrypto } from "../../crypto/native.ts";
import { LedgerError } from "../../ledger/errors.ts";
import { toHex } from "../../protocol/bytes.ts";
import { SeededRandom } from "../support/random.ts";
import { compareSteps } from "./steps/compare.ts";
import { Draws } from "./steps/draws.ts";
import { mutatedTail, mutatedWitness } from "./steps/mutated-witness.ts";
import { RandomSteps } from "./steps/random-steps.ts";
import { outcomeWords, witnessArgument } from "./steps/step-call.ts";
import { type StepCase, verdictOf } from "./steps/step-case.ts";
import { sweptGas } from "./steps/swept-gas.ts";
import { VerifierUnderTest } from "./steps/verifier-under-test.ts";

const CASES = 10_000;
/** Cases whose witnesses are changed, and changes to each. */
const WITNESSES = 400;
const CHANGES = 10;
/** Steps that are executed with ever more gas. */
const SWEPT = 24;

describe("Fuzzed steps in the ledger and in LedgerVerifier", function () {
  this.timeout(300_000);
  let crypto: Awaited<ReturnType<typeof createNativeCrypto>>;
  let verifier: VerifierUnderTest;
  before(async () => {
    crypto = await createNativeCrypto();
    verifier = await VerifierUnderTest.deploy(crypto);
  });

  const stepsOf = (seed: string) => {
    const { domain, parameters } = verifier;
    return new RandomSteps({ crypto, domain, parameters }, new Draws(seed));
  };
  const expectedOf = (one: StepCase): string => toHex(crypto.keccak256(outcomeWords(one, verdictOf(one))));

  it(`have one verdict: error and arguments, or state root and fee (${CASES} steps)`, async () => {
    const { seed } = new SeededRandom();
    const tally = await compareSteps(crypto, verifier, { seed, cases: CASES });
    console.log(tally.toString());
    expect(tally.missing()).to.deep.equal([]);
    expect(tally.soundShare).to.be.greaterThan(0.2);
  });

  it(`keep their verdict, or get none, with whatever witness (${WITNESSES * CHANGES} witnesses)`, async () => {
    const { seed } = new SeededRandom();
    const draws = new Draws(`${seed} witnesses`);
    const steps = stepsOf(seed);
    let reverted = 0;
    for (let i = 0; i < WITNESSES; i++) {
      const one = steps.next();
      const { opening } = one;
      const input = verifier.inputOf(one);
      const witnessBytes = witnessArgument(one).bytes.length;
      const inputs = Array.from({ length: CHANGES }, () =>
        draws.chance(50)
          ? verifier.inputOf({ ...one, opening: { ...opening, witness: mutatedWitness(draws, opening.witness) } })
          : mutatedTail(draws, input, witnessBytes),
      );
      const expected = expectedOf(one);
      for (const [k, outcome] of (await verifier.callAll(inputs.map((input) => ({ one, input })))).entries()) {
        if (outcome === null) reverted++;
        else expect(outcome, `case ${i}, change ${k}: ${one.name}, ${toHex(inputs[k]!)}`).to.equal(expected);
      }
    }
    expect(reverted).to.be.greaterThan((WITNESSES * CHANGES) / 4);
  });

  it(`keep their verdict, or get none, with whatever gas (${SWEPT} steps)`, async () => {
    const { seed } = new SeededRandom();
    const steps = stepsOf(seed);
    // One step for each verdict, as far as they go.
    const seen = new Set<string>();
    for (let left = CASES; left > 0 && seen.size < SWEPT; left--) {
      const one = steps.next();
      const verdict = verdictOf(one);
      const { step } = one.opening;
      const name = verdict instanceof LedgerError ? verdict.code : `sound ${step.kind} ${verdict.receipt.logs.length}`;
      if (seen.has(name) || step.payload.length > 2000) continue;
      seen.add(name);
      const expected = expectedOf(one);
      const outcomes = await sweptGas((sweep) => verifier.sweep({ one, input: verifier.inputOf(one) }, sweep));
      expect([...new Set(outcomes)], name).to.have.members([null, expected]);
    }
    expect(seen.size).to.equal(SWEPT);
  });
});
