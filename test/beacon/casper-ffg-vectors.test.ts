import { expect } from "chai";
import type { Context } from "mocha";
import { toHex } from "../../protocol/bytes.ts";
import { type Checkpoint, genesisCheckpoint } from "../../protocol/checkpoint.ts";
import {
  type Beacon,
  deployBeacon,
  depositAll,
  futureProposer,
  newKeys,
  passGenesis,
  passToEpoch,
} from "../support/beacon.ts";
import { CasperReference } from "../support/casper-reference.ts";
import { Voters } from "../support/checkpoints.ts";
import { SeededRandom } from "../support/random.ts";
import { readVector } from "../support/vectors.ts";

const FILE = "casper-ffg-spec-derived/justification_and_finalization.json";

const SEATS = 9;
/** Seats that do not vote: with "ok" support exactly two thirds are left, with "poor" one fewer. */
const ABSENT = { ok: [0, 4, 8], poor: [0, 4, 7, 8] } as const;

/** `cN` is the checkpoint N epochs before the vector's epoch. */
type Name = `c${number}`;

interface ProcessingVector {
  readonly name: string;
  readonly epoch: number;
  readonly bits: readonly number[];
  readonly prev_justified: Name;
  readonly cur_justified: Name;
  readonly votes: readonly {
    readonly source: Name;
    readonly target: Name;
    readonly support: "ok" | "poor";
    readonly target_root?: string;
  }[];
  readonly post: {
    readonly prev_justified: Name;
    readonly cur_justified: Name;
    readonly finalized: Name | "unchanged";
  };
}

interface SequenceVector {
  readonly name: string;
  readonly skip_epochs: number;
  readonly steps: readonly {
    readonly cur: boolean;
    readonly prev: boolean;
    /** Whether the justified checkpoint, the one before it and the finalised one change. */
    readonly changed: readonly boolean[];
    readonly finalized?: "prev_state.current_justified" | "prev_state.previous_justified";
  }[];
}

/** Votes of two thirds, or of too few, from one checkpoint to another. */
interface Link {
  readonly source: number;
  readonly target: number;
  readonly support: "ok" | "poor";
  /** What was signed is not what is submitted. */
  readonly wrongRoot?: boolean;
}

/**
 * What consensus-specs finalise and the contract does not, and why. In all of them a vote has a source that is not the
 * latest justified checkpoint any more when the contract gets it (docs/protocol.md, "Casper").
 */
const STRICTER = new Set([
  // c3 was justified from a source before c4, and c4 -> c2 passes over it.
  "234_ok_support",
  // c5 -> c2 crosses c3, and c3 -> c1 passes over c2.
  "123_ok_support",
  // All votes come an epoch late, so every second one still has the source of the one before it.
  "rule_1",
  // The late votes of epoch 5 have the source 3, while 4 is justified already.
  "rule_3",
]);

/** Says in words what happens: about a half leave, and too few of the rest vote. */
const EXITS = "balance_threshold_with_exited_validators";

describe("CrosslinkAnchors: finality as in consensus-specs", () => {
  let beacon: Beacon;
  let voters: Voters;
  let random: SeededRandom;
  /** What the contract accepted, by epoch. */
  let accepted: Map<number, Checkpoint>;
  /** What was refused, and why. */
  let refused: string[];

  before(async () => {
    beacon = await deployBeacon();
    random = new SeededRandom();
  });

  beforeEach(reset);

  async function launched() {
    const keys = newKeys(beacon.crypto, SEATS, random);
    await depositAll(beacon, keys);
    await passGenesis(beacon);
    return keys;
  }

  async function reset() {
    voters = new Voters(beacon, await beacon.networkHelpers.loadFixture(launched));
    accepted = new Map([[0, genesisCheckpoint(beacon.parameters.shardCount)]]);
    refused = [];
  }

  function vectors(context: Context): {
    epoch_processing: ProcessingVector[];
    finality_sequences: SequenceVector[];
    exits: { post: { justified: string } };
  } {
    const { epoch_processing, finality_sequences } = JSON.parse(readVector(context, FILE));
    const processing = epoch_processing.filter(({ name }: ProcessingVector) => name !== EXITS);
    const exits = epoch_processing.find(({ name }: ProcessingVector) => name === EXITS);
    expect(processing).to.have.length(epoch_processing.length - 1);
    expect(processing).not.to.be.empty;
    expect(finality_sequences).not.to.be.empty;
    return { epoch_processing: processing, finality_sequences, exits };
  }

  /** What the contract says to a link, by the rules of docs/protocol.md; undefined if it takes it. */
  function refusal({ source, target, support, wrongRoot }: Link, justified: number): string | undefined {
    if (source !== justified) return "CrosslinkAnchors_NotLatestJustified";
    if (target <= source) return "CrosslinkAnchors_TargetNotAfterSource";
    if (support === "poor") return "CrosslinkAnchors_NoQuorum";
    if (wrongRoot) return "CrosslinkAnchors_InvalidSignature";
    return undefined;
  }

  /** Submits the link's votes, in the present epoch. */
  async function submit(link: Link): Promise<void> {
    const { anchors } = beacon;
    const { source, target, support, wrongRoot } = link;
    const [justified] = await anchors.finality();
    // A source that was never accepted has a root that nobody knows; the contract looks at its epoch first.
    voters.source = accepted.get(source) ?? { ...voters.source, body: { ...voters.source.body, epoch: source } };
    const vote = await voters.vote(target, { absent: ABSENT[support] });
    const struct = wrongRoot ? { ...vote.struct, rewardsRoot: random.bytes(32) } : vote.struct;
    const error = refusal(link, Number(justified));
    if (error !== undefined) {
      await expect(anchors.submit(struct), `${source} -> ${target}`).to.be.revertedWithCustomError(anchors, error);
      refused.push(error);
      return;
    }
    await anchors.submit(struct);
    accepted.set(target, vote.target);
  }

  async function finalized(): Promise<number> {
    return Number((await beacon.anchors.finality())[1]);
  }

  /** The contract finalises what the specification does, but for the stricter cases: there it finalises less. */
  async function expectFinality(name: string, specified: number): Promise<void> {
    if (STRICTER.has(name)) {
      expect(await finalized(), name).to.be.lessThan(specified);
      expect(refused, name).to.include("CrosslinkAnchors_NotLatestJustified");
    } else expect(await finalized(), name).to.equal(specified);
  }

  /** The reference after a vector's epoch, from the state that the vector begins with. */
  function processed(vector: ProcessingVector): CasperReference {
    const { epoch, bits, votes } = vector;
    const at = (name: string) => epoch - Number(name.slice(1));
    const reference = new CasperReference();
    reference.justificationBits = bits.map((bit) => bit === 1);
    reference.previousJustified = at(vector.prev_justified);
    reference.currentJustified = at(vector.cur_justified);
    const balance = (target: Name) =>
      votes
        .filter((vote) => vote.target === target && vote.target_root === undefined)
        .reduce((sum, vote) => sum + SEATS - ABSENT[vote.support].length, 0);
    reference.process(epoch - 1, { total: SEATS, previous: balance("c2"), current: balance("c1") });
    return reference;
  }

  it("the reference gives what the vectors of single epochs give", function () {
    for (const vector of vectors(this).epoch_processing) {
      const { name, epoch, post } = vector;
      const at = (checkpoint: string) => epoch - Number(checkpoint.slice(1));
      const reference = processed(vector);
      expect(reference.previousJustified, name).to.equal(at(post.prev_justified));
      expect(reference.currentJustified, name).to.equal(at(post.cur_justified));
      expect(reference.finalized, name).to.equal(post.finalized === "unchanged" ? 0 : at(post.finalized));
    }
  });

  it("single epochs", async function () {
    for (const vector of vectors(this).epoch_processing) {
      await reset();
      const { name, epoch, votes } = vector;
      const at = (checkpoint: string) => epoch - Number(checkpoint.slice(1));
      // How the state came about that the vector begins with. Two neighbours of which the first is not final were
      // voted from the same source.
      const [first, second] = [at(vector.prev_justified), at(vector.cur_justified)];
      await passToEpoch(beacon, first + 1);
      await submit({ source: 0, target: first, support: "ok" });
      if (second !== first) {
        await passToEpoch(beacon, second + 1);
        await submit({ source: second === first + 1 ? 0 : first, target: second, support: "ok" });
      }
      await passToEpoch(beacon, epoch);
      for (const { source, target, support, target_root } of votes) {
        const wrongRoot = target_root !== undefined;
        await submit({ source: at(source), target: at(target), support, wrongRoot });
      }
      await expectFinality(name, processed(vector).finalized);
    }
  });

  it("sequences of epochs", async function () {
    for (const { name, skip_epochs, steps } of vectors(this).finality_sequences) {
      await reset();
      const reference = new CasperReference();
      for (const [i, step] of steps.entries()) {
        const epoch = skip_epochs + i;
        const { previousJustified, currentJustified, finalized } = reference;
        await passToEpoch(beacon, epoch + 1);
        // A vote has the source that was the latest justified checkpoint in the epoch of its target.
        if (step.prev) await submit({ source: previousJustified, target: epoch - 1, support: "ok" });
        if (step.cur) await submit({ source: currentJustified, target: epoch, support: "ok" });
        reference.process(epoch, { total: SEATS, previous: step.prev ? 6 : 0, current: step.cur ? 6 : 0 });

        expect(
          [
            reference.currentJustified !== currentJustified,
            reference.previousJustified !== previousJustified,
            reference.finalized !== finalized,
          ],
          `${name}, epoch ${epoch}`,
        ).to.deep.equal(step.changed);
        const expected = {
          "prev_state.current_justified": currentJustified,
          "prev_state.previous_justified": previousJustified,
        };
        if (step.finalized) expect(reference.finalized, name).to.equal(expected[step.finalized]);
      }
      await expectFinality(name, reference.finalized);
    }
  });

  it("a threshold that leaves out those who left", async function () {
    const { anchors, staking, registry, stranger } = beacon;
    const keys = await beacon.networkHelpers.loadFixture(launched);
    expect(vectors(this).exits.post).to.deep.equal({ justified: "unchanged" });
    const proposer = await futureProposer(beacon, 2);
    const others = keys.map((_, seat) => seat).filter((seat) => seat !== proposer);
    const [left, absent] = [others.slice(0, 4), others.slice(4, 6)];
    for (const seat of left) await staking.connect(stranger).exit(seat + 1);
    await passToEpoch(beacon, 3);
    expect(await registry.occupiedCount(1)).to.equal(SEATS);
    expect(await registry.occupiedCount(2)).to.equal(SEATS - left.length);

    // Three of five are too few. With the four who left they would be seven of nine.
    const { struct, digest } = await voters.vote(2, { vacant: left, absent });
    await expect(anchors.submit(struct))
      .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NoQuorum")
      .withArgs(3, SEATS - left.length);
    // Their votes cannot be counted: whoever is not listed as absent is an occupant, and they are none.
    const signers = keys.filter((_, seat) => !absent.includes(seat));
    const signature = toHex(voters.sign(signers, digest));
    await expect(anchors.submit({ ...struct, signature, absent: "0x" })).to.be.revertedWithCustomError(
      anchors,
      "CrosslinkAnchors_InvalidSignature",
    );
    expect(await anchors.finality()).to.deep.equal([0n, 0n, 0n]);
    await expect(voters.justify(2, { vacant: left, absent: absent.slice(1) })).to.emit(anchors, "CheckpointAccepted");
  });

  it("whatever the contract takes, in whatever order and however late, finalises what it finalises there", async () => {
    const lateness = beacon.parameters.submitEpochs;
    const links: Link[] = [];
    let epoch = 1;
    for (let i = 0; i < 60; i++) {
      const passed = i === 0 ? 1 : Math.max(0, random.below(4) - 1);
      epoch += passed;
      if (passed !== 0) await passToEpoch(beacon, epoch);
      const target = Math.max(0, epoch - 1 - random.below(lateness));
      const sources = [...accepted.keys()];
      // Mostly the latest.
      const source = sources[Math.max(0, sources.length - 1 - Math.max(0, random.below(5) - 3))] as number;
      const link: Link = { source, target, support: random.below(6) === 0 ? "poor" : "ok" };
      const before = refused.length;
      await submit(link);
      if (refused.length === before) links.push(link);
    }
    expect(links.length).to.be.greaterThan(5);
    expect(refused).not.to.be.empty;

    // The same votes, each in the epoch of its target. The contract's genesis has a root to vote from.
    const reference = new CasperReference(-2);
    for (let target = 1; target <= epoch; target++) {
      const link = links.find((candidate) => candidate.target === target);
      if (link !== undefined) expect(link.source).to.equal(reference.currentJustified);
      reference.process(target, { total: SEATS, previous: 0, current: link === undefined ? 0 : 6 });
    }
    const [justified, final] = await beacon.anchors.finality();
    expect([Number(justified), Number(final)]).to.deep.equal([reference.currentJustified, reference.finalized]);
  });
});
