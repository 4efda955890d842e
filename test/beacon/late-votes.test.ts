import { expect } from "chai";
import { ZeroHash } from "ethers";
import { bitsFrom } from "../../protocol/bits.ts";
import { POSSESSION_TAG } from "../../protocol/bls.ts";
import { toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { type Checkpoint, checkpointCommitment } from "../../protocol/checkpoint.ts";
import { createDomain } from "../../protocol/eip712.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { proposalDigest, randaoRevealDigest, rollAnswerDigest, type Vote, voteDigest } from "../../protocol/vote.ts";
import { ANY, type BadInput, type Refusal, refusesEach } from "../support/bad-inputs.ts";
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
import { INFINITY_G2, nonCanonical, OFF_CURVE_G2, OFF_SUBGROUP_G2 } from "../support/points.ts";
import { SeededRandom } from "../support/random.ts";

/** The bitmap has four bits of padding. */
const SEATS = 12;
const ABSENT = [1, 5, 9, 11];
const PAIRING_CHECK = 0x0f;

/** The argument of `supplement`, bytes as bytes. */
interface Supplement {
  readonly targetEpoch: number;
  readonly sourceEpoch: number;
  readonly sourceRoot: Uint8Array;
  readonly entriesRoot: Uint8Array;
  readonly rewardsRoot: Uint8Array;
  readonly absent: Uint8Array;
  readonly added: Uint8Array;
  readonly signature: Uint8Array;
}

type Row = BadInput<Supplement>;

/** The checkpoint of epoch 2, on top of that of epoch 1, was accepted in epoch 3 without four of twelve seats. */
describe("CrosslinkAnchors: late votes", () => {
  let beacon: Beacon;
  let keys: KeyPair[];
  let voters: Voters;
  let source: Checkpoint;
  let target: Checkpoint;
  let digest: Uint8Array;
  let acceptedAt: number;
  const random = new SeededRandom();

  before(async () => {
    beacon = await deployBeacon();
    keys = newKeys(beacon.crypto, SEATS + 1, random);
  });

  async function accepted() {
    await depositAll(beacon, keys.slice(0, SEATS));
    await openShards(beacon, 1);
    await passGenesis(beacon);
    const everybody = new Voters(beacon, keys);
    await passToEpoch(beacon, 2);
    await everybody.justify(1);
    await passToEpoch(beacon, 3);
    const genuine = everybody.source;
    const record = {
      generation: 0,
      firstBlock: 1,
      lastBlock: 3,
      blocksRoot: random.bytes(32),
      stateRoot: random.bytes(32),
    };
    const vote = await everybody.vote(2, { absent: ABSENT, changes: [{ position: 0, shardId: 1, record }] });
    // Not at the beginning of the epoch, so that the next one's vote comes before it is too late for these.
    await beacon.networkHelpers.time.increase(beacon.parameters.secondsPerSlot);
    await beacon.anchors.submit(vote.struct);
    everybody.source = vote.target;
    const time = await beacon.networkHelpers.time.latest();
    return { everybody, genuine, vote, time, crosslink: everybody.crosslinks.get(0)! };
  }

  async function load() {
    const state = await beacon.networkHelpers.loadFixture(accepted);
    [voters, source, target] = [new Voters(beacon, keys), state.genuine, state.vote.target];
    voters.source = target;
    [digest, acceptedAt] = [state.vote.digest, state.time];
    return state;
  }

  const bits = (...seats: number[]) => (seats.length === 0 ? new Uint8Array() : bitsFrom(seats, SEATS));
  const sign = (seats: readonly number[], message = digest) =>
    voters.sign(
      seats.map((seat) => keys[seat] as KeyPair),
      message,
    );

  /** The votes of these seats, while those are absent. */
  function votesOf(added: readonly number[], absent: readonly number[]): Supplement {
    return {
      targetEpoch: 2,
      sourceEpoch: 1,
      sourceRoot: voters.root(source),
      entriesRoot: paddedTreeRoot(beacon.crypto, target.entries),
      rewardsRoot: ZERO_HASH,
      absent: bits(...absent),
      added: bits(...added),
      signature: sign(added),
    };
  }

  describe("that are good", () => {
    beforeEach(load);

    it("are added one after the other, from whoever brings them, until nobody is absent", async () => {
      const { anchors, registry, stranger } = beacon;
      expect((await anchors.checkpoint(2)).commitment).to.equal(voters.commitment(target, bits(...ABSENT)));
      const before = [await anchors.finality(), await registry.mixAsOf(3)];
      const acceptance = async () => (await anchors.checkpoint(2)).slice(1);
      const accepted = await acceptance();

      const transaction = await anchors.supplement(votesOf([5, 11], ABSENT));
      await expect(transaction)
        .to.emit(anchors, "VotesSupplemented")
        .withArgs(2, toHex(bits(5, 11)), toHex(beacon.crypto.keccak256(bits(1, 9))));
      expect((await anchors.checkpoint(2)).commitment).to.equal(voters.commitment(target, bits(1, 9)));
      console.log(`      gas: supplement of 2 seats ${(await transaction.wait())?.gasUsed}`);

      await anchors.connect(stranger).supplement(votesOf([1], [1, 9]));
      expect((await anchors.checkpoint(2)).commitment).to.equal(voters.commitment(target, bits(9)));
      await expect(anchors.supplement(votesOf([9], [9])))
        .to.emit(anchors, "VotesSupplemented")
        .withArgs(2, toHex(bits(9)), ZeroHash);
      expect((await anchors.checkpoint(2)).commitment).to.equal(voters.commitment(target));

      // Nothing else is different.
      expect([await anchors.finality(), await registry.mixAsOf(3)]).to.deep.equal(before);
      expect(await acceptance()).to.deep.equal(accepted);
    });

    it("do not keep the next checkpoint from being built on theirs, nor come too late for that", async () => {
      const { anchors } = beacon;
      await passToEpoch(beacon, 4);
      await anchors.supplement(votesOf([1], ABSENT));
      await voters.justify(3);
      expect(await anchors.finality()).to.deep.equal([3n, 2n, 0n]);
      // It is final by now.
      await anchors.supplement(votesOf([5, 9], [5, 9, 11]));
      expect((await anchors.checkpoint(2)).commitment).to.equal(voters.commitment(target, bits(11)));
    });

    it("are taken for an epoch's time after acceptance", async () => {
      const { anchors, networkHelpers, parameters } = beacon;
      const deadline = acceptedAt + parameters.slotsPerEpoch * parameters.secondsPerSlot;
      await networkHelpers.time.setNextBlockTimestamp(deadline - 1);
      await anchors.supplement(votesOf([1], ABSENT));
      await networkHelpers.time.setNextBlockTimestamp(deadline);
      await expect(anchors.supplement(votesOf([5], [5, 9, 11])))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_SupplementTooLate")
        .withArgs(2, deadline);
    });

    it("are part of what opens the checkpoint for readers once it has settled", async () => {
      const { anchors } = beacon;
      const { crosslink } = await load();
      await anchors.supplement(votesOf([5, 11], ABSENT));
      await passToEpoch(beacon, 4);
      await voters.justify(3);
      await passToEpoch(beacon, 6);
      await anchors.settle(2);
      expect((await anchors.finality()).settled).to.equal(2);
      await anchors.verifyCrosslink(voters.proof(target, 0, crosslink, bits(1, 9)));
      await expect(
        anchors.verifyCrosslink(voters.proof(target, 0, crosslink, bits(...ABSENT))),
      ).to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_WrongCrosslink");
      // And nothing changes any more.
      await expect(anchors.supplement(votesOf([1], [1, 9]))).to.be.revertedWithCustomError(
        anchors,
        "CrosslinkAnchors_SupplementTooLate",
      );
    });

    it("cannot be added to the genesis checkpoint", async () => {
      const { anchors, crypto } = beacon;
      const genesis = new Voters(beacon, keys).source;
      await expect(
        anchors.supplement({
          ...votesOf([1], ABSENT),
          targetEpoch: 0,
          sourceEpoch: 0,
          sourceRoot: ZERO_HASH,
          entriesRoot: paddedTreeRoot(crypto, genesis.entries),
          absent: bits(),
          added: bits(),
        }),
      ).to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_SupplementTooLate");
    });
  });

  describe("that are bad", () => {
    before(load);

    const wrongCheckpoint = (epoch: number): Refusal => [
      "CrosslinkAnchors_WrongCheckpoint",
      ANY,
      // What the contract keeps of that epoch; the genesis checkpoint's is another test's.
      epoch === 2 ? voters.commitment(target, bits(...ABSENT)) : ZERO_HASH,
    ];
    const opening = (name: string, change: Row["change"]): Row => ({
      name,
      change,
      refusal: ({ targetEpoch }) => wrongCheckpoint(targetEpoch),
    });
    const notAbsent = (name: string, added: () => Uint8Array): Row => ({
      name,
      change: () => ({ added: added() }),
      refusal: ["CrosslinkAnchors_NotAbsent"],
    });
    const unsigned = (name: string, signature: () => Uint8Array): Row => ({
      name,
      change: () => ({ signature: signature() }),
      refusal: ["CrosslinkAnchors_InvalidSignature"],
    });
    const badPoint = (name: string, signature: (good: Supplement) => Uint8Array): Row => ({
      name,
      change: (good) => ({ signature: signature(good) }),
      refusal: ["Bls_PrecompileFailed", PAIRING_CHECK],
    });
    const voteWith = (overrides: Partial<Vote>, domain = beacon.domain) =>
      voteDigest(beacon.crypto, domain, {
        sourceEpoch: 1,
        sourceRoot: voters.root(source),
        targetEpoch: 2,
        targetRoot: voters.root(target),
        ...overrides,
      });

    const rows: readonly Row[] = [
      opening("an epoch without a checkpoint", () => ({ targetEpoch: 3 })),
      opening("an epoch that will never be", () => ({ targetEpoch: Number.MAX_SAFE_INTEGER })),
      opening("another source epoch", () => ({ sourceEpoch: 0 })),
      opening("another source", () => ({ sourceRoot: new Voters(beacon, keys).root() })),
      opening("other entries", () => ({ entriesRoot: paddedTreeRoot(beacon.crypto, source.entries) })),
      opening("other rewards", () => ({ rewardsRoot: random.bytes(32) })),
      opening("nobody absent", () => ({ absent: new Uint8Array() })),
      opening("fewer absent", () => ({ absent: bits(5, 9, 11) })),
      opening("more absent", () => ({ absent: bits(...ABSENT, 2) })),
      opening("the absent in a longer bitmap", () => ({ absent: bitsFrom(ABSENT, 24) })),

      notAbsent("a seat that voted already", () => bits(2)),
      notAbsent("a seat that voted already beside those", () => bits(5, 6, 9)),
      notAbsent("all seats", () => bits(...keys.slice(0, SEATS).keys())),
      notAbsent("a seat that is not there", () => bitsFrom([12], 16)),
      notAbsent("nobody", () => new Uint8Array()),
      notAbsent("a bitmap cut off", () => bits(5).subarray(0, 1)),
      notAbsent("a longer bitmap", () => bitsFrom([5, 9], 24)),
      {
        name: "an empty bitmap",
        change: () => ({ added: new Uint8Array(2) }),
        refusal: ["AbsentSeats_Empty"],
      },

      unsigned("the signature of one of them", () => sign([5])),
      unsigned("the signature of others with them", () => sign([1, 5, 9])),
      unsigned("the signature of others", () => sign([1, 11])),
      unsigned("the signature of those who voted in time", () => sign([0, 2, 3, 4, 6, 7, 8, 10])),
      unsigned("nobody's signature", () => INFINITY_G2),
      unsigned("a vote for another checkpoint", () => sign([5, 9], voteWith({ targetRoot: random.bytes(32) }))),
      unsigned("a vote from another source", () => sign([5, 9], voteWith({ sourceRoot: random.bytes(32) }))),
      unsigned("a vote from an earlier source", () => sign([5, 9], voteWith({ sourceEpoch: 0 }))),
      unsigned("a vote of another epoch", () => sign([5, 9], voteWith({ targetEpoch: 3 }))),
      unsigned("a vote of another chain", () => {
        const { crypto, domain } = beacon;
        return sign([5, 9], voteWith({}, createDomain(crypto, domain.parentChainId + 1n, domain.registry)));
      }),
      unsigned("a vote of another contract", () => {
        const { crypto, domain } = beacon;
        return sign([5, 9], voteWith({}, createDomain(crypto, domain.parentChainId, new Uint8Array(20).fill(0xc0))));
      }),
      unsigned("a proposal", () => sign([5, 9], proposalDigest(beacon.crypto, beacon.domain, 2, voters.root(target)))),
      unsigned("a reveal", () => sign([5, 9], randaoRevealDigest(beacon.crypto, beacon.domain, 2))),
      unsigned("an answer to the roll", () => sign([5, 9], rollAnswerDigest(beacon.crypto, beacon.domain, 2))),
      unsigned("a proof of possession", () => {
        const { bls } = beacon.crypto;
        const secretKey = bls.sumSecretKeys([5, 9].map((seat) => (keys[seat] as KeyPair).secretKey));
        return bls.decompressG2(bls.sign(secretKey, digest, POSSESSION_TAG));
      }),

      ...[0, 96, 255, 257, 512].map(
        (length): Row => ({
          name: `a signature of ${length} bytes`,
          change: () => ({ signature: random.bytes(length) }),
          refusal: ["CrosslinkAnchors_SignatureLength", length],
        }),
      ),
      badPoint("a point off the curve", () => OFF_CURVE_G2),
      badPoint("a point outside the subgroup", () => OFF_SUBGROUP_G2),
      badPoint("a coordinate that is not below the modulus", ({ signature }) => nonCanonical(signature)),
    ];

    refusesEach<Supplement>({
      beacon: () => beacon,
      good: () => votesOf([5, 9], ABSENT),
      transaction: (votes) => ({
        to: beacon.anchors,
        data: beacon.anchors.interface.encodeFunctionData("supplement", [votes]),
      }),
      rows,
    });

    it("leave the good ones to be taken, once", async () => {
      const { anchors, crypto } = beacon;
      const votes = votesOf([5, 9], ABSENT);
      await anchors.supplement(votes);
      const kept = checkpointCommitment(crypto, voters.root(target), crypto.keccak256(bits(1, 11)));
      await expect(anchors.supplement(votes))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_WrongCheckpoint")
        .withArgs(voters.commitment(target, bits(...ABSENT)), toHex(kept));
    });
  });
});
