import { expect } from "chai";
import { bitsFrom } from "../../protocol/bits.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { CheckpointSubmissionStruct } from "../../types/beacon/ICrosslinkAnchors.ts";
import {
  type Beacon,
  deployBeacon,
  depositAll,
  futureProposer,
  type KeyPair,
  newKeys,
  passGenesis,
  passToEpoch,
} from "../support/beacon.ts";
import { Voters } from "../support/checkpoints.ts";
import { SeededRandom } from "../support/random.ts";

const SEATS = 9;

/** Nine seats, so that a quorum is exactly two thirds. */
describe("CrosslinkAnchors: finality under trouble", () => {
  let beacon: Beacon;
  let keys: KeyPair[];
  let random: SeededRandom;
  let voters: Voters;

  before(async () => {
    beacon = await deployBeacon();
    random = new SeededRandom();
    keys = newKeys(beacon.crypto, SEATS + 4, random);
  });

  async function launched() {
    await depositAll(beacon, keys.slice(0, SEATS));
    await passGenesis(beacon);
  }

  beforeEach(async () => {
    await beacon.networkHelpers.loadFixture(launched);
    voters = new Voters(beacon, keys);
  });

  async function finality(): Promise<number[]> {
    return (await beacon.anchors.finality()).map(Number);
  }

  /** The votes of epochs 1 to 3, each from the one before it. */
  async function chainOfThree() {
    const structs: CheckpointSubmissionStruct[] = [];
    for (const epoch of [1, 2, 3]) {
      const { struct, target } = await voters.vote(epoch);
      structs.push(struct);
      voters.source = target;
    }
    return structs as [CheckpointSubmissionStruct, CheckpointSubmissionStruct, CheckpointSubmissionStruct];
  }

  it("keeps time and block of every acceptance, wherever in a slot of three its epoch lies and whatever is skipped", async () => {
    const { anchors, ethers } = beacon;
    const accepted = new Map<number, { timestamp: number; number: number }>();
    for (const epoch of [1, 2, 3, 5, 6, 7, 11, 13, 18, 19]) {
      await passToEpoch(beacon, epoch + 1);
      const { struct, target } = await voters.vote(epoch);
      const { blockNumber } = (await (await anchors.submit(struct)).wait()) as { blockNumber: number };
      voters.source = target;
      accepted.set(epoch, (await ethers.provider.getBlock(blockNumber)) as { timestamp: number; number: number });
      for (const [past, block] of accepted) {
        const { acceptedAt, acceptedBlock } = await anchors.checkpoint(past);
        expect([Number(acceptedAt), Number(acceptedBlock)]).to.deep.equal([block.timestamp, block.number]);
      }
    }
    expect((await anchors.checkpoint(4)).acceptedAt).to.equal(0);
  });

  describe("competing and late votes", () => {
    it("takes the first of two checkpoints of one epoch, whoever comes second", async () => {
      const { anchors } = beacon;
      await passToEpoch(beacon, 2);
      const one = await voters.vote(1);
      const other = await voters.vote(1, { rewardsRoot: random.bytes(32) });
      for (const [first, second] of [
        [one, other],
        [other, one],
      ] as const) {
        const before = await beacon.networkHelpers.takeSnapshot();
        await anchors.submit(first.struct);
        const accepted = await anchors.checkpoint(1);
        expect(accepted.commitment).to.equal(voters.commitment(first.target));
        for (const refused of [second.struct, first.struct]) {
          await expect(anchors.submit(refused))
            .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NotLatestJustified")
            .withArgs(0, 1);
        }
        expect(await anchors.checkpoint(1)).to.deep.equal(accepted);
        await before.restore();
      }
    });

    it("does not build on the checkpoint that was not taken", async () => {
      const { anchors } = beacon;
      await passToEpoch(beacon, 3);
      const genesis = voters.source;
      const { target: other } = await voters.vote(1, { rewardsRoot: random.bytes(32) });
      voters.source = other;
      const onOther = await voters.vote(2);
      voters.source = genesis;
      await voters.justify(1);
      await expect(anchors.submit(onOther.struct)).to.be.revertedWithCustomError(
        anchors,
        "CrosslinkAnchors_WrongSource",
      );
      // Its source opened as the accepted one: then it is not what was signed.
      const { struct } = await voters.vote(2);
      const { signature } = onOther.struct;
      await expect(anchors.submit({ ...struct, signature })).to.be.revertedWithCustomError(
        anchors,
        "CrosslinkAnchors_InvalidSignature",
      );
    });

    it("passes over epochs without a checkpoint", async () => {
      const { anchors } = beacon;
      for (const epoch of [1, 4, 5, 7, 8]) {
        await passToEpoch(beacon, epoch + 1);
        await voters.justify(epoch);
      }
      expect(await finality()).to.deep.equal([8, 7, 0]);
      const line = await Promise.all([0, 1, 4, 5, 7, 8].map((epoch) => anchors.checkpoint(epoch)));
      expect(line.map(({ sourceEpoch }) => Number(sourceEpoch))).to.deep.equal([0, 0, 1, 4, 5, 7]);
      expect(line.map(({ nextEpoch }) => Number(nextEpoch))).to.deep.equal([1, 4, 5, 7, 8, 0]);
      await passToEpoch(beacon, 12);
      // With 7 its ancestors, which no link to the next epoch finalised.
      await anchors.settle(9);
      expect(await finality()).to.deep.equal([8, 7, 7]);
    });

    it("takes the vote of an epoch up to the last block that it may, and finalises by it", async () => {
      const { anchors, networkHelpers, parameters } = beacon;
      const { secondsPerSlot, slotsPerEpoch, submitEpochs } = parameters;
      await passToEpoch(beacon, 4);
      const [first, second, third] = await chainOfThree();
      await anchors.submit(first);
      const end = Number(await beacon.registry.genesisTime()) + (3 + submitEpochs) * secondsPerSlot * slotsPerEpoch;
      await networkHelpers.time.setNextBlockTimestamp(end - 1);
      await anchors.submit(second);
      expect(await finality()).to.deep.equal([2, 1, 0]);
      const before = await networkHelpers.takeSnapshot();
      // A whole epoch later than the second, so as late as that was.
      await networkHelpers.time.setNextBlockTimestamp(end + secondsPerSlot * slotsPerEpoch - 1);
      await anchors.submit(third);
      expect(await finality()).to.deep.equal([3, 2, 0]);
      await before.restore();
      await networkHelpers.time.increaseTo(end + secondsPerSlot * slotsPerEpoch);
      await expect(anchors.submit(third))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_TooLate")
        .withArgs(3, 8);
    });

    it("takes the same votes again, in order, after a reorg of the parent chain took them back", async () => {
      const { anchors, networkHelpers } = beacon;
      await passToEpoch(beacon, 4);
      const structs = await chainOfThree();
      const before = await networkHelpers.takeSnapshot();
      for (const struct of structs) await anchors.submit(struct);
      const commitments = await Promise.all(
        [1, 2, 3].map(async (epoch) => (await anchors.checkpoint(epoch)).commitment),
      );
      expect(await finality()).to.deep.equal([3, 2, 0]);

      await before.restore();
      expect(await finality()).to.deep.equal([0, 0, 0]);
      // Later than the first time, and not in order at first.
      await passToEpoch(beacon, 5);
      for (const [i, struct] of structs.entries()) {
        for (const early of structs.slice(i + 1)) {
          await expect(anchors.submit(early))
            .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NotLatestJustified")
            .withArgs(early.sourceEpoch, i);
        }
        await anchors.submit(struct);
      }
      expect(await finality()).to.deep.equal([3, 2, 0]);
      expect(
        await Promise.all([1, 2, 3].map(async (epoch) => (await anchors.checkpoint(epoch)).commitment)),
      ).to.deep.equal(commitments);
    });
  });

  describe("quorum", () => {
    it("is two thirds and not one seat fewer", async () => {
      const { anchors } = beacon;
      await passToEpoch(beacon, 2);
      const { struct: fewer } = await voters.vote(1, { absent: [1, 2, 3, 5] });
      await expect(anchors.submit(fewer))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NoQuorum")
        .withArgs(5, SEATS);
      await expect(voters.justify(1, { absent: [1, 2, 5] })).to.emit(anchors, "CheckpointAccepted");
    });

    it("is that of the target's epoch, with its keys and seats, when the set has grown since", async () => {
      const { anchors, registry, networkHelpers } = beacon;
      await depositAll(beacon, keys.slice(SEATS));
      expect(await registry.seatCount(1)).to.equal(SEATS);
      await passToEpoch(beacon, 4);
      // Epoch 2 has four more; the vote of epoch 1 comes after that.
      expect(await registry.seatCount(2)).to.equal(SEATS + 4);
      const { struct, digest } = await voters.vote(1);
      await expect(
        anchors.submit({ ...struct, signature: toHex(voters.sign(keys, digest)) }),
      ).to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_InvalidSignature");
      // A seat that epoch 1 does not have cannot be absent in it, neither in a longer bitmap nor in the padding.
      await expect(
        anchors.submit({ ...struct, absent: toHex(bitsFrom([16], SEATS + 8)) }),
      ).to.be.revertedWithCustomError(registry, "AbsentSeats_Length");
      await expect(
        anchors.submit({ ...struct, absent: toHex(bitsFrom([SEATS], SEATS + 4)) }),
      ).to.be.revertedWithCustomError(registry, "AbsentSeats_Padding");

      const before = await networkHelpers.takeSnapshot();
      // Six of nine are enough, though there are thirteen by now.
      await expect(voters.justify(1, { absent: [0, 1, 2] })).to.emit(anchors, "CheckpointAccepted");
      await before.restore();
      // And of the thirteen of epoch 2 six are not.
      voters = new Voters(beacon, keys);
      await voters.justify(1);
      const { struct: fewer } = await voters.vote(2, { absent: [0, 1, 2, 3, 4] });
      await expect(anchors.submit(fewer))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NoQuorum")
        .withArgs(8, SEATS + 4);
      await expect(voters.justify(2, { absent: [0, 1, 2, 3] }))
        .to.emit(anchors, "CheckpointFinalized")
        .withArgs(1);
    });
  });

  describe("a set that has shrunk", () => {
    it("leaves the vote of an earlier epoch to those who sat in it", async () => {
      const { anchors, staking, stranger, registry } = beacon;
      const proposer = await futureProposer(beacon, 2);
      const others = keys.map((_, seat) => seat).filter((seat) => seat < SEATS && seat !== proposer);
      const [left, absent] = [others.slice(0, 4), others.slice(4, 7)];
      for (const seat of left) await staking.connect(stranger).exit(seat + 1);
      await passToEpoch(beacon, 4);
      const occupied = await Promise.all([1, 2].map((epoch) => registry.occupiedCount(epoch)));
      expect(occupied).to.deep.equal([9n, 5n]);

      // Five of nine are no quorum of epoch 1, though they are everybody by now.
      const { struct: remaining } = await voters.vote(1, { absent: left });
      await expect(anchors.submit(remaining))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NoQuorum")
        .withArgs(5, 9);
      // Those who have left since are as good as others.
      await voters.justify(1, { absent });
      const { struct: vacant } = await voters.vote(2, { vacant: left, absent });
      await expect(anchors.submit(vacant))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NoQuorum")
        .withArgs(2, 5);
      // A vacant seat is absent by itself.
      const { struct: listed } = await voters.vote(2, { absent: left.slice(0, 1) });
      await expect(anchors.submit(listed))
        .to.be.revertedWithCustomError(registry, "AbsentSeats_Vacant")
        .withArgs(left[0]);
      await voters.justify(2, { vacant: left, absent: absent.slice(1, 2) });
      expect(await finality()).to.deep.equal([2, 1, 0]);
    });
  });

  describe("settlement", () => {
    it("waits for parent time, however many blocks there are", async () => {
      const { anchors, networkHelpers, parameters } = beacon;
      const { challengeEpochs, challengeBlocks, slotsPerEpoch, secondsPerSlot } = parameters;
      await passToEpoch(beacon, 3);
      await voters.justify(1);
      const acceptedAt = await networkHelpers.time.latest();
      await voters.justify(2);
      await networkHelpers.mine(10 * challengeBlocks);
      expect(await anchors.settle.staticCall(9, { blockTag: "latest" })).to.equal(0);
      await networkHelpers.time.increaseTo(acceptedAt + challengeEpochs * slotsPerEpoch * secondsPerSlot - 1);
      expect(await anchors.settle.staticCall(9, { blockTag: "latest" })).to.equal(0);
      await networkHelpers.time.increase(1);
      expect(await anchors.settle.staticCall(9, { blockTag: "latest" })).to.equal(1);
    });

    it("takes many at once, as many as are asked for", async () => {
      const { anchors } = beacon;
      for (let epoch = 1; epoch <= 8; epoch++) {
        await passToEpoch(beacon, epoch + 1);
        await voters.justify(epoch);
      }
      await passToEpoch(beacon, 11);
      for (const settled of [3, 6, 7]) {
        await anchors.settle(3);
        expect(await finality()).to.deep.equal([8, 7, settled]);
      }
    });
  });
});
