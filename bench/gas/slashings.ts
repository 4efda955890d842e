import { ZERO_HASH } from "../../protocol/bytes.ts";
import { type Crosslink, genesisCrosslink } from "../../protocol/crosslink.ts";
import type { Evidence, SignedVote } from "../../protocol/evidence.ts";
import type { Vote } from "../../protocol/vote.ts";
import { Reporter } from "../../test/support/evidence.ts";
import type { SeededRandom } from "../../test/support/random.ts";
import type { Figure } from "../benchmark.ts";
import { gasOf, type World } from "./world.ts";

/** What a transaction may use (EIP-7825). */
const TRANSACTION_LIMIT = 16_777_216;
const COMMITTEE = 128;
const ABSENT_SHARE = 0.3;

interface Case {
  readonly name: string;
  readonly what: string;
  readonly evidence: Evidence;
  /** Which signers of the first message are gone through in one transaction. */
  readonly page?: readonly [first: number, count: number];
}

/** Whole transactions that report and that punish: one validator, a committee, and whole aggregates. */
export async function slashingFigures(world: World, say: (line: string) => void): Promise<Figure[]> {
  const { beacon, keys } = world;
  const reporter = new Reporter(beacon, keys, beacon.stranger);
  const figures: Figure[] = [];
  const add = (name: string, value: number, conditions: string) => {
    say(`${conditions}: ${value} gas`);
    figures.push({ name: `slashing-gas/${name}`, value, unit: "gas", goal: TRANSACTION_LIMIT, peers: {}, conditions });
  };
  for (const { name, what, evidence, page } of await cases(world, reporter)) {
    add(`report-${name}`, await gasOf(reporter.report(evidence)), `whole transaction; ${what}`);
    if (page === undefined) continue;
    const transaction = await reporter.punish(evidence, ...page);
    const punished = await reporter.punishedIn(transaction);
    const gas = await gasOf(Promise.resolve(transaction));
    add(`punish-${name}`, gas, `whole transaction; ${punished.length} of those who are guilty: ${what}`);
  }
  return figures;
}

async function cases({ beacon, keys, random }: World, reporter: Reporter): Promise<Case[]> {
  const targetEpoch = Number(await beacon.registry.currentEpoch()) - 1;
  const maxListed = Number(await beacon.slashings.maxListed());
  const everybody = keys.map((_, seat) => seat + 1);
  const vote = (): Vote => ({
    sourceEpoch: targetEpoch - 1,
    sourceRoot: ZERO_HASH,
    targetEpoch,
    targetRoot: random.bytes(32),
  });
  const votes = (signed: (vote: Vote) => SignedVote): Evidence => ({
    kind: "votes",
    a: signed(vote()),
    b: signed(vote()),
  });
  const attestation = (members: readonly number[]) => {
    const crosslink: Crosslink = { ...genesisCrosslink(1), epoch: targetEpoch, blocksRoot: random.bytes(32) };
    return reporter.attestation(crosslink, members);
  };
  // Nobody is punished for two of these.
  const [one, committee, listed] = [
    everybody.slice(0, 1),
    everybody.slice(1, 1 + COMMITTEE),
    everybody.slice(0, maxListed),
  ];
  return [
    { name: "1", what: "two votes of one validator", evidence: votes((it) => reporter.listed(it, one)), page: [0, 1] },
    {
      name: "128",
      what: `two attestations of the ${COMMITTEE} members of a committee, who are listed`,
      evidence: { kind: "attestations", a: attestation(committee), b: attestation(committee) },
      page: [0, COMMITTEE],
    },
    {
      name: `${maxListed}`,
      what: `two votes of ${maxListed} validators, who are listed`,
      evidence: votes((it) => reporter.listed(it, listed)),
    },
    {
      name: "all",
      what: `two votes of all ${keys.length} seats but 30 % at random, other ones in each, shown by who is absent`,
      evidence: votes((it) => reporter.present(it, everybody, absentees(random, keys.length))),
      // A group of seats, about half of which are in both.
      page: [keys.length - 256, 256],
    },
  ];
}

function absentees(random: SeededRandom, seats: number): number[] {
  const chosen = new Set<number>();
  while (chosen.size < Math.round(seats * ABSENT_SHARE)) chosen.add(random.below(seats));
  return [...chosen].sort((a, b) => a - b);
}
