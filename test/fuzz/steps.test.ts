import { expect } from "chai";
import { LedgerError, type LedgerErrorCode } from "../../ledger/errors.ts";
import type { StepOutcome } from "../../ledger/replay-step.ts";
import type { StepWitness } from "../../ledger/step-witness.ts";
import { frontierLength } from "../../protocol/append-tree.ts";
import { toHex } from "../../protocol/bytes.ts";
import { crypto, domain } from "../ledger/shard-fixture.ts";
import { SeededRandom } from "../support/random.ts";
import { Draws } from "./steps/draws.ts";
import { mutatedWitness } from "./steps/mutated-witness.ts";
import { RandomSteps } from "./steps/random-steps.ts";
import { verdictOf } from "./steps/step-case.ts";
import { Tally } from "./steps/tally.ts";

const CASES = 10_000;
const MINIMAL = { slotsPerEpoch: 8, inputDelay: 1, shardCount: 4 };
/** As in `mainnet`; and a single position, whose entry has no siblings. */
const OTHERS = [
  { slotsPerEpoch: 32, inputDelay: 4, shardCount: 64 },
  { slotsPerEpoch: 1, inputDelay: 1, shardCount: 1 },
];

/** The verdicts of the ledger on a witness that is not the step's. */
const WITNESS_FAULTS: ReadonlySet<LedgerErrorCode> = new Set([
  "MissingWitness",
  "WrongOutboxOpening",
  "NonCanonicalWitness",
]);

/** A witness on the wire has a frontier that fits its count. */
function isDecodable({ outboxOpening }: StepWitness): boolean {
  if (outboxOpening === undefined) return true;
  const { count, frontier } = outboxOpening.outbox;
  return count < 2 ** 32 && frontier.length === frontierLength(count);
}

function textOf(verdict: StepOutcome | LedgerError): string {
  return verdict instanceof LedgerError ? verdict.message : `${toHex(verdict.stateRoot)} ${verdict.fees}`;
}

describe("Fuzzed steps", function () {
  this.timeout(120_000);

  for (const parameters of [MINIMAL, ...OTHERS]) {
    const cases = parameters === MINIMAL ? CASES : CASES / 10;
    it(`give alone what they give on the whole state, at ${parameters.shardCount} positions`, () => {
      const { seed } = new SeededRandom();
      const steps = new RandomSteps({ crypto, domain, parameters }, new Draws(seed));
      const tally = new Tally();
      for (let i = 0; i < cases; i++) {
        const one = steps.next();
        const verdict = verdictOf(one);
        tally.add(verdict);
        if (verdict instanceof LedgerError) {
          expect([...WITNESS_FAULTS], `case ${i}: ${one.name}`).not.to.include(verdict.code);
          // A block whose first step is inadmissible is dropped as a whole.
          if (one.opening.step.kind !== 0) expect(toHex(one.rootAfter)).to.equal(toHex(one.opening.preRoot));
        } else {
          expect(toHex(verdict.stateRoot), `case ${i}: ${one.name}`).to.equal(toHex(one.rootAfter));
        }
      }
      expect(tally.soundShare).to.be.greaterThan(0.2);
      // So many cases break every rule.
      if (parameters === MINIMAL) expect(tally.missing()).to.deep.equal([]);
    });
  }

  it("keep their verdict, or get none, with whatever witness", () => {
    const { seed } = new SeededRandom();
    const draws = new Draws(`${seed} witnesses`);
    const steps = new RandomSteps({ crypto, domain, parameters: MINIMAL }, new Draws(seed));
    let refused = 0;
    for (let i = 0; i < CASES; i++) {
      const one = steps.next();
      const witness = mutatedWitness(draws, one.opening.witness);
      if (!isDecodable(witness)) continue;
      const verdict = verdictOf({ ...one, opening: { ...one.opening, witness } });
      if (verdict instanceof LedgerError && WITNESS_FAULTS.has(verdict.code)) refused++;
      else expect(textOf(verdict), `case ${i}: ${one.name}`).to.equal(textOf(verdictOf(one)));
    }
    expect(refused).to.be.greaterThan(CASES / 4);
  });
});
