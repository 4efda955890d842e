import { expect } from "chai";
import fc from "fast-check";
import { bitsFrom } from "../../protocol/bits.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import { toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { type Checkpoint, checkpointRoot } from "../../protocol/checkpoint.ts";
import { type Crosslink, genesisCrosslink } from "../../protocol/crosslink.ts";
import type { AcceptedVote, Evidence, SignedVote } from "../../protocol/evidence.ts";
import { addressOfKey } from "../../protocol/operator-signature.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
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
import { property } from "../support/property.ts";
import { SeededRandom } from "../support/random.ts";
import { expectSolvent, statusOf } from "../support/stakes.ts";

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
      expect(await beacon.shards.creditOf(reporter.account)).to.equal(beacon.parameters.shardBond / 8n);
      if (evidence.kind !== "headers") throw new Error("no headers");
      const again: Evidence = { ...evidence, b: reporter.header({ ...header, fees: 8n }, operatorKey) };
      await reporter.commit(again);
      await expect(reporter.account.sendTransaction(reporter.reportOf(again)))
        .to.be.revertedWithCustomError(beacon.slashings, "Slashings_NoBond")
        .withArgs(2);
    });
  });

  describe("who is punished", () => {
    const doubleVote = (signers: readonly number[], epoch = 3): Evidence =>
      votes(
        reporter.listed(vote(epoch - 2, epoch), signers),
        reporter.listed(vote(epoch - 2, epoch, random.bytes(32)), signers),
      );
    const asOwner = () => beacon.staking.connect(beacon.stranger);
    const isSlashed = async (validator: number) => (await beacon.staking.statusOf(validator)).isSlashed;
    const occupantsOf = async (epoch: number) => (await beacon.registry.groupOccupants(0, epoch)).map(Number);

    /** The report of all, by seats, around a vote for an earlier epoch: everybody who sat in both is guilty. */
    async function surroundOf(
      earlier: number,
      later: number,
      absent: readonly number[] = [],
    ): Promise<Record<"a" | "b", SignedVote>> {
      const [then, now] = [await occupantsOf(earlier), await occupantsOf(later)];
      const vacant = (seats: readonly number[]) => absent.filter((seat) => seats[seat] !== 0);
      return {
        a: reporter.present(vote(earlier - 1, earlier), then, vacant(then)),
        b: reporter.present(vote(earlier - 2, later), now, vacant(now)),
      };
    }

    it("only who sat in both epochs, where a seat has changed hands or was left", async () => {
      const { registry } = beacon;
      await asOwner().exit(5);
      await asOwner().exit(6);
      const left = Number((await registry.tenure(6)).exitEpoch);
      await passToEpoch(beacon, left);
      await depositAll(beacon, keys.slice(SEATS, SEATS + 1));
      const [seat, activation] = await registry.tenure(SEATS + 1);
      expect([4n, 5n]).to.include(seat);
      const [earlier, later] = [left - 1, Number(activation)];
      await passToEpoch(beacon, later);
      const [then, now] = [await occupantsOf(earlier), await occupantsOf(later)];
      expect([then[Number(seat)], now[Number(seat)]]).to.deep.equal([Number(seat) + 1, SEATS + 1]);
      expect(now).to.include(0);
      const { a, b } = await surroundOf(earlier, later, [0, 9]);
      const guilty = then.filter((validator) => now.includes(validator) && validator !== 1 && validator !== 10);
      const start = await beacon.networkHelpers.takeSnapshot();
      expect(await punishedFor(votes(b, a)), "from the later vote on").to.deep.equal(guilty);
      await start.restore();
      expect(await punishedFor(votes(a, b))).to.deep.equal(guilty);
      for (const validator of [5, 6, SEATS + 1]) expect(await isSlashed(validator)).to.equal(false);
      await expectSolvent(beacon, [reporter.account.address]);
    });

    it("who is about to leave, and who has left, until the stake is withdrawn", async () => {
      const { registry, staking, parameters, networkHelpers } = beacon;
      await asOwner().exit(5);
      const { exitEpoch } = await registry.tenure(5);
      expect(await punishedFor(doubleVote([5]))).to.deep.equal([5]);
      expect((await registry.tenure(5)).exitEpoch, "keeps its epoch").to.equal(exitEpoch);

      await asOwner().exit(6);
      await asOwner().exit(7);
      const left = Number((await registry.tenure(7)).exitEpoch);
      await passToEpoch(beacon, left);
      await registry.rollEpochs(10);
      expect(await statusOf(beacon, 6)).to.equal("Exited");
      expect(await punishedFor(doubleVote([6]))).to.deep.equal([6]);

      await passToEpoch(beacon, left + parameters.withdrawalDelayEpochs);
      await networkHelpers.mine(parameters.withdrawalDelayBlocks);
      expect(await statusOf(beacon, 7)).to.equal("Withdrawable");
      const evidence = doubleVote([7, 8]);
      const untilThen = await networkHelpers.takeSnapshot();
      expect(await punishedFor(evidence)).to.deep.equal([7, 8]);
      await untilThen.restore();
      await staking.withdraw(7);
      expect(await punishedFor(evidence)).to.deep.equal([8]);
    });

    it("who signed before it sat, once it sits", async () => {
      await depositAll(beacon, keys.slice(SEATS, SEATS + 1));
      const validator = SEATS + 1;
      const evidence = doubleVote([validator]);
      expect(await punishedFor(evidence)).to.deep.equal([]);
      await passToEpoch(beacon, Number((await beacon.registry.tenure(validator)).activationEpoch));
      expect(await reporter.punishedIn(await reporter.punish(evidence))).to.deep.equal([validator]);
    });

    it("who added a vote to an accepted checkpoint late", async () => {
      const { anchors, crypto } = beacon;
      const { body, entries } = accepted.five;
      const source = { sourceEpoch: body.sourceEpoch, sourceRoot: body.sourceRoot };
      const its = { ...source, targetEpoch: 5, targetRoot: checkpointRoot(crypto, accepted.five) };
      const [late, ...stillAbsent] = ABSENT_5 as [number, ...number[]];
      const signature = crypto.bls.decompressG2(reporter.listed(its, [late + 1]).signature);
      await anchors.supplement({
        targetEpoch: 5,
        sourceEpoch: source.sourceEpoch,
        sourceRoot: toHex(source.sourceRoot),
        entriesRoot: toHex(paddedTreeRoot(crypto, entries)),
        rewardsRoot: toHex(body.rewardsRoot),
        absent: toHex(bits(ABSENT_5)),
        added: toHex(bits([late])),
        signature: toHex(signature),
      });
      const other = reporter.listed(vote(1, 5), [late + 1, 10]);
      const before = votes(other, reporter.accepted(accepted.five, bits(ABSENT_5)));
      await reporter.commit(before);
      await expect(reporter.account.sendTransaction(reporter.reportOf(before)))
        .to.be.revertedWithCustomError(beacon.slashings, "Slashings_NotAccepted")
        .withArgs(5);
      const evidence = votes(other, reporter.accepted(accepted.five, bits(stillAbsent)));
      expect(await punishedFor(evidence)).to.deep.equal([late + 1]);
    });

    it("once, however often and for whatever it is reported; nobody is paid for it again", async () => {
      const { staking, slashings, launcher, parameters } = beacon;
      const evidence = doubleVote([4, 9]);
      const fetched = parameters.stake / 32n / 8n;
      expect(await punishedFor(evidence)).to.deep.equal([4, 9]);
      expect(await staking.creditOf(reporter.account)).to.equal(2n * fetched);
      const stake = (await staking.stakeOf(4)).amount;
      const again = new Reporter(beacon, keys, launcher);
      // The same two votes, in the other order; and other votes of the same validators with one more.
      if (evidence.kind !== "votes") throw new Error("no votes");
      for (const each of [votes(evidence.b, evidence.a), doubleVote([4, 9, 12]), doubleVote([4, 9, 12], 4)]) {
        const report = await again.report(each).catch((error: unknown) => error);
        if (report instanceof Error) expect(report.message).to.include("Slashings_AlreadyReported");
        await again.punish(each);
      }
      expect(await staking.creditOf(launcher), "for validator 12").to.equal(fetched);
      expect(await staking.creditOf(reporter.account)).to.equal(2n * fetched);
      expect((await staking.stakeOf(4)).amount).to.equal(stake);
      const punished = (await slashings.queryFilter(slashings.filters.OffenderPunished)).map(({ args }) =>
        Number(args.validator),
      );
      expect(punished).to.deep.equal([4, 9, 12]);
      await expectSolvent(beacon, [reporter.account.address, launcher.address]);
    });

    it("page by page, by anybody, to the reporter's credit", async () => {
      const { staking, launcher, parameters } = beacon;
      const evidence = votes(
        reporter.present(vote(1, 3), all, [2, 30]),
        reporter.present(vote(1, 3, random.bytes(32)), all, [5]),
      );
      await reporter.report(evidence);
      const somebody = new Reporter(beacon, keys, launcher);
      const page = async (first: number, count: number) =>
        somebody.punishedIn(await somebody.punish(evidence, first, count));
      expect(await page(0, 5)).to.deep.equal([1, 2, 4, 5]);
      expect(await page(0, 5), "the same page again").to.deep.equal([]);
      expect(await page(4, 4)).to.deep.equal([7, 8]);
      expect(await page(29, 1000)).to.deep.equal([30, 32]);
      expect(await page(SEATS, 1)).to.deep.equal([]);
      expect(await staking.creditOf(reporter.account)).to.equal((8n * parameters.stake) / 32n / 8n);
      expect(await staking.creditOf(launcher)).to.equal(0);
    });

    it("in the transaction that reports it, too", async () => {
      const { slashings } = beacon;
      const evidence = doubleVote([4, 9]);
      await reporter.commit(evidence);
      const calls = [reporter.reportOf(evidence).data, reporter.punishmentOf(evidence).data];
      const transaction = await slashings.connect(reporter.account).multicall(calls);
      expect(await reporter.punishedIn(transaction)).to.deep.equal([4, 9]);
    });

    it("exactly those who signed both, whoever they are and whatever shows it", async () => {
      const subset = fc.uniqueArray(fc.integer({ min: 1, max: SEATS }), { minLength: 1, maxLength: SEATS });
      const form = fc.constantFrom<(its: Vote, signers: number[]) => SignedVote>(
        (its, signers) => reporter.listed(its, signers),
        (its, signers) =>
          reporter.present(
            its,
            all,
            without(signers.map((validator) => validator - 1)).map((v) => v - 1),
          ),
      );
      const epochs = fc.constantFrom<[Vote, Vote]>(
        [vote(1, 3), vote(1, 3, ZERO_HASH)],
        [vote(1, 5), vote(2, 4)],
        [vote(2, 4), vote(0, 5)],
      );
      const page = fc.tuple(fc.nat({ max: SEATS }), fc.nat({ max: SEATS }));
      const start = await beacon.networkHelpers.takeSnapshot();
      await fc.assert(
        fc.asyncProperty(subset, subset, form, form, epochs, page, async (one, two, formA, formB, [a, b], range) => {
          const [x, y] = [one, two].map((list) => [...list].sort((p, q) => p - q)) as [number[], number[]];
          const evidence = votes(formA(a, x), formB(b, y));
          const paged = signersOf(evidence)?.[0].isList
            ? x.slice(range[0], range[0] + range[1])
            : x.filter((validator) => validator - 1 >= range[0] && validator - 1 < range[0] + range[1]);
          const both = (list: number[]) => list.filter((validator) => y.includes(validator));
          await reporter.report(evidence);
          const first = await reporter.punishedIn(await reporter.punish(evidence, ...range));
          expect(first).to.deep.equal(both(paged));
          const rest = await reporter.punishedIn(await reporter.punish(evidence));
          expect([...first, ...rest].sort((p, q) => p - q)).to.deep.equal(both(x));
          await start.restore();
        }),
        property(25),
      );
    });
  });
});
