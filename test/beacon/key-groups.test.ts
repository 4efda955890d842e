import { expect } from "chai";
import { getCreateAddress, MaxUint256 } from "ethers";
import { network } from "hardhat";
import { bitsFrom } from "../../protocol/bits.ts";
import { concat, toHex } from "../../protocol/bytes.ts";
import { KeyBlobsMock__factory, KeyStore__factory } from "../../types/index.ts";
import {
  type Beacon,
  deployBeacon,
  depositAll,
  firstSigner,
  type KeyPair,
  newKeys,
  passGenesis,
  passToEpoch,
  TEST_PARAMETERS,
} from "../support/beacon.ts";

import { INFINITY_G1, returned } from "../support/points.ts";
import { asSlashings } from "../support/stakes.ts";

const SEATS = 550;

describe("Groups of keys", () => {
  let beacon: Beacon;
  let keys: KeyPair[];

  before(async () => {
    beacon = await deployBeacon();
    keys = newKeys(beacon.crypto, SEATS);
    await depositAll(beacon, keys);
    await passGenesis(beacon);
  });

  function sumOf(present: readonly KeyPair[]): string {
    const { bls } = beacon.crypto;
    return toHex(bls.decompressG1(bls.aggregatePublicKeys(present.map(({ publicKey }) => publicKey))));
  }

  /** The ballot's key is the sum of those who are not absent. */
  async function expectBallot(absent: readonly number[]): Promise<void> {
    const ballot = await beacon.registry.ballot(0, bitsFrom([...absent], SEATS));
    const { xa, xb, ya, yb } = ballot.presentKey;
    expect(`0x${[xa, xb, ya, yb].map((word) => word.slice(2)).join("")}`).to.equal(
      sumOf(keys.filter((_, seat) => !absent.includes(seat))),
    );
    expect(ballot.absentCount).to.equal(absent.length);
  }

  const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
  const cases: Record<string, readonly number[]> = {
    "the first seat": [0],
    "the last seats of groups, and the first": [255, 256, 511],
    "every byte and bit of a word": range(0, 32).map((i) => 8 * i + (i % 8)),
    "as many as are copied one by one, and one more": [...range(3, 17), ...range(300, 18)],
    "half a group, and more than half of another": [...range(0, 128), ...range(300, 129)],
    "all but one of a group": range(257, 255),
    "whole groups": range(0, 512),
    "seats of every kind": [...range(10, 5), ...range(256, 256), 512, 549],
  };

  it("are summed up from storage before they are packed", async () => {
    for (const absent of Object.values(cases)) await expectBallot(absent);
  });

  it("are packed one by one by anybody, when they are full", async () => {
    const { registry, stranger, ethers } = beacon;
    for (const group of [0, 1]) {
      const packed = keys
        .slice(256 * group, 256 * (group + 1))
        .map(({ point }) => concat(point.subarray(16, 64), point.subarray(80, 128)));
      await registry.connect(stranger).packKeys();
      const [event] = await registry.queryFilter(registry.filters.KeysPacked, "latest");
      expect(event?.args.group).to.equal(group);
      expect(await ethers.provider.getCode(event?.args.blob as string)).to.equal(toHex(concat(...packed)));
      expect(await registry.packedGroups()).to.equal(group + 1);
    }
    await expect(registry.packKeys())
      .to.be.revertedWithCustomError(registry, "ValidatorSet_GroupNotFull")
      .withArgs(2, SEATS);
  });

  it("are summed up from blobs afterwards, to the same keys", async () => {
    for (const absent of Object.values(cases)) await expectBallot(absent);
  });

  it("leave the rules of bitmaps as they were", async () => {
    const { registry } = beacon;
    const bitmap = bitsFrom([0, 300], SEATS);
    bitmap[68] = 0x40;
    await expect(registry.ballot(0, bitmap))
      .to.be.revertedWithCustomError(registry, "AbsentSeats_Padding")
      .withArgs(SEATS, SEATS);
    await expect(registry.ballot(0, new Uint8Array(69))).to.be.revertedWithCustomError(registry, "AbsentSeats_Empty");
    await expect(registry.ballot(0, new Uint8Array(64)))
      .to.be.revertedWithCustomError(registry, "AbsentSeats_Length")
      .withArgs(64, 69);
  });

  it("find the proposer's key in a blob and outside", async () => {
    const { registry } = beacon;
    const { seat } = await registry.proposer(0);
    const { proposerKey } = await registry.ballot(0, "0x");
    expect(proposerKey.yb).to.equal(toHex((keys[Number(seat)] as KeyPair).point.subarray(96)));
  });
});

describe("Groups of keys whose seats change hands", () => {
  const KEYS = 680;
  let beacon: Beacon;
  let keys: KeyPair[];

  before(async () => {
    beacon = await deployBeacon({ ...TEST_PARAMETERS, churnPerEpochMin: 16 });
    keys = newKeys(beacon.crypto, KEYS);
    await depositAll(beacon, keys.slice(0, SEATS), 64);
    await passGenesis(beacon);
  });

  /** The sums of the seats of an epoch are those of the occupants that the registry names one by one. */
  async function expectEpoch(epoch: number): Promise<void> {
    const { registry, crypto } = beacon;
    const count = Number(await registry.seatCount(epoch));
    const occupants: number[] = [];
    for (let group = 0; 256 * group < count; group++) {
      occupants.push(...(await registry.groupOccupants(group, epoch)).map(Number));
    }
    expect(occupants).to.have.length(count);
    const occupied = [...occupants.keys()].filter((seat) => occupants[seat] !== 0);
    expect(await registry.occupiedCount(epoch)).to.equal(occupied.length);
    const lists: Record<string, (seat: number) => boolean> = {
      "every third": (seat) => seat % 3 === 0,
      "nearly all of a group": (seat) => seat < 250,
      "all of two groups": (seat) => seat < 512,
      "those that change": (seat) => seat % 32 < 2,
      everybody: () => true,
    };
    for (const [name, isListed] of Object.entries(lists)) {
      const listed = occupied.filter(isListed);
      const publicKeys = listed.map((seat) => (keys[(occupants[seat] as number) - 1] as KeyPair).publicKey);
      const [number, sum] = await registry.sumOfKeys(epoch, bitsFrom(listed, count));
      expect(number).to.equal(listed.length);
      expect(returned(sum), `${name} in epoch ${epoch}`).to.equal(
        toHex(crypto.bls.decompressG1(crypto.bls.aggregatePublicKeys(publicKeys))),
      );
      const ballot = await registry.ballot(epoch, bitsFrom(listed, count));
      expect(ballot.absentCount).to.equal(listed.length);
      expect(ballot.occupiedCount).to.equal(occupied.length);
    }
    for (const seat of [...occupants.keys()].filter((seat) => occupants[seat] === 0)) {
      await expect(registry.sumOfKeys(epoch, bitsFrom([seat], count)))
        .to.be.revertedWithCustomError(registry, "AbsentSeats_Vacant")
        .withArgs(seat);
    }
  }

  /** Of all epochs so far. */
  async function expectAll(): Promise<void> {
    const { registry } = beacon;
    const last = Number(await registry.currentEpoch());
    for (let epoch = 0; epoch <= last; epoch++) await expectEpoch(epoch);
    for (let epoch = 1; epoch <= last; epoch++) {
      const { validator } = await registry.proposer(epoch);
      const { proposerKey } = await registry.ballot(epoch, "0x");
      expect(returned(proposerKey)).to.equal(
        validator === 0n ? toHex(INFINITY_G1) : returned(await registry.keyOf(validator)),
      );
    }
  }

  it("are summed up to the keys of their occupants, packed or not, before, between and after", async () => {
    const { registry, staking, stranger } = beacon;
    await registry.packKeys();
    const asOwner = staking.connect(stranger);
    // Seats 0, 1, 32, 33, ... of both groups, and two of those that are never packed.
    for (let validator = 1; validator <= SEATS; validator += 32) {
      await asOwner.exit(validator);
      if (validator <= 256) await (await asSlashings(beacon)).slash(validator + 1, stranger.address);
    }
    await passToEpoch(beacon, 1);
    // Some of the seats are taken again from epoch 3 on, one of them is left once more from epoch 5 on.
    await depositAll(beacon, keys.slice(SEATS, SEATS + 20), 20);
    await passToEpoch(beacon, 3);
    await asOwner.exit(SEATS + 1);
    await passToEpoch(beacon, 4);
    await depositAll(beacon, keys.slice(SEATS + 20, 640), 64);
    await passToEpoch(beacon, 7);
    const { seat, exitEpoch } = await registry.tenure(SEATS + 1);
    expect([seat, exitEpoch]).to.deep.equal([0n, 5n]);
    await expectAll();
    await registry.rollEpochs(100);
    // A group that has changed before it is packed.
    await registry.packKeys();
    expect(await registry.packedGroups()).to.equal(2);
    await expectAll();
  });

  it("are packed again by anybody, and cheap again from then on", async () => {
    const { registry, staking, stranger, parameters, ethers } = beacon;
    const asOwner = staking.connect(stranger);
    const changing = bitsFrom(
      Array.from({ length: 512 }, (_, seat) => seat).filter((seat) => seat % 32 === 0),
      Number(await registry.seatCount(7)),
    );
    const before = await registry.sumOfKeys.estimateGas(7, changing);
    const renew = registry.connect(stranger).renewKeys(0);
    await expect(renew).to.emit(registry, "KeysRenewed");
    const [event] = await registry.queryFilter(registry.filters.KeysRenewed, "latest");
    expect([event?.args.group, event?.args.epoch]).to.deep.equal([0n, 7n]);
    const code = await ethers.provider.getCode(event?.args.blob as string);
    for (let seat = 0; seat < 256; seat++) {
      const { point } = keys[Number(await registry.occupant(seat, 7)) - 1] ?? {};
      if (point === undefined) continue;
      const key = concat(point.subarray(16, 64), point.subarray(80, 128));
      expect(code.slice(2 + 192 * seat, 2 + 192 * (seat + 1)), `seat ${seat}`).to.equal(toHex(key).slice(2));
    }
    await registry.renewKeys(1);
    const after = await registry.sumOfKeys.estimateGas(7, changing);
    console.log(`      gas: the sum of 16 seats that have changed ${before}, packed again ${after}`);
    // Each of them took 7k more.
    expect(after).to.be.lessThan(before - 16n * 7000n);
    await expectAll();

    // What changes after that is right too, for every epoch: in the new blob, in the one before, in the first.
    for (const seat of [0, 3, 32, 300, 320]) await asOwner.exit(await registry.occupant(seat, 7));
    await passToEpoch(beacon, 9);
    await depositAll(beacon, keys.slice(640, 660), 20);
    await passToEpoch(beacon, 10);
    await expectAll();
    for (const age of [10, 7 + parameters.submitEpochs]) {
      if (age > 10) await passToEpoch(beacon, age);
      await expect(registry.renewKeys(0))
        .to.be.revertedWithCustomError(registry, "ValidatorSet_RenewedRecently")
        .withArgs(0, 7);
    }
    await passToEpoch(beacon, 8 + parameters.submitEpochs);
    await registry.renewKeys(0);
    await expectAll();
    for (const seat of [5, 6]) await asOwner.exit(await registry.occupant(seat, 12));
    await passToEpoch(beacon, 10 + parameters.submitEpochs);
    await depositAll(beacon, keys.slice(660), 20);
    await passToEpoch(beacon, 14 + parameters.submitEpochs);
    await registry.renewKeys(0);
    await expectAll();
  });

  it("are not packed again for nothing", async () => {
    const { registry, parameters } = beacon;
    await passToEpoch(beacon, 20 + 2 * parameters.submitEpochs);
    for (const group of [2, 3]) {
      await expect(registry.renewKeys(group))
        .to.be.revertedWithCustomError(registry, "ValidatorSet_GroupNotSettled")
        .withArgs(group, 2);
    }
    await expect(registry.renewKeys(0))
      .to.be.revertedWithCustomError(registry, "ValidatorSet_NothingToRenew")
      .withArgs(0);
  });
});

describe("Blobs, bits and mixes", () => {
  async function deploy() {
    const { ethers } = await network.create();
    const signer = await firstSigner(ethers);
    return { ethers, signer, mock: await new KeyBlobsMock__factory(signer).deploy() };
  }

  it("have the addresses that their numbers give", async () => {
    const { ethers, mock } = await deploy();
    const store = await mock.store();
    for (const index of [0, 1, 126, 127, 254, 255, 256, 65_534, 65_535, 65_536, 2 ** 24 - 2]) {
      expect(await mock.addressOf(store, index)).to.equal(getCreateAddress({ from: store, nonce: index + 1 }));
    }
    for (const [index, data] of ["0x00ff", "0x1a", `0x00${"5b".repeat(24_575)}`].entries()) {
      await mock.write(data);
      expect(await ethers.provider.getCode(await mock.addressOf(store, index))).to.equal(data);
    }
  });

  it("are written by the owner of the store, and cannot be run", async () => {
    const { signer, mock } = await deploy();
    const store = KeyStore__factory.connect(await mock.store(), signer);
    await expect(store.write("0x00"))
      .to.be.revertedWithCustomError(store, "KeyStore_NotOwner")
      .withArgs(signer.address);
    await expect(mock.write("0x5bff")).to.be.revertedWithCustomError(store, "KeyStore_NotInert").withArgs(0x5b);
    await expect(mock.write(`0x${"00".repeat(24_577)}`)).to.be.revertedWithCustomError(
      store,
      "KeyStore_CreationFailed",
    );
  });

  it("are counted", async () => {
    const { mock } = await deploy();
    for (const [word, count] of [
      [0n, 0],
      [1n, 1],
      [1n << 255n, 1],
      [MaxUint256, 256],
      [MaxUint256 - 1n, 255],
      [MaxUint256 / 3n, 128],
    ] as const) {
      expect(await mock.bits(word)).to.equal(count);
    }
  });

  it("are found in their history, however long", async () => {
    const { mock } = await deploy();
    const epochs = [0, 2, 3, 3, 7, 8, 20, 21, 22, 40];
    for (const [mix, epoch] of epochs.entries()) await mock.push(epoch, mix + 1);
    for (let epoch = 0; epoch < 45; epoch++) {
      expect(await mock.asOf(epoch)).to.equal(epochs.findLastIndex((e) => e <= epoch) + 1);
    }
  });
});
