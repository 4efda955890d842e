import { expect } from "chai";
import { ZeroHash } from "ethers";
import { toHex, word } from "../../protocol/bytes.ts";
import type { EntryRecord } from "../../protocol/checkpoint.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { nextMix } from "../../protocol/randomness.ts";
import { CrosslinkAnchors__factory, ShardRegistryMock__factory } from "../../types/index.ts";
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
import { type Change, Voters } from "../support/checkpoints.ts";
import { SeededRandom } from "../support/random.ts";

/** 32 validators make four committees of eight; three shards are open, so position 3 has a committee and no shard. */
describe("CrosslinkAnchors: votes", () => {
  let beacon: Beacon;
  let keys: KeyPair[];
  let random: SeededRandom;
  let voters: Voters;
  let loadFixture: Beacon["networkHelpers"]["loadFixture"];

  before(async () => {
    beacon = await deployBeacon();
    loadFixture = beacon.networkHelpers.loadFixture.bind(beacon.networkHelpers);
    random = new SeededRandom();
    keys = newKeys(beacon.crypto, 40, random);
  });

  async function launched() {
    await depositAll(beacon, keys.slice(0, 32));
    await openShards(beacon, 3);
    await passGenesis(beacon);
    await passToEpoch(beacon, 2);
  }

  beforeEach(async () => {
    await loadFixture(launched);
    voters = new Voters(beacon, keys);
  });

  function record(overrides: Partial<EntryRecord> = {}): EntryRecord {
    const [blocksRoot, stateRoot] = [random.bytes(32), random.bytes(32)];
    return { generation: 0, firstBlock: 1, lastBlock: 8, blocksRoot, stateRoot, ...overrides };
  }

  function change(position: number, overrides: Partial<EntryRecord> = {}): Change {
    return { position, shardId: position + 1, record: record(overrides) };
  }

  describe("acceptance", () => {
    it("begins with the genesis checkpoint", async () => {
      const { anchors } = beacon;
      expect(await anchors.finality()).to.deep.equal([0n, 0n, 0n]);
      const genesis = await anchors.checkpoint(0);
      expect(genesis.commitment).to.equal(voters.commitment(voters.source));
      expect(genesis.nextEpoch).to.equal(0);
    });

    it("takes a vote of everybody, records it and mixes its reveal", async () => {
      const { anchors, registry, crypto, networkHelpers } = beacon;
      const rewardsRoot = random.bytes(32);
      const { struct, submission, target } = await voters.vote(1, { changes: [change(0), change(2)], rewardsRoot });
      const transaction = await anchors.submit(struct);
      await expect(transaction)
        .to.emit(anchors, "CheckpointAccepted")
        .withArgs(
          1,
          0,
          toHex(voters.root(target)),
          toHex(paddedTreeRoot(crypto, target.entries)),
          toHex(rewardsRoot),
          0b101n,
        );
      await expect(transaction).to.emit(registry, "MixAdvanced");
      await expect(transaction).to.emit(anchors, "CheckpointFinalized").withArgs(0);
      const accepted = await anchors.checkpoint(1);
      expect(accepted.commitment).to.equal(voters.commitment(target));
      expect(accepted.acceptedAt).to.equal(await networkHelpers.time.latest());
      expect(accepted.acceptedBlock).to.equal((await transaction.wait())?.blockNumber);
      expect([accepted.sourceEpoch, accepted.nextEpoch]).to.deep.equal([0n, 0n]);
      expect((await anchors.checkpoint(0)).nextEpoch).to.equal(1);
      expect(await anchors.finality()).to.deep.equal([1n, 0n, 0n]);
      const mix = nextMix(crypto, word(await registry.mixAsOf(1)), submission.reveal);
      expect(await registry.mixAsOf(2)).to.equal(BigInt(toHex(mix)));
      console.log(`      gas: submit, 32 seats, 2 of 4 entries, nobody absent ${(await transaction.wait())?.gasUsed}`);
    });

    it("takes a vote for nothing new", async () => {
      const { anchors } = beacon;
      const { target } = await voters.vote(1);
      await voters.justify(1);
      expect((await anchors.checkpoint(1)).commitment).to.equal(voters.commitment(target));
    });

    it("takes up to a third of the seats absent, and remembers who", async () => {
      const { anchors } = beacon;
      const absent = [0, 7, 8, 13, 20, 21, 22, 29, 30, 31];
      const { struct, submission, target } = await voters.vote(1, { changes: [change(1)], absent });
      const transaction = await anchors.submit(struct);
      expect((await anchors.checkpoint(1)).commitment).to.equal(voters.commitment(target, submission.absent));
      console.log(`      gas: submit, 32 seats, 1 of 4 entries, 10 absent ${(await transaction.wait())?.gasUsed}`);
    });

    it("builds on the previous entries", async () => {
      const { anchors } = beacon;
      await voters.justify(1, { changes: [change(0), change(1)] });
      await passToEpoch(beacon, 3);
      const { struct, target } = await voters.vote(2, { changes: [change(1, { firstBlock: 9, lastBlock: 20 })] });
      await anchors.submit(struct);
      expect((await anchors.checkpoint(2)).commitment).to.equal(voters.commitment(target));
      expect(voters.source.entries[0]).to.deep.equal(target.entries[0]);
      expect(voters.crosslinks.get(1)!.parent).to.deep.equal(voters.source.entries[1]);
    });

    it("judges by the occupants of the target epoch, not by those of today", async () => {
      const { registry, anchors } = beacon;
      await depositAll(beacon, keys.slice(32));
      await passToEpoch(beacon, 4);
      expect(await registry.seatCount(4)).to.equal(36);
      const { struct } = await voters.vote(3, { changes: [change(0)] });
      await expect(anchors.submit(struct)).to.emit(registry, "SeatsRolled").withArgs(4, 36, 36);
      await passToEpoch(beacon, 5);
      voters = new Voters(beacon, keys);
      // From the justified checkpoint of 3 on.
      expect(await anchors.finality()).to.deep.equal([3n, 0n, 0n]);
    });

    it("takes as many blocks as a crosslink may hold, and numbers up to the largest", async () => {
      const { anchors, parameters } = beacon;
      const full = { firstBlock: 2, lastBlock: parameters.maxBlocks + 1 };
      const last = { firstBlock: 2 ** 53 - 1, lastBlock: 2 ** 53 - 1 };
      // The first entries of shards, and what comes after them.
      await expect(voters.justify(1, { changes: [change(0, full), change(1, last)] })).to.emit(
        anchors,
        "CheckpointAccepted",
      );
      await passToEpoch(beacon, 3);
      await expect(voters.justify(2, { changes: [change(0, full), change(1, last)] })).to.emit(
        anchors,
        "CheckpointAccepted",
      );
    });

    it("marks an entry of a dead generation void, and the rest stands", async () => {
      const { registry, launcher, networkHelpers } = beacon;
      const mock = await new ShardRegistryMock__factory(launcher).deploy();
      // Position 1: shard 2 has left generation 0.
      await mock.setAllocation([1n | (2n << 64n) | (1n << 96n) | (3n << 128n)]);
      const anchors = await new CrosslinkAnchors__factory(launcher).deploy(registry, await mock.getAddress());
      // The registry keeps its anchors for ever; put these in their place.
      await networkHelpers.setStorageAt(
        await registry.getAddress(),
        ...(await slotOfAnchors(await anchors.getAddress())),
      );
      voters = new Voters({ ...beacon, anchors }, keys);
      await expect(voters.justify(1, { changes: [change(0), change(1)] }))
        .to.emit(anchors, "EntriesVoided")
        .withArgs(1, 0b10);
      expect(await anchors.settlement(1)).to.deep.equal([0n, 0n]);
      expect([await anchors.isVoid(1, 1), await anchors.isVoid(0, 1)]).to.deep.equal([true, false]);
      await passToEpoch(beacon, 3);
      await expect(voters.justify(2, { changes: [change(0)] })).not.to.emit(anchors, "EntriesVoided");
      await passToEpoch(beacon, 4);
      await voters.justify(3);
      await passToEpoch(beacon, 7);
      await expect(anchors.settle(2)).to.emit(anchors, "CheckpointSettled").withArgs(2, 0b10);
      // Nothing is read from what was built on a void entry.
      expect((await anchors.settlement(1)).exceptions).to.equal(0b10);
      expect((await anchors.settlement(2)).exceptions).to.equal(0b10);
    });

    /** The storage slot that holds `_anchors`, and its word with another address in it. */
    async function slotOfAnchors(replacement: string): Promise<[string, string]> {
      const { ethers, registry, anchors } = beacon;
      const target = (await anchors.getAddress()).slice(2).toLowerCase();
      for (let slot = 0; slot < 20; slot++) {
        const word = await ethers.provider.getStorage(registry, slot);
        if (word.endsWith(target))
          return [ethers.toBeHex(slot), word.replace(target, replacement.slice(2).toLowerCase())];
      }
      throw new Error("no slot holds the anchors");
    }
  });

  describe("finality", () => {
    it("finalises a source only by the epoch after it, with all its ancestors", async () => {
      const { anchors } = beacon;
      await voters.justify(1);
      await passToEpoch(beacon, 4);
      // Epoch 2 has no checkpoint.
      await expect(voters.justify(3)).not.to.emit(anchors, "CheckpointFinalized");
      expect(await anchors.finality()).to.deep.equal([3n, 0n, 0n]);
      await passToEpoch(beacon, 5);
      await expect(voters.justify(4)).to.emit(anchors, "CheckpointFinalized").withArgs(3);
      expect(await anchors.finality()).to.deep.equal([4n, 3n, 0n]);
      expect((await anchors.checkpoint(1)).nextEpoch).to.equal(3);
      expect((await anchors.checkpoint(2)).commitment).to.equal(ZeroHash);
    });

    it("settles in order, when the window has passed in time and in blocks, as much as is asked", async () => {
      const { anchors } = beacon;
      await voters.justify(1);
      await passToEpoch(beacon, 4);
      await voters.justify(3);
      await passToEpoch(beacon, 5);
      // The window of 1 has passed, but it is not final; then both are final, but the window of 3 is open.
      await expect(anchors.settle(9)).not.to.emit(anchors, "CheckpointSettled");
      await voters.justify(4);
      expect(await anchors.settle.staticCall(9)).to.equal(1);
      await expect(anchors.settle(9)).to.emit(anchors, "CheckpointSettled").withArgs(1, 0);
      expect(await anchors.finality()).to.deep.equal([4n, 3n, 1n]);
      expect(await anchors.settlement(1)).to.deep.equal([5n, 0n]);
      await passToEpoch(beacon, 9);
      expect(await anchors.settle.staticCall(0)).to.equal(0);
      // 4 is justified, not finalised.
      expect(await anchors.settle.staticCall(9)).to.equal(1);
      await expect(anchors.settle(1)).to.emit(anchors, "CheckpointSettled").withArgs(3, 0);
      expect(await anchors.settlement(3)).to.deep.equal([9n, 0n]);
      expect(await anchors.settlement(1)).to.deep.equal([5n, 0n]);
      expect(await anchors.settlement(4)).to.deep.equal([0n, 0n]);
      expect(await anchors.settle.staticCall(9)).to.equal(0);
    });

    it("does not settle while the parent chain has too few blocks", async () => {
      const { anchors, networkHelpers } = beacon;
      const receipt = await (await voters.justify(1)).wait();
      await passToEpoch(beacon, 3);
      await voters.justify(2);
      await passToEpoch(beacon, 9);
      const { provider } = beacon.ethers;
      // Three blocks after acceptance; a call is made in the next one.
      expect(await provider.getBlockNumber()).to.equal((receipt?.blockNumber ?? 0) + 3);
      expect(await anchors.settle.staticCall(9, { blockTag: "latest" })).to.equal(0);
      await networkHelpers.mine();
      expect(await anchors.settle.staticCall(9)).to.equal(1);
    });
  });
});
