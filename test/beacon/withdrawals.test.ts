import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { createDomain } from "../../protocol/eip712.ts";
import { CallerMock__factory } from "../../types/index.ts";
import { expectRefused, type Refusal } from "../support/bad-inputs.ts";
import {
  type Beacon,
  batchDeposit,
  deployBeacon,
  depositAll,
  impersonate,
  type KeyPair,
  newKeys,
  passGenesis,
  passToEpoch,
} from "../support/beacon.ts";
import { INFINITY_G2, OFF_CURVE_G2 } from "../support/points.ts";
import { expectSolvent, signedExit, statusOf } from "../support/stakes.ts";

const FAR_FUTURE_EPOCH = 2n ** 64n - 1n;
const PAIRING_CHECK = 0x0f;
const VALIDATORS = 12;

describe("Exits and withdrawals", () => {
  let beacon: Beacon;
  let keys: KeyPair[];
  let stake: bigint;
  let delay: number;
  let delayBlocks: number;

  before(async () => {
    beacon = await deployBeacon();
    keys = newKeys(beacon.crypto, VALIDATORS + 10);
    const { parameters } = beacon;
    [stake, delay, delayBlocks] = [
      parameters.stake,
      parameters.withdrawalDelayEpochs,
      parameters.withdrawalDelayBlocks,
    ];
    await depositAll(beacon, keys.slice(0, VALIDATORS));
    await passGenesis(beacon);
  });

  async function launched() {}

  beforeEach(() => beacon.networkHelpers.loadFixture(launched));
  afterEach(() => expectSolvent(beacon, []));

  /** Staking as the owner of all stakes calls it. */
  const asOwner = () => beacon.staking.connect(beacon.stranger);

  /** The validator has left, and all that its stake waits for has passed. */
  async function leave(validator: number): Promise<void> {
    await asOwner().exit(validator);
    const { exitEpoch } = await beacon.registry.tenure(validator);
    await passToEpoch(beacon, Number(exitEpoch));
    await beacon.registry.rollEpochs(10);
    await passToEpoch(beacon, Number(exitEpoch) + delay);
    await beacon.networkHelpers.mine(delayBlocks);
  }

  it("go from pending to withdrawn, one step after the other", async () => {
    const { staking, registry, stranger, launcher, ethers, networkHelpers } = beacon;
    await depositAll(beacon, keys.slice(VALIDATORS, VALIDATORS + 1));
    const validator = VALIDATORS + 1;
    expect(await statusOf(beacon, validator)).to.equal("Pending");
    await passToEpoch(beacon, 1);
    expect(await statusOf(beacon, validator)).to.equal("Pending");
    await passToEpoch(beacon, 2);
    expect(await statusOf(beacon, validator)).to.equal("Active");
    expect(await staking.withdrawableFrom(validator)).to.deep.equal([FAR_FUTURE_EPOCH, 0n]);

    await expect(asOwner().exit(validator))
      .to.emit(registry, "ValidatorExitScheduled")
      .withArgs(validator, VALIDATORS, 4, 0);
    expect(await registry.tenure(validator)).to.deep.equal([BigInt(VALIDATORS), 2n, 4n]);
    expect(await statusOf(beacon, validator)).to.equal("Exiting");
    expect(await registry.occupant(VALIDATORS, 3)).to.equal(validator);
    await passToEpoch(beacon, 3);
    expect(await statusOf(beacon, validator)).to.equal("Exiting");
    // The set of the next epoch is known, its block is not.
    expect(await registry.occupant(VALIDATORS, 4)).to.equal(0);
    await registry.rollEpochs(10);
    expect(await registry.exitBlock(validator)).to.equal(0);

    await passToEpoch(beacon, 4);
    expect(await statusOf(beacon, validator)).to.equal("Exited");
    expect(await staking.withdrawableFrom(validator)).to.deep.equal([BigInt(4 + delay), 0n]);
    await registry.rollEpochs(10);
    const block = await ethers.provider.getBlockNumber();
    expect(await registry.exitBlock(validator)).to.equal(block);
    expect(await staking.withdrawableFrom(validator)).to.deep.equal([BigInt(4 + delay), BigInt(block + delayBlocks)]);
    await networkHelpers.mine(delayBlocks);
    await passToEpoch(beacon, 3 + delay);
    expect(await statusOf(beacon, validator)).to.equal("Exited");
    await passToEpoch(beacon, 4 + delay);
    expect(await statusOf(beacon, validator)).to.equal("Withdrawable");

    // Anybody may bring it about; it is paid to the owner.
    const withdrawal = staking.connect(launcher).withdraw(validator);
    await expect(withdrawal).to.emit(staking, "Withdrawn").withArgs(validator, stranger.address, stake, 0);
    await expect(withdrawal).to.changeEtherBalances(ethers, [staking, stranger], [-stake, stake]);
    expect(await statusOf(beacon, validator)).to.equal("Withdrawn");
    expect(await staking.stakeOf(validator)).to.deep.equal([stranger.address, 0n]);
    await expect(staking.withdraw(validator))
      .to.be.revertedWithCustomError(staking, "Staking_AlreadyWithdrawn")
      .withArgs(validator);
  });

  it("before genesis, every validator is pending and nobody leaves", async () => {
    const other = await deployBeacon();
    await depositAll(other, keys.slice(0, 2));
    expect(await statusOf(other, 1)).to.equal("Pending");
    await expect(other.staking.connect(other.stranger).exit(1))
      .to.be.revertedWithCustomError(other.registry, "BeaconRegistry_NotActive")
      .withArgs(1);
    await expect(other.registry.nextExitEpoch()).to.be.revertedWithCustomError(
      other.registry,
      "BeaconRegistry_BeforeGenesis",
    );
  });

  it("leave by the validator's own signature, which anybody may bring from its epoch on", async () => {
    const { staking, registry, launcher } = beacon;
    await passToEpoch(beacon, 7);
    for (const [validator, epoch] of [
      [3, 0],
      [4, 7],
    ] as const) {
      const signature = signedExit(beacon, keys[validator - 1] as KeyPair, validator, epoch);
      await expect(staking.connect(launcher).exitSigned(validator, epoch, signature))
        .to.emit(registry, "ValidatorExitScheduled")
        .withArgs(validator, validator - 1, 9, 0);
    }
  });

  it("leave one epoch after the other, no more in each than the churn allows, and as fast as that", async () => {
    const { registry, parameters } = beacon;
    const epochs: bigint[] = [];
    for (let validator = 1; validator <= VALIDATORS; validator++) {
      epochs.push(await registry.nextExitEpoch());
      await asOwner().exit(validator);
      expect((await registry.tenure(validator)).exitEpoch).to.equal(epochs.at(-1));
    }
    const { churnPerEpochMin, inputDelay } = parameters;
    expect(epochs).to.deep.equal(epochs.map((_, i) => BigInt(1 + inputDelay + Math.floor(i / churnPerEpochMin))));
    // Nobody is left, and nothing is the worse for it.
    await passToEpoch(beacon, 10);
    expect(await registry.occupiedCount(10)).to.equal(0);
    expect(await registry.seatCount(10)).to.equal(VALIDATORS);
    await depositAll(beacon, keys.slice(VALIDATORS, VALIDATORS + 2));
    expect(await registry.tenure(VALIDATORS + 1)).to.deep.equal([0n, 12n, FAR_FUTURE_EPOCH]);
    expect(await registry.tenure(VALIDATORS + 2)).to.deep.equal([1n, 12n, FAR_FUTURE_EPOCH]);
  });

  it("count blocks too, from when the exit was history: a parent chain that stood still takes nobody's time", async () => {
    const { staking, registry, networkHelpers, ethers } = beacon;
    await asOwner().exit(1);
    await passToEpoch(beacon, 1000);
    await expect(staking.withdraw(1)).to.be.revertedWithCustomError(staking, "Staking_ExitNotRolled").withArgs(1);
    await registry.rollEpochs(1);
    const due = (await ethers.provider.getBlockNumber()) + delayBlocks;
    expect(await staking.withdrawableFrom(1)).to.deep.equal([BigInt(2 + delay), BigInt(due)]);
    // The next transaction is in the next block.
    await networkHelpers.mine(delayBlocks - 2);
    expect(await statusOf(beacon, 1)).to.equal("Exited");
    await expect(staking.withdraw(1))
      .to.be.revertedWithCustomError(staking, "Staking_TooFewBlocks")
      .withArgs(1, due - 1, due);
    await networkHelpers.mine();
    expect(await statusOf(beacon, 1)).to.equal("Exited");
    await staking.withdraw(1);
    expect(await statusOf(beacon, 1)).to.equal("Withdrawn");
  });

  it("a thousand idle epochs cost an exit and a withdrawal nothing", async () => {
    const { staking, networkHelpers } = beacon;
    const gasOf = async (idle: number) => {
      await networkHelpers.loadFixture(launched);
      await passToEpoch(beacon, 1 + idle);
      const exit = await (await asOwner().exit(2)).wait();
      await passToEpoch(beacon, 3 + idle);
      const roll = await (await beacon.registry.rollEpochs(10)).wait();
      await networkHelpers.mine(delayBlocks);
      await passToEpoch(beacon, 3 + idle + delay);
      const withdrawal = await (await staking.withdraw(2)).wait();
      return [exit, roll, withdrawal].map((receipt) => Number(receipt?.gasUsed));
    };
    const [soon, late] = [await gasOf(0), await gasOf(1000)];
    console.log(`      gas: exit, roll, withdrawal ${soon}; after 1,000 idle epochs ${late}`);
    for (const [i, gas] of late.entries()) expect(gas).to.be.at.most(1.01 * (soon[i] as number));
  });

  describe("the withdrawal address", () => {
    it("changes when the new one accepts, and all that is its with it", async () => {
      const { staking, stranger, launcher, ethers } = beacon;
      await expect(asOwner().proposeWithdrawalAddress(1, launcher.address))
        .to.emit(staking, "WithdrawalAddressProposed")
        .withArgs(1, launcher.address);
      expect(await staking.proposedWithdrawalAddress(1)).to.equal(launcher.address);
      expect((await staking.stakeOf(1)).withdrawalAddress).to.equal(stranger.address);
      await expect(staking.connect(launcher).acceptWithdrawalAddress(1))
        .to.emit(staking, "WithdrawalAddressChanged")
        .withArgs(1, launcher.address);
      expect(await staking.stakeOf(1)).to.deep.equal([launcher.address, stake]);
      expect(await staking.proposedWithdrawalAddress(1)).to.equal(ZeroAddress);
      for (const call of [asOwner().exit(1), asOwner().proposeWithdrawalAddress(1, stranger.address)]) {
        await expect(call)
          .to.be.revertedWithCustomError(staking, "Staking_NotWithdrawalAddress")
          .withArgs(1, stranger.address);
      }
      await expect(staking.connect(launcher).acceptWithdrawalAddress(1))
        .to.be.revertedWithCustomError(staking, "Staking_NotProposed")
        .withArgs(1, launcher.address);
      await staking.connect(launcher).exit(1);
      await passToEpoch(beacon, 2);
      await beacon.registry.rollEpochs(1);
      await beacon.networkHelpers.mine(delayBlocks);
      await passToEpoch(beacon, 2 + delay);
      await expect(asOwner().withdraw(1)).to.changeEtherBalance(ethers, launcher, stake);
    });

    it("stays if the offer is taken back, or made to another", async () => {
      const { staking, launcher, ethers } = beacon;
      const [, , third] = await ethers.getSigners();
      await asOwner().proposeWithdrawalAddress(1, launcher.address);
      await asOwner().proposeWithdrawalAddress(1, third?.address ?? ZeroAddress);
      const accept = () => staking.connect(launcher).acceptWithdrawalAddress(1);
      await expect(accept()).to.be.revertedWithCustomError(staking, "Staking_NotProposed");
      await asOwner().proposeWithdrawalAddress(1, ZeroAddress);
      await expect(staking.connect(third).acceptWithdrawalAddress(1)).to.be.revertedWithCustomError(
        staking,
        "Staking_NotProposed",
      );
      // Nobody is asked to accept what nobody offered.
      await expect(accept()).to.be.revertedWithCustomError(staking, "Staking_NotProposed");
    });

    it("that refuses its money keeps only itself waiting, and gets it once", async () => {
      const { staking, launcher, ethers } = beacon;
      const owner = await new CallerMock__factory(launcher).deploy();
      await asOwner().proposeWithdrawalAddress(1, owner);
      await owner.call(staking, staking.interface.encodeFunctionData("acceptWithdrawalAddress", [1]));
      await owner.call(staking, staking.interface.encodeFunctionData("exit", [1]));
      await leave(2);
      await expect(staking.withdraw(1)).to.be.revertedWithCustomError(owner, "CallerMock_NoCoins");
      await staking.withdraw(2);
      expect(await statusOf(beacon, 1)).to.equal("Withdrawable");
      // It asks again while it is paid.
      await owner.onReceive(true, staking, staking.interface.encodeFunctionData("withdraw", [1]));
      await expect(staking.withdraw(1)).to.be.revertedWithCustomError(staking, "Staking_AlreadyWithdrawn");
      await owner.onReceive(true, ZeroAddress, "0x");
      await expect(staking.withdraw(1)).to.changeEtherBalance(ethers, owner, stake);
    });
  });

  describe("bad calls", () => {
    const signatureOf = (validator: number, epoch: number, key = keys[validator - 1] as KeyPair) =>
      signedExit(beacon, key, validator, epoch);
    const [own, other] = [2, 5];

    type Call = readonly [method: string, ...args: unknown[]];
    const rows: Record<string, { call: () => Call; refusal: () => Refusal; byLauncher?: boolean }> = {
      "the exit of another one's validator": {
        call: () => ["exit", own],
        refusal: () => ["Staking_NotWithdrawalAddress", own, beacon.launcher.address],
        byLauncher: true,
      },
      "the exit of nobody": { call: () => ["exit", 0], refusal: () => ["Staking_UnknownValidator", 0] },
      "the exit of one that there is not yet": {
        call: () => ["exit", VALIDATORS + 2],
        refusal: () => ["Staking_UnknownValidator", VALIDATORS + 2],
      },
      "the exit of one that does not sit yet": {
        call: () => ["exit", VALIDATORS + 1],
        refusal: () => ["BeaconRegistry_NotActive", VALIDATORS + 1],
      },
      "a second exit": {
        call: () => ["exit", other],
        refusal: () => ["BeaconRegistry_AlreadyExiting", other, 12],
      },
      "a second exit, signed": {
        call: () => ["exitSigned", other, 10, signatureOf(other, 10)],
        refusal: () => ["BeaconRegistry_AlreadyExiting", other, 12],
      },
      "a signed exit of one that does not sit yet": {
        call: () => ["exitSigned", VALIDATORS + 1, 10, signatureOf(VALIDATORS + 1, 10)],
        refusal: () => ["BeaconRegistry_NotActive", VALIDATORS + 1],
      },
      "a signed exit of nobody": {
        call: () => ["exitSigned", 0, 10, signatureOf(own, 10)],
        refusal: () => ["BeaconRegistry_UnknownValidator", 0],
      },
      "a signed exit for later": {
        call: () => ["exitSigned", own, 11, signatureOf(own, 11)],
        refusal: () => ["Staking_ExitNotYetValid", 11, 10],
      },
      "the signature for another epoch": {
        call: () => ["exitSigned", own, 10, signatureOf(own, 9)],
        refusal: () => ["Staking_InvalidSignature"],
      },
      "the signature for another validator": {
        call: () => ["exitSigned", own, 10, signatureOf(other, 10, keys[own - 1])],
        refusal: () => ["Staking_InvalidSignature"],
      },
      "the signature of another validator": {
        call: () => ["exitSigned", own, 10, signatureOf(own, 10, keys[other - 1])],
        refusal: () => ["Staking_InvalidSignature"],
      },
      "the signature for another deployment": {
        call: () => {
          const domain = createDomain(beacon.crypto, beacon.domain.parentChainId, new Uint8Array(20).fill(0xc0));
          return ["exitSigned", own, 10, signedExit({ ...beacon, domain }, keys[own - 1] as KeyPair, own, 10)];
        },
        refusal: () => ["Staking_InvalidSignature"],
      },
      "infinity as the signature": {
        call: () => ["exitSigned", own, 10, INFINITY_G2],
        refusal: () => ["Staking_InvalidSignature"],
      },
      "a signature off the curve": {
        call: () => ["exitSigned", own, 10, OFF_CURVE_G2],
        refusal: () => ["Bls_PrecompileFailed", PAIRING_CHECK],
      },
      "a signature that is too short": {
        call: () => ["exitSigned", own, 10, signatureOf(own, 10).slice(0, -2)],
        refusal: () => ["Staking_SignatureLength", 255],
      },
      "a signature that is too long": {
        call: () => ["exitSigned", own, 10, `${signatureOf(own, 10)}00`],
        refusal: () => ["Staking_SignatureLength", 257],
      },
      "the stake of one that stays": {
        call: () => ["withdraw", own],
        refusal: () => ["Staking_NotWithdrawable", own, FAR_FUTURE_EPOCH, 10],
      },
      "the stake of one that leaves": {
        call: () => ["withdraw", other],
        refusal: () => ["Staking_NotWithdrawable", other, 12 + delay, 10],
      },
      "the stake of nobody": { call: () => ["withdraw", 0], refusal: () => ["Staking_UnknownValidator", 0] },
      "an offer by another one": {
        call: () => ["proposeWithdrawalAddress", own, beacon.launcher.address],
        refusal: () => ["Staking_NotWithdrawalAddress", own, beacon.launcher.address],
        byLauncher: true,
      },
      "an offer of nobody's stake": {
        call: () => ["proposeWithdrawalAddress", 0, beacon.launcher.address],
        refusal: () => ["Staking_UnknownValidator", 0],
      },
      "an offer that was not made": {
        call: () => ["acceptWithdrawalAddress", own],
        refusal: () => ["Staking_NotProposed", own, beacon.stranger.address],
      },
      "slashing by anybody": {
        call: () => ["slash", own, beacon.stranger.address],
        refusal: () => ["Staking_NotSlashings", beacon.stranger.address],
      },
      "slashing of all by anybody": {
        call: () => ["slashWhole", own, beacon.stranger.address],
        refusal: () => ["Staking_NotDisputes", beacon.stranger.address],
      },
      "a fine by anybody": {
        call: () => ["fine", own, beacon.stranger.address],
        refusal: () => ["Staking_NotDisputes", beacon.stranger.address],
      },
      "ejection by anybody": {
        call: () => ["eject", [own]],
        refusal: () => ["Staking_NotRollCall", beacon.stranger.address],
      },
      "a claim of nothing": {
        call: () => ["claim"],
        refusal: () => ["Forfeits_NothingToClaim", beacon.stranger.address],
      },
    };

    for (const [name, { call, refusal, byLauncher }] of Object.entries(rows)) {
      it(`refuse ${name}`, async () => {
        const { staking, launcher, stranger } = beacon;
        await passToEpoch(beacon, 10);
        await depositAll(beacon, keys.slice(VALIDATORS, VALIDATORS + 1));
        await asOwner().exit(other);
        const [method, ...args] = call();
        const data = staking.interface.encodeFunctionData(method as "withdraw", args as [number]);
        await expectRefused(beacon, { to: staking, data }, refusal(), byLauncher ? launcher : stranger);
      });
    }

    it("refuse everybody but Staking at the registry", async () => {
      const { registry, stranger } = beacon;
      for (const call of [
        () => registry.connect(stranger).exit(own),
        () => registry.connect(stranger).exitSlashed(own),
        () => registry.connect(stranger).exitEjected([own]),
      ]) {
        await expect(call())
          .to.be.revertedWithCustomError(registry, "BeaconRegistry_NotStaking")
          .withArgs(stranger.address);
      }
      for (const validator of [0, VALIDATORS + 1]) {
        await expect(registry.exitBlock(validator))
          .to.be.revertedWithCustomError(registry, "BeaconRegistry_UnknownValidator")
          .withArgs(validator);
      }
    });
  });

  it("a batch that takes seats again fits a transaction", async () => {
    const many = await deployBeacon({ ...beacon.parameters, churnPerEpochMin: 64 });
    const max = Number(await many.staking.maxBatch());
    const all = newKeys(many.crypto, 2 * max);
    await depositAll(many, all.slice(0, max));
    await passGenesis(many);
    const asStaking = many.registry.connect(await impersonate(many, many.staking));
    for (let validator = 1; validator <= max; validator++) await asStaking.exit(validator);
    // As many epochs of activations as it can be, and others' changes to roll besides.
    await passToEpoch(many, 3);
    const { publicKeys, proof } = batchDeposit(many, all.slice(max), many.stranger.address);
    const deposit = await many.staking.depositBatch(publicKeys, proof, many.stranger.address, {
      value: stake * BigInt(max),
    });
    const gasUsed = (await deposit.wait())?.gasUsed ?? 0n;
    console.log(`      gas: batch of ${max} in seats that were left ${gasUsed}`);
    expect((await many.registry.tenure(2 * max)).seat).to.equal(max - 1);
    expect(gasUsed).to.be.lessThan(16_777_216n);
  });
});
