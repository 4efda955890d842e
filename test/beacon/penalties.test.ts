import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { CallerMock__factory } from "../../types/index.ts";
import {
  type Beacon,
  deployBeacon,
  depositAll,
  type KeyPair,
  newKeys,
  passGenesis,
  passToEpoch,
} from "../support/beacon.ts";
import { asDisputes, asRollCall, asSlashings, BURN_ADDRESS, expectSolvent, statusOf } from "../support/stakes.ts";

const VALIDATORS = 40;

describe("Penalties", () => {
  let beacon: Beacon;
  let keys: KeyPair[];
  let stake: bigint;
  let penalty: bigint;
  let delay: number;
  let delayBlocks: number;
  let window: number;
  let reporter: string;
  const reporters: string[] = [];

  before(async () => {
    beacon = await deployBeacon();
    keys = newKeys(beacon.crypto, VALIDATORS + 2);
    const { parameters, launcher, stranger } = beacon;
    stake = parameters.stake;
    penalty = stake / 32n;
    delay = parameters.withdrawalDelayEpochs;
    delayBlocks = parameters.withdrawalDelayBlocks;
    window = parameters.slashingWindowEpochs;
    reporter = launcher.address;
    reporters.push(launcher.address, stranger.address);
    await depositAll(beacon, keys.slice(0, VALIDATORS));
    await passGenesis(beacon);
    await passToEpoch(beacon, 3);
  });

  async function launched() {}

  beforeEach(() => beacon.networkHelpers.loadFixture(launched));
  afterEach(() => expectSolvent(beacon, reporters));

  const asOwner = () => beacon.staking.connect(beacon.stranger);
  const exitEpochOf = async (validator: number) => Number((await beacon.registry.tenure(validator)).exitEpoch);

  /** Lets everything pass that the validator's stake waits for. */
  async function passToWithdrawal(validator: number): Promise<void> {
    await passToEpoch(beacon, await exitEpochOf(validator));
    await beacon.registry.rollEpochs(100);
    await beacon.networkHelpers.mine(delayBlocks);
    await passToEpoch(beacon, Number((await beacon.staking.withdrawableFrom(validator)).epoch));
  }

  /** It comes back empty, and nothing has changed. */
  async function expectSpared(validator: number): Promise<void> {
    const slashings = await asSlashings(beacon);
    expect(await beacon.staking.isSlashable(validator)).to.equal(false);
    expect(await slashings.slash.staticCall(validator, reporter)).to.equal(0);
    const receipt = await (await slashings.slash(validator, reporter)).wait();
    expect(receipt?.logs).to.deep.equal([]);
  }

  describe("of the slashed", () => {
    it("are a 32nd at once, of which an eighth is the reporter's and the rest nobody's", async () => {
      const { staking, registry, ethers } = beacon;
      const slashings = await asSlashings(beacon);
      expect(await slashings.slash.staticCall(7, reporter)).to.equal(penalty);
      const slash = slashings.slash(7, reporter);
      await expect(slash).to.emit(staking, "ValidatorSlashed").withArgs(7, reporter, penalty);
      await expect(slash)
        .to.emit(staking, "RewardCredited")
        .withArgs(reporter, penalty / 8n);
      await expect(slash)
        .to.emit(staking, "Burnt")
        .withArgs(penalty - penalty / 8n);
      await expect(slash).to.emit(registry, "ValidatorExitScheduled").withArgs(7, 6, 5, 1);
      await expect(slash).to.changeEtherBalance(ethers, BURN_ADDRESS, penalty - penalty / 8n);
      expect((await staking.stakeOf(7)).amount).to.equal(stake - penalty);
      expect(await staking.creditOf(reporter)).to.equal(penalty / 8n);
      expect(await staking.statusOf(7)).to.deep.equal([2n, true]);
      expect(await statusOf(beacon, 7)).to.equal("Exiting");
      // Once.
      await expectSpared(7);
    });

    it("spare whom there is nothing to take from", async () => {
      const { staking } = beacon;
      await depositAll(beacon, keys.slice(VALIDATORS, VALIDATORS + 1));
      await asOwner().exit(2);
      await passToWithdrawal(2);
      await staking.withdraw(2);
      // Nobody, nobody yet, and one that is gone.
      for (const validator of [0, VALIDATORS + 2, 2]) await expectSpared(validator);
      await beacon.networkHelpers.loadFixture(launched);
      await depositAll(beacon, keys.slice(VALIDATORS, VALIDATORS + 1));
      // One that does not sit yet.
      await expectSpared(VALIDATORS + 1);
      await passToEpoch(beacon, 5);
      expect(await staking.isSlashable(VALIDATORS + 1)).to.equal(true);
    });

    it("take nothing before genesis", async () => {
      const other = await deployBeacon();
      await depositAll(other, keys.slice(0, 1));
      expect(await other.staking.isSlashable(1)).to.equal(false);
      expect(await (await asSlashings(other)).slash.staticCall(1, reporter)).to.equal(0);
    });

    it("reach those that leave, whose exit stays where it is", async () => {
      const { staking } = beacon;
      await asOwner().exit(2);
      const exitEpoch = await exitEpochOf(2);
      await (await asSlashings(beacon)).slash(2, reporter);
      expect(await exitEpochOf(2)).to.equal(exitEpoch);
      expect((await staking.withdrawableFrom(2)).epoch).to.equal(exitEpoch + delay);
    });

    it("reach those that have left, up to the last moment, and keep the stake until the rest is known", async () => {
      const { staking } = beacon;
      await asOwner().exit(2);
      await passToWithdrawal(2);
      expect(await statusOf(beacon, 2)).to.equal("Withdrawable");
      const epoch = Number(await beacon.registry.currentEpoch());
      await (await asSlashings(beacon)).slash(2, reporter);
      expect(await statusOf(beacon, 2)).to.equal("Exited");
      expect((await staking.withdrawableFrom(2)).epoch).to.equal(epoch + window + 1);
      await passToEpoch(beacon, epoch + window);
      await expect(staking.withdraw(2))
        .to.be.revertedWithCustomError(staking, "Staking_NotWithdrawable")
        .withArgs(2, epoch + window + 1, epoch + window);
      await passToEpoch(beacon, epoch + window + 1);
      await staking.withdraw(2);
    });

    it("are three times the share that is slashed within the window before and after, at withdrawal", async () => {
      const { staking, stranger, ethers } = beacon;
      const slashings = await asSlashings(beacon);
      // By epoch of the slash. The first one is out of the window of validator 5 by one epoch, as is the last.
      const first = 3;
      const middle = first + window + 1;
      const at: Readonly<Record<number, number>> = {
        1: first,
        2: first + 1,
        3: middle - 1,
        4: middle,
        5: middle,
        6: middle + window,
        7: middle + window + 1,
      };
      for (const [validator, epoch] of Object.entries(at)) {
        if ((await beacon.registry.currentEpoch()) !== BigInt(epoch)) await passToEpoch(beacon, epoch);
        await slashings.slash(Number(validator), reporter);
      }
      const near = (a: number, b: number) => Math.abs(a - b) <= window;
      const occupiedAt = async (epoch: number) => BigInt(await beacon.registry.occupiedCount(epoch));
      for (const [validator, epoch] of Object.entries(at)) {
        const count = Object.values(at).filter((other) => near(epoch, other)).length;
        const expected = (stake * BigInt(3 * count)) / (await occupiedAt(epoch));
        expect(await staking.correlationPenalty(validator), `validator ${validator}`).to.equal(expected);
      }
      // Of validator 5: 2, 3, 4, itself and 6.
      const expected = (stake * 15n) / (await occupiedAt(middle));
      await passToWithdrawal(7);
      const rest = stake - penalty - expected;
      const withdrawal = staking.withdraw(5);
      await expect(withdrawal).to.emit(staking, "Withdrawn").withArgs(5, stranger.address, rest, expected);
      await expect(withdrawal).to.changeEtherBalances(ethers, [stranger, BURN_ADDRESS], [rest, expected]);
    });

    it("are all that there is when a third is slashed, and no more", async () => {
      const { staking, stranger, ethers } = beacon;
      const slashings = await asSlashings(beacon);
      const third = Math.ceil(VALIDATORS / 3);
      for (let validator = 1; validator <= third; validator++) await slashings.slash(validator, reporter);
      expect(await staking.correlationPenalty(1)).to.equal(stake - penalty);
      // More of them than may leave in one epoch: they go by their own queue, and hold up nobody else.
      await asOwner().exit(30);
      expect(await exitEpochOf(30)).to.equal(5);
      expect(await exitEpochOf(third)).to.equal(5 + Math.floor((third - 1) / 4));
      await passToWithdrawal(third);
      await expect(staking.withdraw(1)).to.changeEtherBalances(ethers, [stranger, BURN_ADDRESS], [0n, stake - penalty]);
      expect(await statusOf(beacon, 1)).to.equal("Withdrawn");
    });

    it("are counted by one occupant when there is none left", async () => {
      for (let validator = 1; validator <= VALIDATORS; validator++) await asOwner().exit(validator);
      await passToEpoch(beacon, 20);
      expect(await beacon.registry.occupiedCount(20)).to.equal(0);
      await (await asSlashings(beacon)).slash(1, reporter);
      expect(await beacon.staking.correlationPenalty(1)).to.equal(stake - penalty);
    });

    it("cost who reports itself more than it gets", async () => {
      const { staking, stranger, ethers } = beacon;
      await (await asSlashings(beacon)).slash(9, stranger.address);
      await passToWithdrawal(9);
      await expect(asOwner().claim()).to.changeEtherBalance(ethers, stranger, penalty / 8n);
      const share = (stake * 3n) / BigInt(VALIDATORS);
      await expect(staking.withdraw(9)).to.changeEtherBalance(ethers, stranger, stake - penalty - share);
    });
  });

  describe("of those who signed what is void", () => {
    it("are all of it, at once, and they leave", async () => {
      const { staking, registry, ethers } = beacon;
      const disputes = await asDisputes(beacon);
      expect(await disputes.slashWhole.staticCall(7, reporter)).to.equal(stake);
      const slash = disputes.slashWhole(7, reporter);
      await expect(slash).to.emit(staking, "ValidatorSlashed").withArgs(7, reporter, stake);
      await expect(slash)
        .to.emit(staking, "RewardCredited")
        .withArgs(reporter, stake / 8n);
      await expect(slash).to.emit(registry, "ValidatorExitScheduled").withArgs(7, 6, 5, 1);
      await expect(slash).to.changeEtherBalances(
        ethers,
        [staking, BURN_ADDRESS],
        [stake / 8n - stake, stake - stake / 8n],
      );
      expect((await staking.stakeOf(7)).amount).to.equal(0);
      // It sits until its exit.
      expect(await statusOf(beacon, 7)).to.equal("Exiting");
      expect((await staking.statusOf(7)).isSlashed).to.equal(true);
      expect(await staking.correlationPenalty(7)).to.equal(0);
      await expectSpared(7);
      for (const punish of [disputes.slashWhole, disputes.fine]) {
        expect(await punish.staticCall(7, reporter)).to.equal(0);
        expect((await (await punish(7, reporter)).wait())?.logs).to.deep.equal([]);
      }
      // Others are punished for it as for any other.
      await (await asSlashings(beacon)).slash(8, reporter);
      expect(await staking.correlationPenalty(8)).to.equal((stake * 6n) / BigInt(VALIDATORS));
      await passToWithdrawal(7);
      expect(await statusOf(beacon, 7)).to.equal("Withdrawn");
      await expect(staking.withdraw(7)).to.be.revertedWithCustomError(staking, "Staking_AlreadyWithdrawn").withArgs(7);
    });

    it("are the rest if they were slashed before, who are counted once", async () => {
      const { staking } = beacon;
      await (await asSlashings(beacon)).slash(9, reporter);
      const exitEpoch = await exitEpochOf(9);
      const disputes = await asDisputes(beacon);
      expect(await disputes.slashWhole.staticCall(9, reporter)).to.equal(stake - penalty);
      await disputes.slashWhole(9, reporter);
      expect(await exitEpochOf(9)).to.equal(exitEpoch);
      await (await asSlashings(beacon)).slash(10, reporter);
      expect(await staking.correlationPenalty(10)).to.equal((stake * 6n) / BigInt(VALIDATORS));
      expect(await staking.creditOf(reporter)).to.equal((stake - penalty) / 8n + (2n * penalty) / 8n);
    });

    it("reach those that have left, and nobody who is paid, or has had no duty", async () => {
      const { staking } = beacon;
      await depositAll(beacon, keys.slice(VALIDATORS, VALIDATORS + 1));
      const disputes = await asDisputes(beacon);
      for (const punish of [disputes.slashWhole, disputes.fine]) {
        for (const validator of [0, VALIDATORS + 1, VALIDATORS + 2]) {
          expect((await (await punish(validator, reporter)).wait())?.logs).to.deep.equal([]);
        }
      }
      await asOwner().exit(2);
      await asOwner().exit(3);
      await passToWithdrawal(3);
      await staking.withdraw(2);
      for (const punish of [disputes.slashWhole, disputes.fine]) {
        expect(await punish.staticCall(2, reporter)).to.equal(0);
      }
      expect(await disputes.slashWhole.staticCall(3, reporter)).to.equal(stake);
      await disputes.slashWhole(3, reporter);
      expect(await statusOf(beacon, 3)).to.equal("Withdrawn");
    });

    it("are nobody's without a reporter", async () => {
      const { staking, ethers } = beacon;
      const slash = (await asDisputes(beacon)).slashWhole(11, ZeroAddress);
      await expect(slash).to.changeEtherBalances(ethers, [staking, BURN_ADDRESS], [-stake, stake]);
      await expect(slash).not.to.emit(staking, "RewardCredited");
      expect(await staking.creditOf(ZeroAddress)).to.equal(0);
    });
  });

  describe("of those who signed what nobody showed", () => {
    it("are a 32nd each time, and their seat when less than three quarters are left", async () => {
      const { staking, registry } = beacon;
      const disputes = await asDisputes(beacon);
      for (let fines = 1; fines <= 8; fines++) {
        const fine = disputes.fine(12, reporter);
        await expect(fine).to.emit(staking, "ValidatorFined").withArgs(12, reporter, penalty);
        await expect(fine).not.to.emit(registry, "ValidatorExitScheduled");
        expect((await staking.stakeOf(12)).amount).to.equal(stake - penalty * BigInt(fines));
      }
      expect(await staking.statusOf(12)).to.deep.equal([1n, false]);
      const last = disputes.fine(12, reporter);
      await expect(last).to.emit(registry, "ValidatorExitScheduled").withArgs(12, 11, 5, 1);
      await expect(disputes.fine(12, reporter)).not.to.emit(registry, "ValidatorExitScheduled");
      expect(await staking.statusOf(12)).to.deep.equal([2n, false]);
      expect(await staking.creditOf(reporter)).to.equal((penalty / 8n) * 10n);
      // They are no offence of which others are guilty, too.
      await (await asSlashings(beacon)).slash(13, reporter);
      expect(await staking.correlationPenalty(13)).to.equal((stake * 3n) / BigInt(VALIDATORS));
      await passToWithdrawal(12);
      await expect(staking.withdraw(12))
        .to.emit(staking, "Withdrawn")
        .withArgs(12, beacon.stranger.address, stake - 10n * penalty, 0);
    });

    it("are what is left if that is less, and reach the slashed, too", async () => {
      const { staking, ethers } = beacon;
      const disputes = await asDisputes(beacon);
      await (await asSlashings(beacon)).slash(14, reporter);
      for (let fines = 0; fines < 31; fines++) await disputes.fine(14, ZeroAddress);
      expect((await staking.stakeOf(14)).amount).to.equal(0);
      await expect(disputes.fine(14, ZeroAddress)).to.changeEtherBalance(ethers, staking, 0n);
      expect(await disputes.slashWhole.staticCall(14, reporter)).to.equal(0);
    });
  });

  describe("of those who do not answer the roll", () => {
    it("are a 32nd, all of it burnt, and they leave together", async () => {
      const { staking, registry, ethers } = beacon;
      await depositAll(beacon, keys.slice(VALIDATORS, VALIDATORS + 1));
      await asOwner().exit(5);
      await (await asSlashings(beacon)).slash(6, reporter);
      const absent = [...Array.from({ length: 12 }, (_, i) => i + 1), VALIDATORS + 1, 3];
      const ejected = absent.slice(0, 12).filter((validator) => validator !== 5 && validator !== 6);
      const eject = (await asRollCall(beacon)).eject(absent);
      await expect(eject).to.changeEtherBalance(ethers, BURN_ADDRESS, penalty * BigInt(ejected.length));
      await expect(eject).to.emit(registry, "ValidatorExitScheduled").withArgs(3, 2, 5, 2);
      const events = await staking.queryFilter(staking.filters.ValidatorEjected, "latest");
      expect(events.map(({ args }) => [...args])).to.deep.equal(
        ejected.map((validator) => [BigInt(validator), penalty]),
      );
      for (const validator of ejected) {
        expect(await exitEpochOf(validator)).to.equal(5);
        expect((await staking.stakeOf(validator)).amount).to.equal(stake - penalty);
        // They did nothing wrong that could be shown.
        expect((await staking.statusOf(validator)).isSlashed).to.equal(false);
      }
      expect((await staking.stakeOf(5)).amount).to.equal(stake);
      expect((await staking.stakeOf(VALIDATORS + 1)).amount).to.equal(stake);
      // The slashed that come after them go behind them.
      await (await asSlashings(beacon)).slash(20, reporter);
      expect(await exitEpochOf(20)).to.equal(6);
    });

    it("come to a whole group in one transaction", async () => {
      const many = await deployBeacon();
      await depositAll(many, newKeys(many.crypto, 256), 64);
      await passGenesis(many);
      const all = Array.from({ length: 256 }, (_, i) => i + 1);
      const receipt = await (await (await asRollCall(many)).eject(all, { gasLimit: 16_777_216n })).wait();
      console.log(`      gas: 256 ejected ${receipt?.gasUsed}`);
      await passToEpoch(many, 2);
      expect(await many.registry.occupiedCount(2)).to.equal(0);
    });
  });

  describe("and rewards", () => {
    it("are claimed once, by whom they belong to", async () => {
      const { staking, launcher, ethers } = beacon;
      const slashings = await asSlashings(beacon);
      await slashings.slash(1, reporter);
      await slashings.slash(2, reporter);
      const claim = () => staking.connect(launcher).claim();
      const transaction = claim();
      await expect(transaction)
        .to.emit(staking, "RewardClaimed")
        .withArgs(reporter, penalty / 4n);
      await expect(transaction).to.changeEtherBalance(ethers, launcher, penalty / 4n);
      expect(await staking.creditOf(reporter)).to.equal(0);
      await expect(claim()).to.be.revertedWithCustomError(staking, "Forfeits_NothingToClaim").withArgs(reporter);
    });

    it("wait for a reporter that takes no coins, and go to it once", async () => {
      const { staking, launcher, ethers } = beacon;
      const contract = await new CallerMock__factory(launcher).deploy();
      reporters.push(await contract.getAddress());
      await (await asSlashings(beacon)).slash(1, contract);
      const data = staking.interface.encodeFunctionData("claim");
      await expect(contract.call(staking, data)).to.be.revertedWithCustomError(contract, "CallerMock_NoCoins");
      await contract.onReceive(true, staking, data);
      await expect(contract.call(staking, data)).to.be.revertedWithCustomError(staking, "Forfeits_NothingToClaim");
      await contract.onReceive(true, ZeroAddress, "0x");
      await expect(contract.call(staking, data)).to.changeEtherBalance(ethers, contract, penalty / 8n);
    });
  });
});
