import { expect } from "chai";
import { createNativeCrypto } from "../../crypto/native.ts";
import { toHex } from "../../protocol/bytes.ts";
import { SeededRandom } from "../support/random.ts";
import { Draws } from "./steps/draws.ts";
import { mutatedTail } from "./steps/mutated-witness.ts";
import { RandomSteps } from "./steps/random-steps.ts";
import type { StepCase } from "./steps/step-case.ts";
import type { Claim } from "./steps/step-evidence.ts";
import { sweptGas } from "./steps/swept-gas.ts";
import { VerifierUnderTest } from "./steps/verifier-under-test.ts";

const CLAIMS = 600;
const BATCH = 20;
/** Claims whose evidence is changed, and changes to each. */
const CHANGED = 80;
const CHANGES = 20;
/** Of so many honest claims, the one with the shortest evidence has every byte of it changed. */
const SHORTEST_OF = 50;
/** Claims that are judged with ever more gas. */
const SWEPT = 8;

describe("Fuzzed evidence against steps", function () {
  this.timeout(300_000);
  let crypto: Awaited<ReturnType<typeof createNativeCrypto>>;
  let verifier: VerifierUnderTest;
  before(async () => {
    crypto = await createNativeCrypto();
    verifier = await VerifierUnderTest.deploy(crypto);
  });

  const expectedOf = ({ output }: Claim) => (output === null ? null : toHex(crypto.keccak256(output)));
  const judgeAll = (one: StepCase, inputs: readonly Uint8Array[]) =>
    verifier.callAll(
      inputs.map((input) => ({ one, input })),
      verifier.judgeOfSteps,
    );

  /** Random claims with what they are about. */
  function* claims(seed: string, isHonest: () => boolean): Generator<{ one: StepCase; claim: Claim }> {
    const draws = new Draws(`${seed} claims`);
    const { domain, parameters } = verifier;
    const steps = new RandomSteps({ crypto, domain, parameters }, new Draws(seed));
    for (;;) {
      const one = steps.next();
      yield { one, claim: verifier.claimOf(draws, one, isHonest()) };
    }
  }

  it(`finds what there is to find, and nothing else (${CLAIMS} claims)`, async () => {
    const { seed } = new SeededRandom();
    const random = claims(seed, () => false);
    const found = new Map<string, number>();
    for (let i = 0; i < CLAIMS; i += BATCH) {
      const batch = Array.from({ length: BATCH }, () => random.next().value as { one: StepCase; claim: Claim });
      const calls = batch.map(({ one, claim }) => ({ one, input: claim.input }));
      for (const [k, outcome] of (await verifier.callAll(calls, verifier.judgeOfSteps)).entries()) {
        const { one, claim } = batch[k] as (typeof batch)[number];
        expect(outcome, `claim ${i + k} of ${claim.finding}: ${one.name}`).to.equal(expectedOf(claim));
        found.set(claim.finding ?? "reverts", (found.get(claim.finding ?? "reverts") ?? 0) + 1);
      }
    }
    console.log(`      ${[...found].map(([name, count]) => `${name} ${count}`).join(", ")}`);
    expect(found.size).to.equal(6);
  });

  it(`never finds another fault, whatever is done to it (${CHANGED * CHANGES} changes)`, async () => {
    const { seed } = new SeededRandom();
    const draws = new Draws(`${seed} changes`);
    let answered = 0;
    for (const { one, claim } of claims(seed, () => draws.chance(60))) {
      if (claim.finding === null) continue;
      const inputs = Array.from({ length: CHANGES }, () => mutatedTail(draws, claim.input, claim.evidenceLength));
      const expected = expectedOf(claim);
      for (const [k, outcome] of (await judgeAll(one, inputs)).entries()) {
        expect(outcome, `${claim.finding}, ${one.name}: ${toHex(inputs[k] as Uint8Array)}`).to.be.oneOf([
          null,
          expected,
        ]);
      }
      if (++answered === CHANGED) break;
    }
  });

  it("never makes an honest step a fault, whichever byte of it is changed", async () => {
    const { seed } = new SeededRandom();
    const draws = new Draws(`${seed} bytes`);
    const honest: { one: StepCase; claim: Claim }[] = [];
    for (const random of claims(seed, () => true)) {
      if (random.claim.finding === "None") honest.push(random);
      if (honest.length === SHORTEST_OF) break;
    }
    honest.sort((a, b) => a.claim.evidenceLength - b.claim.evidenceLength);
    const { one, claim } = honest[0] as (typeof honest)[number];
    const { input, evidenceLength } = claim;
    const places = Array.from({ length: evidenceLength }, (_, i) => input.length - evidenceLength + i);
    const none = expectedOf(claim);
    for (let from = 0; from < places.length; from += BATCH) {
      const inputs = places.slice(from, from + BATCH).map((at) => {
        const changed = input.slice();
        changed[at] = (changed[at] as number) ^ (1 << draws.below(8));
        return changed;
      });
      for (const [k, outcome] of (await judgeAll(one, inputs)).entries()) {
        expect(outcome, `byte ${places[from + k]} of ${one.name}: ${toHex(input)}`).to.be.oneOf([null, none]);
      }
    }
  });

  it(`is judged in one way or not at all, with whatever gas (${SWEPT} claims)`, async () => {
    const { seed } = new SeededRandom();
    const draws = new Draws(`${seed} gas`);
    const seen = new Set<string>();
    for (const { one, claim } of claims(seed, () => draws.chance(50))) {
      const name = `${claim.finding} ${one.opening.step.kind}`;
      if (claim.finding === null || seen.has(name) || one.opening.step.payload.length > 2000) continue;
      seen.add(name);
      const call = { one, input: claim.input };
      const outcomes = await sweptGas((sweep) => verifier.sweep(call, sweep, verifier.judgeOfSteps));
      expect([...new Set(outcomes)], `${name}: ${one.name}`).to.have.members([null, expectedOf(claim)]);
      if (seen.size === SWEPT) break;
    }
  });
});
