import { expect } from "chai";
import { bitsFrom } from "../../protocol/bits.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import { toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { type Checkpoint, checkpointRoot } from "../../protocol/checkpoint.ts";
import { type Crosslink, genesisCrosslink } from "../../protocol/crosslink.ts";
import type { AcceptedVote, Evidence, SignedVote } from "../../protocol/evidence.ts";
import { addressOfKey } from "../../protocol/operator-signature.ts";
import type { Vote } from "../../protocol/vote.ts";
import { signersOf } from "../../relayer/parent/evidence-codec.ts";
import {
  type Beacon,
  deployBeacon,
  depositAll,
  type KeyPair,
  newKeys,
  openShards,
  passGenesis,
  passToEpoch,
} from "../support/beacon.ts";
import { Voters } from "../support/checkpoints.ts";
import { Reporter } from "../support/evidence.ts";
import { SeededRandom } from "../support/random.ts";

const SEATS = 32;
const NOW = 6;

/** Seats that were absent in the accepted vote of epoch 1, and in that of epoch 5. */
const ABSENT_1 = [3, 8, 20];
const ABSENT_5 = [0, 9, 20, 31];

/**
 * 32 validators, number n in seat n - 1. Checkpoints were accepted for epoch 1, and for 5 on top of it; the vote of 5
 * links over epochs 2 to 4.
 */
describe("Slashings", () => {
  let beacon: Beacon;
  let keys: KeyPair[];
  let reporter: Reporter;
  let accepted: { one: Checkpoint; five: Checkpoint };
  const random = new SeededRandom();
  const all = Array.from({ length: SEATS }, (_, seat) => seat + 1);
  const root = random.bytes(32);
  const operatorKey = random.secretKey();

  before(async () => {
    beacon = await deployBeacon();
    keys = newKeys(beacon.crypto, SEATS + 8, random);
    reporter = new Reporter(beacon, keys, beacon.stranger);
  });

  async function launched() {
    await depositAll(beacon, keys.slice(0, SEATS));
    await openShards(beacon, 1);
    const operator = toHex(addressOfKey(beacon.crypto, operatorKey));
    await beacon.shards.open(operator, { value: beacon.parameters.shardBond });
    await passGenesis(beacon);
    const voters = new Voters(beacon, keys);
    await passToEpoch(beacon, 2);
    await voters.justify(1, { absent: ABSENT_1, rewardsRoot: random.bytes(32) });
    const one = voters.source;
    await passToEpoch(beacon, NOW);
    await voters.justify(5, { absent: ABSENT_5 });
    return { one, five: voters.source };
  }

  beforeEach(async () => {
    accepted = await beacon.networkHelpers.loadFixture(launched);
  });

  const vote = (sourceEpoch: number, targetEpoch: number, targetRoot = root): Vote => ({
    sourceEpoch,
    sourceRoot: ZERO_HASH,
    targetEpoch,
    targetRoot,
  });
  const votes = (a: SignedVote | AcceptedVote, b: SignedVote | AcceptedVote): Evidence => ({ kind: "votes", a, b });
  const without = (seats: readonly number[]) => all.filter((validator) => !seats.includes(validator - 1));
  const bits = (seats: readonly number[]) => bitsFrom(seats, SEATS);

  /** Reports, punishes everybody, and says who that was. */
  async function punishedFor(evidence: Evidence): Promise<number[]> {
    await reporter.report(evidence);
    return reporter.punishedIn(await reporter.punish(evidence));
  }

  describe("votes", () => {
    /** Validators that signed what was not accepted. Some of them were absent when it was. */
    const SIGNED = [1, 4, 9, 10, 21, 22, 32];
    const OTHERS = [2, 4, 9, 21, 30, 32];

    /** The forms that a vote of SIGNED may be shown in; a vote of this epoch. */
    const forms: Record<string, (vote: Vote, signers: readonly number[]) => SignedVote> = {
      "a list": (its, signers) => reporter.listed(its, signers),
      "absent seats": (its, signers) =>
        reporter.present(
          its,
          all,
          all.filter((validator) => !signers.includes(validator)).map((validator) => validator - 1),
        ),
    };

    for (const [nameOfA, formOfA] of Object.entries(forms)) {
      for (const [nameOfB, formOfB] of Object.entries(forms)) {
        it(`for one epoch, by ${nameOfA} and ${nameOfB}`, async () => {
          const a = formOfA(vote(1, 3), SIGNED);
          const b = formOfB(vote(1, 3, random.bytes(32)), OTHERS);
          const both = SIGNED.filter((validator) => OTHERS.includes(validator));
          expect(await punishedFor(votes(a, b))).to.deep.equal(both);
        });

        it(`one around the other, by ${nameOfA} and ${nameOfB}, in either order`, async () => {
          const outer = formOfA(vote(1, 5), SIGNED);
          const inner = formOfB(vote(2, 4), OTHERS);
          const both = SIGNED.filter((validator) => OTHERS.includes(validator));
          const start = await beacon.networkHelpers.takeSnapshot();
          expect(await punishedFor(votes(outer, inner))).to.deep.equal(both);
          await start.restore();
          expect(await punishedFor(votes(inner, outer))).to.deep.equal(both);
        });
      }

      it(`against the accepted one, for its epoch or within it, by ${nameOfA}`, async () => {
        const guilty = SIGNED.filter((validator) => without(ABSENT_5).includes(validator));
        for (const other of [vote(1, 5), vote(0, 5, checkpointRoot(beacon.crypto, accepted.five)), vote(2, 4)]) {
          const theirs = formOfA(other, SIGNED);
          const its = reporter.accepted(accepted.five, bits(ABSENT_5));
          const start = await beacon.networkHelpers.takeSnapshot();
          expect(await punishedFor(votes(theirs, its))).to.deep.equal(guilty);
          await start.restore();
          expect(await punishedFor(votes(its, theirs))).to.deep.equal(guilty);
          await start.restore();
        }
      });
    }

    it("around the accepted one", async () => {
      const others = [4, 5, 10];
      const around = votes(reporter.listed(vote(0, 6), others), reporter.accepted(accepted.five, bits(ABSENT_5)));
      expect(await punishedFor(around)).to.deep.equal([4, 5]);
    });

    it("names the offence, who reported it, and who may be guilty of it", async () => {
      const [a, b] = [reporter.listed(vote(1, 3), SIGNED), reporter.present(vote(1, 3, random.bytes(32)), all, [1])];
      const evidence = votes(a, b);
      const transaction = await reporter.report(evidence);
      await expect(transaction).to.emit(beacon.slashings, "OffenceReported");
      const [event] = await beacon.slashings.queryFilter(beacon.slashings.filters.OffenceReported);
      expect([event?.args.reporter, event?.args.offence]).to.deep.equal([reporter.account.address, 0n]);
      expect(await beacon.slashings.reporterOf(event?.args.id as string)).to.equal(reporter.account.address);
      const [first, second] = signersOf(evidence) ?? [];
      expect(event?.args.a).to.deep.equal([first?.isList, 0n, first?.members]);
      expect(event?.args.b).to.deep.equal([second?.isList, 3n, second?.members]);
    });
  });

  describe("attestations, proposals and headers", () => {
    const crosslink = (overrides: Partial<Crosslink> = {}): Crosslink => ({
      ...genesisCrosslink(1),
      epoch: 4,
      firstBlock: 1,
      lastBlock: 2,
      blocksRoot: random.bytes(32),
      ...overrides,
    });

    it("two attestations of one shard and epoch: whoever signed both", async () => {
      const evidence: Evidence = {
        kind: "attestations",
        a: reporter.attestation(crosslink(), [2, 3, 5, 30]),
        b: reporter.attestation(crosslink(), [1, 3, 4, 30, 31]),
      };
      expect(await punishedFor(evidence)).to.deep.equal([3, 30]);
    });

    it("two proposals of one validator and epoch", async () => {
      const evidence: Evidence = {
        kind: "proposals",
        validator: 17,
        a: reporter.proposal(17, 4, random.bytes(32)),
        b: reporter.proposal(17, 4, random.bytes(32)),
      };
      expect(await punishedFor(evidence)).to.deep.equal([17]);
    });

    it("two blocks of one number: the shard's bond, once", async () => {
      const header: BlockHeader = {
        shardId: 2,
        generation: 0,
        number: 9,
        parentHash: random.bytes(32),
        slot: 40,
        stepCount: 1,
        traceRoot: random.bytes(32),
        stateRoot: random.bytes(32),
        fees: 7n,
      };
      const evidence: Evidence = {
        kind: "headers",
        a: reporter.header(header, operatorKey),
        b: reporter.header({ ...header, stateRoot: random.bytes(32) }, operatorKey),
      };
      const transaction = await reporter.report(evidence);
      await expect(transaction)
        .to.emit(beacon.slashings, "OperatorPunished")
        .withArgs(2, 0, 9, reporter.account.address, beacon.parameters.shardBond);
    });
  });
});
