import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { concat, fromHex, toBigInt, toHex, word } from "../../protocol/bytes.ts";
import { enrolledMix, genesisMix, nextMix, proposerSeat, seedOf } from "../../protocol/randomness.ts";
import { BeaconRegistry__factory } from "../../types/index.ts";
import {
  type Beacon,
  batchDeposit,
  beaconContracts,
  deployBeacon,
  depositAll,
  impersonate,
  type KeyPair,
  newKeys,
  passGenesis,
  passToEpoch,
} from "../support/beacon.ts";
import { INFINITY_G1, otherSign, returned } from "../support/points.ts";

const FAR_FUTURE_EPOCH = 2n ** 64n - 1n;

/** Aggregate of the keys as the registry returns it. */
function sumOf({ crypto }: Beacon, keys: readonly KeyPair[]): string {
  return toHex(crypto.bls.decompressG1(crypto.bls.aggregatePublicKeys(keys.map((key) => key.publicKey))));
}

describe("BeaconRegistry", () => {
  let beacon: Beacon;
  let keys: KeyPair[];
  let loadFixture: Beacon["networkHelpers"]["loadFixture"];

  before(async () => {
    beacon = await deployBeacon();
    loadFixture = beacon.networkHelpers.loadFixture.bind(beacon.networkHelpers);
    keys = newKeys(beacon.crypto, 24);
  });

  async function deployed() {}

  const negative = ({ publicKey }: KeyPair) => beacon.crypto.bls.decompressG1(otherSign(publicKey));

  async function launched() {
    await loadFixture(deployed);
    await depositAll(beacon, keys.slice(0, 8));
    await passGenesis(beacon);
  }

  describe("launch", () => {
    async function uninitialized() {
      return new BeaconRegistry__factory(beacon.launcher).deploy(beacon.parameters);
    }

    it("initialises once, by the launcher, with contracts", async () => {
      await loadFixture(deployed);
      const { staking, anchors, slashings, rollCall, stranger, launcher, registry: other } = beacon;
      const registry = await uninitialized();
      expect(await registry.launcher()).to.equal(launcher.address);
      const contracts = beaconContracts(beacon);
      await expect(registry.connect(stranger).initialize(contracts))
        .to.be.revertedWithCustomError(registry, "BeaconRegistry_NotLauncher")
        .withArgs(stranger.address);
      for (const name of ["staking", "anchors", "slashings", "rollCall"] as const) {
        for (const account of [stranger.address, ZeroAddress]) {
          await expect(registry.initialize({ ...contracts, [name]: account }))
            .to.be.revertedWithCustomError(registry, "BeaconRegistry_NotContract")
            .withArgs(account);
        }
      }
      await expect(registry.initialize(contracts)).to.emit(registry, "Initialized");
      await expect(registry.initialize(contracts)).to.be.revertedWithCustomError(
        registry,
        "BeaconRegistry_AlreadyInitialized",
      );
      expect(await other.staking()).to.equal(await staking.getAddress());
      expect(await other.anchors()).to.equal(await anchors.getAddress());
      expect(await other.slashings()).to.equal(await slashings.getAddress());
      expect(await other.rollCall()).to.equal(await rollCall.getAddress());
    });

    it("schedules genesis once, in the future and within the launch period", async () => {
      await loadFixture(deployed);
      const { registry, parameters, networkHelpers } = beacon;
      const now = await networkHelpers.time.latest();
      for (const time of [now, now + 1 + parameters.launchPeriod + 1]) {
        await expect(registry.scheduleGenesis(time))
          .to.be.revertedWithCustomError(registry, "BeaconRegistry_GenesisTimeOutOfRange")
          .withArgs(time, now + 1, now + 1 + parameters.launchPeriod);
      }
      await expect(registry.scheduleGenesis(now + 100))
        .to.emit(registry, "GenesisScheduled")
        .withArgs(now + 100);
      expect(await registry.genesisTime()).to.equal(now + 100);
      await expect(registry.scheduleGenesis(now + 200))
        .to.be.revertedWithCustomError(registry, "BeaconRegistry_GenesisAlreadyScheduled")
        .withArgs(now + 100);
    });

    it("lets anybody schedule genesis after the deadline, so that stakes cannot be locked before it", async () => {
      await loadFixture(deployed);
      const { registry, stranger, networkHelpers } = beacon;
      const asStranger = registry.connect(stranger);
      const deadline = Number(await registry.launchDeadline());
      await expect(asStranger.scheduleGenesis(deadline + 10))
        .to.be.revertedWithCustomError(registry, "BeaconRegistry_NotLauncher")
        .withArgs(stranger.address);
      // The next block is a second later.
      await networkHelpers.time.increaseTo(deadline);
      const { launchPeriod } = beacon.parameters;
      const [earliest, latest] = [deadline + 1 + launchPeriod / 2, deadline + 1 + launchPeriod];
      for (const time of [deadline + 10, earliest, latest + 1]) {
        await expect(asStranger.scheduleGenesis(time))
          .to.be.revertedWithCustomError(registry, "BeaconRegistry_GenesisTimeOutOfRange")
          .withArgs(time, earliest, latest);
      }
      const snapshot = await networkHelpers.takeSnapshot();
      await expect(asStranger.scheduleGenesis(earliest + 1)).to.emit(registry, "GenesisScheduled");
      await snapshot.restore();
      await expect(registry.scheduleGenesis(deadline + 10)).to.emit(registry, "GenesisScheduled");
    });

    it("leaves others a time for genesis under every launch period", async () => {
      await loadFixture(deployed);
      const { launcher, stranger, networkHelpers } = beacon;
      for (const launchPeriod of [1, 2, 366 * 86_400]) {
        const registry = await new BeaconRegistry__factory(launcher).deploy({ ...beacon.parameters, launchPeriod });
        await registry.initialize(beaconContracts(beacon));
        await networkHelpers.time.increaseTo((await registry.launchDeadline()) + 1n);
        const time = (await networkHelpers.time.latest()) + 1 + launchPeriod;
        await expect(registry.connect(stranger).scheduleGenesis(time)).to.emit(registry, "GenesisScheduled");
      }
    });

    it("does not schedule genesis before there is anybody to take stakes", async () => {
      await loadFixture(deployed);
      const registry = await uninitialized();
      await expect(registry.scheduleGenesis(await beacon.networkHelpers.time.latest())).to.be.revertedWithCustomError(
        registry,
        "BeaconRegistry_NotInitialized",
      );
    });

    it("has the domain of the formats", async () => {
      expect(await beacon.registry.domainSeparator()).to.equal(toHex(beacon.domain.separator));
    });
  });

  describe("time", () => {
    it("stands at epoch 0 until genesis and counts slots and epochs from it", async () => {
      await loadFixture(deployed);
      const { registry, networkHelpers, parameters } = beacon;
      expect(await registry.currentEpoch()).to.equal(0);
      const genesisTime = await passGenesis(beacon);
      const epochSeconds = parameters.secondsPerSlot * parameters.slotsPerEpoch;
      for (const [seconds, slot, epoch] of [
        [1, 0, 0],
        [parameters.secondsPerSlot, 1, 0],
        [epochSeconds - 1, 7, 0],
        [epochSeconds, 8, 1],
        [1000 * epochSeconds + 61, 8001, 1000],
      ] as const) {
        await networkHelpers.time.increaseTo(genesisTime + seconds);
        expect([await registry.currentSlot(), await registry.currentEpoch()]).to.deep.equal([
          BigInt(slot),
          BigInt(epoch),
        ]);
      }
    });
  });

  describe("genesis validators", () => {
    it("sit in epoch 0 in the order of their deposits, without churn", async () => {
      await loadFixture(launched);
      const { registry } = beacon;
      for (const epoch of [0, 1]) {
        expect(await registry.seatCount(epoch)).to.equal(8);
        expect(await registry.occupiedCount(epoch)).to.equal(8);
        expect(await registry.committeeCount(epoch)).to.equal(1);
        expect(returned(await registry.aggregateKey(epoch))).to.equal(sumOf(beacon, keys.slice(0, 8)));
      }
      for (const [seat, key] of keys.slice(0, 8).entries()) {
        expect(await registry.occupant(seat, 0)).to.equal(seat + 1);
        expect(await registry.tenure(seat + 1)).to.deep.equal([BigInt(seat), 0n, FAR_FUTURE_EPOCH]);
        expect(returned(await registry.keyOf(seat + 1))).to.equal(toHex(key.point));
        expect(await registry.validatorOf(toHex(key.point))).to.equal(seat + 1);
        expect(await registry.validatorOf(toHex(negative(key)))).to.equal(seat + 1);
      }
      expect(await registry.occupant(8, 0)).to.equal(0);
      expect(await registry.validatorOf(toHex(keys[8]!.point))).to.equal(0);
      expect(await registry.validatorCount()).to.equal(8);
    });

    it("are not fixed before genesis", async () => {
      await loadFixture(deployed);
      const { registry } = beacon;
      await depositAll(beacon, keys.slice(0, 1));
      expect(await registry.nextActivationEpoch()).to.equal(0);
      for (const read of [
        () => registry.seatCount(0),
        () => registry.occupiedCount(0),
        () => registry.aggregateKey(0),
        () => registry.occupant(0, 0),
        () => registry.committeeCount(0),
        () => registry.proposer(0),
        () => registry.ballot(0, "0x"),
      ]) {
        await expect(read()).to.be.revertedWithCustomError(registry, "BeaconRegistry_BeforeGenesis");
      }
    });

    it("may be none at all", async () => {
      await loadFixture(deployed);
      await passGenesis(beacon);
      const { registry } = beacon;
      expect(await registry.seatCount(0)).to.equal(0);
      expect(returned(await registry.aggregateKey(0))).to.equal(toHex(INFINITY_G1));
      expect(await registry.proposer(0)).to.deep.equal([0n, 0n]);
    });
  });

  describe("later validators", () => {
    it("wait for input delay and churn, and do not change the epochs before", async () => {
      await loadFixture(launched);
      const { registry, networkHelpers } = beacon;
      await passToEpoch(beacon, 10);
      expect(await registry.nextActivationEpoch()).to.equal(12);
      // Four per epoch: 12, 12, 12, 12, 13, 13.
      await depositAll(beacon, keys.slice(8, 14));
      expect(await registry.nextActivationEpoch()).to.equal(13);
      for (const [validator, epoch] of [
        [9, 12],
        [12, 12],
        [13, 13],
        [14, 13],
      ] as const) {
        expect(await registry.tenure(validator)).to.deep.equal([
          BigInt(validator - 1),
          BigInt(epoch),
          FAR_FUTURE_EPOCH,
        ]);
      }
      await passToEpoch(beacon, 13);
      const reads = async () => {
        for (const [epoch, count] of [
          [11, 8],
          [12, 12],
          [13, 14],
          [14, 14],
          [0, 8],
        ] as const) {
          expect(await registry.seatCount(epoch), `seats of ${epoch}`).to.equal(count);
          expect(await registry.occupiedCount(epoch)).to.equal(count);
          expect(returned(await registry.aggregateKey(epoch))).to.equal(sumOf(beacon, keys.slice(0, count)));
        }
        expect(await registry.occupant(8, 11)).to.equal(0);
        expect(await registry.occupant(8, 12)).to.equal(9);
        expect(await registry.occupant(13, 12)).to.equal(0);
        expect(await registry.occupant(13, 13)).to.equal(14);
      };
      // Unrolled, half rolled and rolled: the same answers.
      await reads();
      await expect(registry.rollEpochs(1)).to.emit(registry, "SeatsRolled").withArgs(12, 12, 12);
      await reads();
      await expect(registry.rollEpochs(5)).to.emit(registry, "SeatsRolled").withArgs(13, 14, 14);
      await reads();
      await expect(registry.rollEpochs(5)).not.to.emit(registry, "SeatsRolled");
      await networkHelpers.mine();
      await reads();
    });

    it("queue across deposits, and the queue starts anew after a pause", async () => {
      await loadFixture(launched);
      const { registry } = beacon;
      await passToEpoch(beacon, 1);
      await depositAll(beacon, keys.slice(8, 11));
      await depositAll(beacon, keys.slice(11, 13));
      expect(await registry.tenure(12)).to.deep.equal([11n, 3n, FAR_FUTURE_EPOCH]);
      expect(await registry.tenure(13)).to.deep.equal([12n, 4n, FAR_FUTURE_EPOCH]);
      await passToEpoch(beacon, 1000);
      await depositAll(beacon, keys.slice(13, 14));
      expect(await registry.tenure(14)).to.deep.equal([13n, 1002n, FAR_FUTURE_EPOCH]);
      await passToEpoch(beacon, 1001);
      expect(await registry.seatCount(1002)).to.equal(14);
      expect(await registry.seatCount(1001)).to.equal(13);
      expect(returned(await registry.aggregateKey(1002))).to.equal(sumOf(beacon, keys.slice(0, 14)));
    });

    it("a long pause costs one change, not one per epoch", async () => {
      await loadFixture(launched);
      const { registry } = beacon;
      await depositAll(beacon, keys.slice(8, 9));
      await passToEpoch(beacon, 1_000_000);
      const receipt = await (await registry.rollEpochs(1)).wait();
      expect(receipt?.gasUsed).to.be.lessThan(200_000n);
      expect(await registry.seatCount(1_000_000)).to.equal(9);
    });

    it("are unknown in epochs that may still change", async () => {
      await loadFixture(launched);
      const { registry } = beacon;
      await passToEpoch(beacon, 5);
      expect(await registry.seatCount(6)).to.equal(8);
      for (const read of [() => registry.seatCount(7), () => registry.aggregateKey(7), () => registry.occupant(0, 7)]) {
        await expect(read()).to.be.revertedWithCustomError(registry, "BeaconRegistry_EpochOpen").withArgs(7, 6);
      }
    });

    it("get the larger limit of a larger set", async () => {
      const larger = await deployBeacon({ ...beacon.parameters, churnPerEpochMin: 2, churnQuotient: 4 });
      const { registry } = larger;
      const activations = async (first: number, count: number) => {
        const epochs: number[] = [];
        for (let i = 0; i < count; i++) epochs.push(Number((await registry.tenure(first + i)).activationEpoch));
        return epochs;
      };
      await depositAll(larger, keys.slice(0, 11));
      await passGenesis(larger);
      await passToEpoch(larger, 5);
      // Of 11 a quarter is 2, the minimum too; of 13 it is 3.
      await depositAll(larger, keys.slice(11, 14));
      expect(await activations(12, 3)).to.deep.equal([7, 7, 8]);
      await passToEpoch(larger, 7);
      expect(await registry.nextActivationEpoch()).to.equal(9);
      await depositAll(larger, keys.slice(14, 18));
      expect(await activations(15, 4)).to.deep.equal([9, 9, 9, 10]);
    });
  });

  describe("enrolment", () => {
    it("is for Staking alone", async () => {
      await loadFixture(deployed);
      const { registry, launcher } = beacon;
      await expect(registry.enroll(toHex(keys[0]!.point)))
        .to.be.revertedWithCustomError(registry, "BeaconRegistry_NotStaking")
        .withArgs(launcher.address);
    });

    it("takes whole keys, refuses none, and those with a known x-coordinate", async () => {
      await loadFixture(deployed);
      const { registry, staking } = beacon;
      const asStaking = registry.connect(await impersonate(beacon, staking));
      const [first, second] = [keys[0]!.point, keys[1]!.point];
      for (const length of [0, 127, 129]) {
        await expect(asStaking.enroll(new Uint8Array(length)))
          .to.be.revertedWithCustomError(registry, "BeaconRegistry_PublicKeysLength")
          .withArgs(length);
      }
      await expect(asStaking.enroll(toHex(concat(first, second))))
        .to.emit(registry, "ValidatorEnrolled")
        .withArgs(1, 0, 0, toHex(first))
        .and.to.emit(registry, "ValidatorEnrolled")
        .withArgs(2, 1, 0, toHex(second));
      for (const point of [second, negative(keys[1]!)]) {
        await expect(asStaking.enroll(toHex(point)))
          .to.be.revertedWithCustomError(registry, "ValidatorSet_KeyTaken")
          .withArgs(beacon.ethers.keccak256(second.slice(16, 64)), 2);
      }
      // p + x is another encoding of x.
      const doubled = concat(word(2n ** 128n - 1n), word(2n ** 256n - 1n), second.slice(64));
      await expect(asStaking.enroll(toHex(doubled))).to.be.revertedWithCustomError(registry, "G1Points_NotCanonical");
    });

    it("knows no validator 0 and none past the last", async () => {
      await loadFixture(launched);
      const { registry } = beacon;
      for (const validator of [0, 9]) {
        for (const read of [() => registry.keyOf(validator), () => registry.tenure(validator)]) {
          await expect(read())
            .to.be.revertedWithCustomError(registry, "BeaconRegistry_UnknownValidator")
            .withArgs(validator);
        }
      }
      await expect(registry.validatorOf("0x")).to.be.revertedWithCustomError(
        registry,
        "BeaconRegistry_PublicKeysLength",
      );
    });

    it("rolls what is due on the way", async () => {
      await loadFixture(launched);
      const { registry } = beacon;
      await depositAll(beacon, keys.slice(8, 9));
      await passToEpoch(beacon, 3);
      const { publicKeys, proof } = batchDeposit(beacon, keys.slice(9, 10), beacon.stranger.address);
      await expect(
        beacon.staking.depositBatch(publicKeys, proof, beacon.stranger.address, { value: beacon.parameters.stake }),
      )
        .to.emit(registry, "SeatsRolled")
        .withArgs(2, 9, 9);
    });
  });

  describe("ballot", () => {
    it("subtracts the absent", async () => {
      await loadFixture(launched);
      const { registry } = beacon;
      const all = await registry.ballot(0, "0x");
      expect(all.seatCount).to.equal(8);
      expect(all.occupiedCount).to.equal(8);
      expect(all.absentCount).to.equal(0);
      expect(all.committeeCount).to.equal(1);
      expect(all.domainSeparator).to.equal(toHex(beacon.domain.separator));
      expect(returned(all.presentKey)).to.equal(sumOf(beacon, keys.slice(0, 8)));
      const { seat } = await registry.proposer(0);
      expect(returned(all.proposerKey)).to.equal(toHex(keys[Number(seat)]!.point));

      const some = await registry.ballot(0, "0x81");
      expect(some.absentCount).to.equal(2);
      expect(returned(some.presentKey)).to.equal(sumOf(beacon, keys.slice(1, 7)));
    });

    it("has the sums and the occupants that evidence asks for", async () => {
      await loadFixture(launched);
      const { registry } = beacon;
      const [count, sum] = await registry.sumOfKeys(0, "0x7e");
      expect([count, returned(sum)]).to.deep.equal([6n, sumOf(beacon, keys.slice(1, 7))]);
      const [none, infinity] = await registry.sumOfKeys(0, "0x");
      expect([none, returned(infinity)]).to.deep.equal([0n, toHex(INFINITY_G1)]);
      await expect(registry.sumOfKeys(0, "0x00")).to.be.revertedWithCustomError(registry, "AbsentSeats_Empty");
      expect(await registry.groupOccupants(0, 1)).to.deep.equal([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]);
      expect(await registry.groupOccupants(1, 1)).to.deep.equal([]);
      await expect(registry.groupOccupants(0, 2)).to.be.revertedWithCustomError(registry, "BeaconRegistry_EpochOpen");
    });

    it("refuses a bitmap that is not the canonical one", async () => {
      await loadFixture(launched);
      const { registry } = beacon;
      await expect(registry.ballot(0, "0x0100"))
        .to.be.revertedWithCustomError(registry, "AbsentSeats_Length")
        .withArgs(2, 1);
      await expect(registry.ballot(0, "0x00")).to.be.revertedWithCustomError(registry, "AbsentSeats_Empty");
      await passToEpoch(beacon, 1);
      await depositAll(beacon, keys.slice(8, 10));
      await passToEpoch(beacon, 3);
      await expect(registry.ballot(3, "0x0004"))
        .to.be.revertedWithCustomError(registry, "AbsentSeats_Padding")
        .withArgs(10, 10);
      await expect(registry.ballot(2, "0x0001")).to.be.revertedWithCustomError(registry, "AbsentSeats_Length");
      const last = await registry.ballot(3, "0x0002");
      expect(returned(last.presentKey)).to.equal(sumOf(beacon, keys.slice(0, 9)));
    });

    it("refuses vacant seats", async () => {
      await loadFixture(launched);
      const { registry, staking } = beacon;
      await registry.connect(await impersonate(beacon, staking)).exit(3);
      await passToEpoch(beacon, 2);
      const before = await registry.ballot(1, "0x06");
      expect(before.occupiedCount).to.equal(8);
      expect(returned(before.presentKey)).to.equal(sumOf(beacon, [keys[0]!, ...keys.slice(3, 8)]));
      await expect(registry.ballot(2, "0x06"))
        .to.be.revertedWithCustomError(registry, "AbsentSeats_Vacant")
        .withArgs(2);
      const after = await registry.ballot(2, "0x02");
      expect(after.occupiedCount).to.equal(7);
      expect(returned(after.presentKey)).to.equal(sumOf(beacon, [keys[0]!, ...keys.slice(3, 8)]));
    });
  });

  describe("randomness", () => {
    it("mixes every deposit before genesis, with a word of the parent chain", async () => {
      await loadFixture(deployed);
      const { registry, staking, crypto, stranger, parameters, networkHelpers, ethers } = beacon;
      let mix = genesisMix(crypto, beacon.domain);
      for (const batch of [keys.slice(0, 5), keys.slice(5, 8)]) {
        const { publicKeys, proof } = batchDeposit(beacon, batch, stranger.address);
        const deposit = () =>
          staking.depositBatch(publicKeys, proof, stranger.address, { value: parameters.stake * BigInt(batch.length) });
        const expected = async () => {
          const { mixHash } = await ethers.provider.send("eth_getBlockByNumber", ["latest", false]);
          return enrolledMix(crypto, mix, fromHex(publicKeys), fromHex(mixHash));
        };
        // The same deposit in other blocks.
        const tried = new Set<string>();
        for (const byte of [1, 2]) {
          const before = await networkHelpers.takeSnapshot();
          await networkHelpers.setPrevRandao(toHex(new Uint8Array(32).fill(byte)));
          const transaction = await deposit();
          await expect(transaction)
            .to.emit(registry, "MixAdvanced")
            .withArgs(0, toBigInt(await expected()));
          tried.add(toHex(await expected()));
          await before.restore();
        }
        expect(tried.size).to.equal(2);
        await deposit();
        mix = await expected();
      }
      await passGenesis(beacon);
      expect(await registry.mixAsOf(0)).to.equal(toBigInt(mix));
      expect(await registry.seed(0)).to.equal(toHex(seedOf(crypto, mix, 0)));
      // From genesis on it is fixed.
      const { publicKeys, proof } = batchDeposit(beacon, keys.slice(8, 9), stranger.address);
      await expect(staking.depositBatch(publicKeys, proof, stranger.address, { value: parameters.stake })).not.to.emit(
        registry,
        "MixAdvanced",
      );
      expect(await registry.seed(0)).to.equal(toHex(seedOf(crypto, mix, 0)));
    });

    it("is not known before genesis", async () => {
      await loadFixture(deployed);
      const { registry, networkHelpers } = beacon;
      const reads = [() => registry.seed(0), () => registry.mixAsOf(0), () => registry.proposer(0)];
      const unknown = async () => {
        for (const read of reads) {
          await expect(read()).to.be.revertedWithCustomError(registry, "BeaconRegistry_BeforeGenesis");
        }
      };
      await unknown();
      await depositAll(beacon, keys.slice(0, 8));
      const genesisTime = (await networkHelpers.time.latest()) + 100;
      await registry.scheduleGenesis(genesisTime);
      await unknown();
      await networkHelpers.time.increaseTo(genesisTime);
      for (const read of reads) await read();
    });

    it("makes of the mix at genesis the first seeds", async () => {
      await loadFixture(launched);
      const { registry, crypto } = beacon;
      const mix = word(await registry.mixAsOf(0));
      expect(await registry.seed(0)).to.equal(toHex(seedOf(crypto, mix, 0)));
      await expect(registry.seed(1))
        .to.be.revertedWithCustomError(registry, "BeaconRegistry_SeedUnknown")
        .withArgs(1, 0);
      await passToEpoch(beacon, 1);
      const seed = seedOf(crypto, mix, 1);
      expect(await registry.seed(1)).to.equal(toHex(seed));
      const seat = proposerSeat(seed, 8);
      expect(await registry.proposer(1)).to.deep.equal([BigInt(seat + 1), BigInt(seat)]);
    });

    it("advances with the epoch of recording, for CrosslinkAnchors alone", async () => {
      await loadFixture(launched);
      const { registry, anchors, crypto, launcher } = beacon;
      const reveals = [1, 2, 3].map((byte) => new Uint8Array(256).fill(byte));
      const hashes = reveals.map((reveal) => toHex(crypto.keccak256(reveal)));
      await expect(registry.openBallot(0, "0x", hashes[0]!))
        .to.be.revertedWithCustomError(registry, "BeaconRegistry_NotAnchors")
        .withArgs(launcher.address);
      const asAnchors = registry.connect(await impersonate(beacon, anchors));
      const mixes = [word(await registry.mixAsOf(0))];
      for (const reveal of reveals) mixes.push(nextMix(crypto, mixes.at(-1)!, reveal));

      await passToEpoch(beacon, 2);
      await expect(asAnchors.openBallot(0, "0x", hashes[0]!))
        .to.emit(registry, "MixAdvanced")
        .withArgs(2, toBigInt(mixes[1]!));
      await asAnchors.openBallot(0, "0x", hashes[1]!);
      await passToEpoch(beacon, 5);
      await asAnchors.openBallot(0, "0x", hashes[2]!);
      for (const [epoch, mix] of [
        [1, 0],
        [2, 2],
        [4, 2],
        [5, 3],
      ] as const) {
        expect(await registry.mixAsOf(epoch)).to.equal(toBigInt(mixes[mix]!));
      }
      expect(await registry.seed(3)).to.equal(toHex(seedOf(crypto, mixes[2]!, 3)));
      expect(await registry.seed(5)).to.equal(toHex(seedOf(crypto, mixes[2]!, 5)));
      // What was accepted in this epoch changes nothing before the next one.
      await expect(registry.seed(6))
        .to.be.revertedWithCustomError(registry, "BeaconRegistry_SeedUnknown")
        .withArgs(6, 5);
      await passToEpoch(beacon, 6);
      expect(await registry.seed(6)).to.equal(toHex(seedOf(crypto, mixes[3]!, 6)));
    });
  });
});
