import { expect } from "chai";
import { MaxUint256, ZeroHash } from "ethers";
import { bitsFrom } from "../../protocol/bits.ts";
import { concat, toHex } from "../../protocol/bytes.ts";
import { rollAnswerDigest } from "../../protocol/vote.ts";
import {
  type Beacon,
  deployBeacon,
  depositAll,
  type KeyPair,
  newKeys,
  passGenesis,
  passToEpoch,
} from "../support/beacon.ts";
import { Voters } from "../support/checkpoints.ts";
import { SeededRandom } from "../support/random.ts";

const SEATS = 10;
/** 40 % of the seats: without them no vote has two thirds. */
const VANISHED = [1, 4, 5, 8];
const THERE = [0, 2, 3, 6, 7, 9];

/** Of `RollStatus`, in its order. */
const Status = { None: 0, Answering: 1, Ejecting: 2, Done: 3, Cancelled: 4, Expired: 5 } as const;

describe("RollCall", () => {
  let beacon: Beacon;
  let keys: KeyPair[];
  let random: SeededRandom;
  let voters: Voters;
  let genesisTime: number;
  let epochSeconds: number;
  let inactivitySeconds: number;
  let answerSeconds: number;
  /** challengeBlocks for challengeEpochs, so that many for rollCallEpochs. */
  let answerBlocks: number;

  before(async () => {
    beacon = await deployBeacon();
    random = new SeededRandom();
    keys = newKeys(beacon.crypto, SEATS + 4, random);
    const { secondsPerSlot, slotsPerEpoch, inactivityEpochs, rollCallEpochs, challengeBlocks, challengeEpochs } =
      beacon.parameters;
    epochSeconds = secondsPerSlot * slotsPerEpoch;
    inactivitySeconds = inactivityEpochs * epochSeconds;
    answerSeconds = rollCallEpochs * epochSeconds;
    answerBlocks = (challengeBlocks * rollCallEpochs) / challengeEpochs;
  });

  async function launched(): Promise<number> {
    await depositAll(beacon, keys.slice(0, SEATS));
    return passGenesis(beacon);
  }

  /** The roll was called at the first moment, in epoch 16. */
  async function called(): Promise<void> {
    const time = await beacon.networkHelpers.loadFixture(launched);
    await beacon.networkHelpers.time.setNextBlockTimestamp(time + inactivitySeconds);
    await beacon.rollCall.call();
  }

  beforeEach(async () => {
    genesisTime = await beacon.networkHelpers.loadFixture(launched);
    voters = new Voters(beacon, keys);
  });

  /** An answer of these seats to the roll of that epoch: what `answer` takes. */
  function answerOf(seats: readonly number[], epoch: number, seatCount = SEATS): [seats: string, signature: string] {
    const signers = seats.map((seat) => keys[seat] as KeyPair);
    const signature = voters.sign(signers, rollAnswerDigest(beacon.crypto, beacon.domain, epoch));
    return [toHex(bitsFrom(seats, seatCount)), toHex(signature)];
  }

  async function passAnswering(): Promise<void> {
    const { calledAt, calledBlock } = await beacon.rollCall.roll();
    const { networkHelpers, ethers } = beacon;
    const blocks = Number(calledBlock) + answerBlocks - (await ethers.provider.getBlockNumber());
    if (blocks > 0) await networkHelpers.mine(blocks);
    await networkHelpers.time.increaseTo(Number(calledAt) + answerSeconds);
  }

  async function status(): Promise<number> {
    return Number(await beacon.rollCall.status());
  }

  describe("call", () => {
    it("waits for genesis and the inactivity period after it", async () => {
      const { rollCall, networkHelpers } = beacon;
      const fresh = await deployBeacon();
      expect(await fresh.rollCall.callableAt()).to.equal(MaxUint256);
      await expect(fresh.rollCall.call()).to.be.revertedWithCustomError(fresh.rollCall, "RollCall_TooEarly");

      expect(await status()).to.equal(Status.None);
      const callableAt = genesisTime + inactivitySeconds;
      expect(await rollCall.callableAt()).to.equal(callableAt);
      await networkHelpers.time.setNextBlockTimestamp(callableAt - 1);
      await expect(rollCall.call())
        .to.be.revertedWithCustomError(rollCall, "RollCall_TooEarly")
        .withArgs(callableAt - 1, callableAt);
      await networkHelpers.time.setNextBlockTimestamp(callableAt);
      await expect(rollCall.connect(beacon.stranger).call()).to.emit(rollCall, "RollCalled").withArgs(16, 0, 1);
      const block = await beacon.ethers.provider.getBlock("latest");
      expect(await rollCall.roll()).to.deep.equal([16n, 0n, BigInt(callableAt), BigInt(block!.number), 1n, 0n]);
      expect(await status()).to.equal(Status.Answering);
    });

    it("waits for the inactivity period after the last acceptance, however old the vote was", async () => {
      const { rollCall, networkHelpers } = beacon;
      await passToEpoch(beacon, 5);
      await voters.justify(1);
      const acceptedAt = await networkHelpers.time.latest();
      expect(await rollCall.callableAt()).to.equal(acceptedAt + inactivitySeconds);
      await passToEpoch(beacon, 20);
      await expect(rollCall.call()).to.be.revertedWithCustomError(rollCall, "RollCall_TooEarly");
      await networkHelpers.time.increaseTo(acceptedAt + inactivitySeconds);
      await expect(rollCall.call()).to.emit(rollCall, "RollCalled").withArgs(21, 1, 1);
    });

    it("does not put a roll in the place of one that is under way", async () => {
      const { rollCall, networkHelpers } = beacon;
      await networkHelpers.loadFixture(called);
      const { calledAt } = await rollCall.roll();
      const expiry = Number(calledAt) + answerSeconds + inactivitySeconds;
      for (const time of [Number(calledAt) + 1, Number(calledAt) + inactivitySeconds, expiry - 1]) {
        await networkHelpers.time.setNextBlockTimestamp(time);
        await expect(rollCall.call())
          .to.be.revertedWithCustomError(rollCall, "RollCall_TooEarly")
          .withArgs(time, expiry);
      }
      await networkHelpers.time.setNextBlockTimestamp(expiry);
      await expect(rollCall.call()).to.emit(rollCall, "RollCalled").withArgs(36, 0, 1);
      expect(await status()).to.equal(Status.Answering);
    });
  });

  describe("answers", () => {
    let epoch: number;

    beforeEach(async () => {
      await beacon.networkHelpers.loadFixture(called);
      epoch = Number((await beacon.rollCall.roll()).epoch);
    });

    it("of several owners add up, from whoever brings them", async () => {
      const { rollCall, stranger } = beacon;
      const one = answerOf([0, 9], epoch);
      const transaction = await rollCall.answer(...one);
      await expect(transaction).to.emit(rollCall, "RollAnswered").withArgs(epoch, one[0]);
      expect(await rollCall.answers(epoch, 0)).to.equal(`0x0102${"00".repeat(30)}`);
      // Again, with others, and for a part of those who signed before.
      await rollCall.connect(stranger).answer(...answerOf([0, 3, 9], epoch));
      await rollCall.connect(stranger).answer(...answerOf([9], epoch));
      await rollCall.answer(...answerOf([2, 6], epoch));
      expect(await rollCall.answers(epoch, 0)).to.equal(`0x4d02${"00".repeat(30)}`);
      // Of this roll alone.
      expect(await rollCall.answers(epoch + 1, 0)).to.equal(ZeroHash);
      expect(await status()).to.equal(Status.Answering);
      console.log(`      gas: answer of 2 seats ${(await transaction.wait())?.gasUsed}`);
    });

    it("are taken until their time has passed, by the clock and in blocks", async () => {
      const { rollCall, networkHelpers, ethers } = beacon;
      const { calledAt, calledBlock } = await rollCall.roll();
      const late = answerOf([0], epoch);
      const before = await networkHelpers.takeSnapshot();
      // The clock stands before the end, however many blocks there are.
      await networkHelpers.mine(3 * answerBlocks);
      await networkHelpers.time.setNextBlockTimestamp(Number(calledAt) + answerSeconds - 1);
      await rollCall.answer(...late);
      await networkHelpers.mine();
      await expect(rollCall.answer(...late))
        .to.be.revertedWithCustomError(rollCall, "RollCall_NotAnswering")
        .withArgs(Status.Ejecting);
      await before.restore();
      // A parent chain that stood still.
      await networkHelpers.time.increaseTo(Number(calledAt) + answerSeconds);
      const missing = Number(calledBlock) + answerBlocks - (await ethers.provider.getBlockNumber());
      expect(missing).to.be.greaterThan(2);
      await networkHelpers.mine(missing - 2);
      await expect(rollCall.eject(0)).to.be.revertedWithCustomError(rollCall, "RollCall_NotEjecting");
      await networkHelpers.mine();
      await expect(rollCall.answer(...late)).to.be.revertedWithCustomError(rollCall, "RollCall_NotAnswering");
    });

    it("are for a roll that was called", async () => {
      await beacon.networkHelpers.loadFixture(launched);
      const { rollCall } = beacon;
      await expect(rollCall.answer(...answerOf([0], 0)))
        .to.be.revertedWithCustomError(rollCall, "RollCall_NotAnswering")
        .withArgs(Status.None);
      await expect(rollCall.eject(0))
        .to.be.revertedWithCustomError(rollCall, "RollCall_NotEjecting")
        .withArgs(Status.None);
    });
  });

  describe("a checkpoint", () => {
    it("cancels the roll while it is answered and while seats are ejected", async () => {
      const { rollCall, staking, networkHelpers } = beacon;
      await networkHelpers.loadFixture(called);
      const epoch = Number((await rollCall.roll()).epoch);
      for (const isAnswering of [true, false]) {
        const before = await networkHelpers.takeSnapshot();
        if (!isAnswering) await passAnswering();
        expect(await status()).to.equal(isAnswering ? Status.Answering : Status.Ejecting);
        voters = new Voters(beacon, keys);
        await passToEpoch(beacon, 21);
        await voters.justify(20);
        expect(await status()).to.equal(Status.Cancelled);
        await expect(rollCall.answer(...answerOf([0], epoch)))
          .to.be.revertedWithCustomError(rollCall, "RollCall_NotAnswering")
          .withArgs(Status.Cancelled);
        await expect(rollCall.eject(0))
          .to.be.revertedWithCustomError(rollCall, "RollCall_NotEjecting")
          .withArgs(Status.Cancelled);
        expect((await staking.stakeOf(1)).amount).to.equal(beacon.parameters.stake);
        // The next one has to wait for another inactivity period.
        const acceptedAt = await networkHelpers.time.latest();
        expect(await rollCall.callableAt()).to.be.within(
          acceptedAt + inactivitySeconds - 3,
          acceptedAt + inactivitySeconds,
        );
        await networkHelpers.time.increaseTo(acceptedAt + inactivitySeconds);
        await expect(rollCall.call()).to.emit(rollCall, "RollCalled");
        await before.restore();
      }
    });
  });

  describe("ejection", () => {
    it("vacates the seats that did not answer, once, when the time to answer is over", async () => {
      const { rollCall, registry, staking, stranger, networkHelpers } = beacon;
      await networkHelpers.loadFixture(called);
      await rollCall.answer(...answerOf(THERE, 16));
      await expect(rollCall.eject(0))
        .to.be.revertedWithCustomError(rollCall, "RollCall_NotEjecting")
        .withArgs(Status.Answering);
      await passAnswering();
      expect(await status()).to.equal(Status.Ejecting);
      await expect(rollCall.eject(1)).to.be.revertedWithCustomError(rollCall, "RollCall_UnknownGroup").withArgs(1, 1);
      expect(await rollCall.isEjected(16, 0)).to.equal(false);
      const transaction = await rollCall.connect(stranger).eject(0);
      await expect(transaction).to.emit(rollCall, "GroupEjected").withArgs(16, 0, VANISHED.length);
      console.log(`      gas: eject ${VANISHED.length} of ${SEATS} ${(await transaction.wait())?.gasUsed}`);
      expect([await rollCall.isEjected(16, 0), await status()]).to.deep.equal([true, Status.Done]);
      await expect(rollCall.eject(0))
        .to.be.revertedWithCustomError(rollCall, "RollCall_NotEjecting")
        .withArgs(Status.Done);
      await expect(rollCall.answer(...answerOf([1], 16))).to.be.revertedWithCustomError(
        rollCall,
        "RollCall_NotAnswering",
      );

      const { stake } = beacon.parameters;
      const current = Number(await registry.currentEpoch());
      for (let seat = 0; seat < SEATS; seat++) {
        const isGone = VANISHED.includes(seat);
        const { exitEpoch } = await registry.tenure(seat + 1);
        expect(exitEpoch, `seat ${seat}`).to.equal(isGone ? BigInt(current + 2) : 2n ** 64n - 1n);
        expect((await staking.stakeOf(seat + 1)).amount).to.equal(isGone ? stake - stake / 32n : stake);
      }
    });

    it("of everybody's answers takes nobody", async () => {
      const { rollCall, registry } = beacon;
      await beacon.networkHelpers.loadFixture(called);
      await rollCall.answer(...answerOf([...THERE, ...VANISHED], 16));
      await passAnswering();
      await expect(rollCall.eject(0)).to.emit(rollCall, "GroupEjected").withArgs(16, 0, 0);
      await passToEpoch(beacon, 24);
      expect(await registry.occupiedCount(25)).to.equal(SEATS);
      // The next roll waits for the inactivity period after this one.
      const { calledAt } = await rollCall.roll();
      expect(await rollCall.callableAt()).to.equal(Number(calledAt) + inactivitySeconds);
    });

    it("expires when nobody asks for it in the time of another inactivity period", async () => {
      const { rollCall, registry, networkHelpers } = beacon;
      await networkHelpers.loadFixture(called);
      const { calledAt } = await rollCall.roll();
      await networkHelpers.mine(answerBlocks);
      await networkHelpers.time.increaseTo(Number(calledAt) + answerSeconds + inactivitySeconds - 1);
      expect(await rollCall.status({ blockTag: "latest" })).to.equal(Status.Ejecting);
      await networkHelpers.time.increase(1);
      expect(await status()).to.equal(Status.Expired);
      await expect(rollCall.eject(0))
        .to.be.revertedWithCustomError(rollCall, "RollCall_NotEjecting")
        .withArgs(Status.Expired);
      expect(await registry.occupiedCount(await registry.currentEpoch())).to.equal(SEATS);
      await rollCall.call();
      expect(await status()).to.equal(Status.Answering);
    });

    it("judges by the seats of the epoch of the call", async () => {
      const { rollCall, registry, staking, networkHelpers } = beacon;
      // Whoever deposits before the call and sits after it is not asked.
      await passToEpoch(beacon, 15);
      await depositAll(beacon, keys.slice(SEATS));
      await networkHelpers.time.increaseTo(genesisTime + inactivitySeconds);
      await rollCall.call();
      expect([await registry.seatCount(16), await registry.seatCount(17)]).to.deep.equal([10n, 14n]);
      await passToEpoch(beacon, 17);
      await expect(rollCall.answer(...answerOf([...THERE, 12], 16, 14))).to.be.revertedWithCustomError(
        registry,
        "AbsentSeats_Padding",
      );
      await rollCall.answer(...answerOf(THERE, 16));
      await passAnswering();
      await rollCall.eject(0);
      await passToEpoch(beacon, 24);
      expect(await registry.occupiedCount(24)).to.equal(THERE.length + 4);
      expect((await staking.stakeOf(SEATS + 1)).amount).to.equal(beacon.parameters.stake);
    });

    it("lets those go that leave by themselves", async () => {
      const { rollCall, registry, staking, stranger } = beacon;
      const [leaving, gone] = [VANISHED[0] as number, VANISHED[1] as number];
      await passToEpoch(beacon, 15);
      await staking.connect(stranger).exit(leaving + 1);
      const { exitEpoch } = await registry.tenure(leaving + 1);
      await passToEpoch(beacon, 16);
      await rollCall.call();
      await rollCall.answer(...answerOf(THERE, 16));
      await passAnswering();
      await expect(rollCall.eject(0)).to.emit(rollCall, "GroupEjected").withArgs(16, 0, VANISHED.length);
      const { stake } = beacon.parameters;
      expect((await registry.tenure(leaving + 1)).exitEpoch).to.equal(exitEpoch);
      expect((await staking.stakeOf(leaving + 1)).amount).to.equal(stake);
      expect((await staking.stakeOf(gone + 1)).amount).to.equal(stake - stake / 32n);
    });

    it("is asked of those alone who still sit when the roll is called", async () => {
      const { rollCall, registry, staking, stranger } = beacon;
      const [left] = VANISHED as [number];
      await staking.connect(stranger).exit(left + 1);
      await passToEpoch(beacon, 16);
      expect(await registry.occupiedCount(16)).to.equal(SEATS - 1);
      await rollCall.call();
      await expect(rollCall.answer(...answerOf([...THERE, left], 16)))
        .to.be.revertedWithCustomError(registry, "AbsentSeats_Vacant")
        .withArgs(left);
      await passAnswering();
      await expect(rollCall.eject(0))
        .to.emit(rollCall, "GroupEjected")
        .withArgs(16, 0, SEATS - 1);
      expect((await staking.stakeOf(left + 1)).amount).to.equal(beacon.parameters.stake);
    });

    it("brings finality back after 40 % have vanished", async () => {
      const { rollCall, anchors, registry } = beacon;
      await passToEpoch(beacon, 2);
      await voters.justify(1);
      await passToEpoch(beacon, 3);
      await voters.justify(2);
      expect(await anchors.finality()).to.deep.equal([2n, 1n, 0n]);
      // From now on nothing is accepted.
      for (const epoch of [3, 4, 10]) {
        await passToEpoch(beacon, epoch + 1);
        const { struct } = await voters.vote(epoch, { absent: VANISHED });
        await expect(anchors.submit(struct)).to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NoQuorum");
      }
      await passToEpoch(beacon, 20);
      await rollCall.call();
      const epoch = Number((await rollCall.roll()).epoch);
      await rollCall.answer(...answerOf(THERE.slice(0, 3), epoch));
      await rollCall.answer(...answerOf(THERE.slice(3), epoch));
      await passAnswering();
      await rollCall.eject(0);
      const { exitEpoch } = await registry.tenure((VANISHED[0] as number) + 1);
      let next = Number(exitEpoch);
      await passToEpoch(beacon, next);
      expect(await registry.occupiedCount(next)).to.equal(THERE.length);
      // An epoch whose proposer's seat is vacant has no checkpoint.
      for (let accepted = 0; accepted < 3; next++) {
        await passToEpoch(beacon, next + 1);
        if ((await registry.proposer(next)).validator === 0n) {
          accepted = 0;
          continue;
        }
        await expect(voters.justify(next, { vacant: VANISHED })).to.emit(anchors, "CheckpointAccepted");
        accepted++;
      }
      expect(await anchors.finality()).to.deep.equal([BigInt(next - 1), BigInt(next - 2), 0n]);
      expect(await status()).to.equal(Status.Cancelled);
      // Two thirds of those who are left: 4 of 6.
      await passToEpoch(beacon, next + 1);
      const [first, second, third] = THERE as [number, number, number];
      const { struct } = await voters.vote(next, { vacant: VANISHED, absent: [first, second, third] });
      await expect(anchors.submit(struct))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NoQuorum")
        .withArgs(3, THERE.length);
    });
  });
});

/** 300 seats are two groups. */
describe("RollCall: groups of seats", () => {
  const COUNT = 300;

  it("are gone through one by one, in any order", async () => {
    const beacon = await deployBeacon();
    const { rollCall, registry, networkHelpers, crypto, domain } = beacon;
    const keys = newKeys(crypto, COUNT);
    await depositAll(beacon, keys, 60);
    const genesisTime = await passGenesis(beacon);
    const { inactivityEpochs, rollCallEpochs, secondsPerSlot, slotsPerEpoch } = beacon.parameters;
    await networkHelpers.time.increaseTo(genesisTime + inactivityEpochs * slotsPerEpoch * secondsPerSlot);
    await expect(rollCall.call()).to.emit(rollCall, "RollCalled").withArgs(16, 0, 2);

    const passAnswering = async () => {
      await networkHelpers.mine(100);
      await networkHelpers.time.increase(rollCallEpochs * slotsPerEpoch * secondsPerSlot);
    };
    const eject = async (group: number, absent: number) => {
      const transaction = await rollCall.eject(group);
      await expect(transaction).to.emit(rollCall, "GroupEjected").withArgs(16, group, absent);
      console.log(`      gas: eject ${absent} seats of a group ${(await transaction.wait())?.gasUsed}`);
    };
    // A whole group fits into a transaction (EIP-7825), which the network of these tests limits as well.
    const before = await networkHelpers.takeSnapshot();
    await passAnswering();
    await eject(0, 256);
    await before.restore();

    // Two of five are gone, on both sides of the boundary.
    const there = keys.map((_, seat) => seat).filter((seat) => seat % 5 > 1);
    const voters = new Voters(beacon, keys);
    const digest = rollAnswerDigest(crypto, domain, 16);
    for (const part of [there.slice(0, 100), there.slice(90, 170), there.slice(170)]) {
      const signature = voters.sign(
        part.map((seat) => keys[seat] as KeyPair),
        digest,
      );
      const receipt = await (await rollCall.answer(toHex(bitsFrom(part, COUNT)), toHex(signature))).wait();
      console.log(`      gas: answer of ${part.length} of ${COUNT} seats ${receipt?.gasUsed}`);
    }
    const words = await Promise.all([rollCall.answers(16, 0), rollCall.answers(16, 1)]);
    const bitmap = concat(bitsFrom(there, COUNT), new Uint8Array(64 - Math.ceil(COUNT / 8)));
    expect(words).to.deep.equal([toHex(bitmap.subarray(0, 32)), toHex(bitmap.subarray(32))]);

    await passAnswering();
    await expect(rollCall.eject(2)).to.be.revertedWithCustomError(rollCall, "RollCall_UnknownGroup").withArgs(2, 2);
    const absentOf = (group: number) =>
      keys.filter((_, seat) => seat % 5 <= 1 && Math.floor(seat / 256) === group).length;
    for (const group of [1, 0]) {
      expect(await rollCall.status()).to.equal(Status.Ejecting);
      await eject(group, absentOf(group));
      if (group === 1) {
        await expect(rollCall.eject(group))
          .to.be.revertedWithCustomError(rollCall, "RollCall_AlreadyEjected")
          .withArgs(group);
      }
    }
    expect(await rollCall.status()).to.equal(Status.Done);
    const exitEpoch = (await registry.currentEpoch()) + 2n;
    await passToEpoch(beacon, Number(exitEpoch));
    expect(await registry.occupiedCount(exitEpoch)).to.equal(there.length);
    expect(await registry.seatCount(exitEpoch)).to.equal(COUNT);
  });
});
