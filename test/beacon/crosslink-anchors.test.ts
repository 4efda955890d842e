import { expect } from "chai";
import { concat as concatHex, keccak256, ZeroHash } from "ethers";
import { concat, fromBigInt, toHex, word, ZERO_HASH } from "../../protocol/bytes.ts";
import type { EntryRecord } from "../../protocol/checkpoint.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { nextMix } from "../../protocol/randomness.ts";
import { ParentInconsistent } from "../../relayer/parent/errors.ts";
import { decodeSubmission } from "../../relayer/parent/submission-codec.ts";
import type { CheckpointSubmissionStruct } from "../../types/beacon/ICrosslinkAnchors.ts";
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
import { otherEncodings } from "../support/other-encodings.ts";
import { OFF_CURVE_G2, OFF_SUBGROUP_G2 } from "../support/points.ts";
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

  async function submitWith(overrides: Partial<CheckpointSubmissionStruct>, epoch = 1) {
    const { struct } = await voters.vote(epoch, { changes: [change(0)] });
    return beacon.anchors.submit({ ...struct, ...overrides });
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
      expect(await anchors.settlement(1)).to.deep.equal([0n, 0b10n]);
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

  describe("refusals", () => {
    it("a submission by a contract", async () => {
      const { anchors, ethers, launcher, networkHelpers } = beacon;
      const { struct } = await voters.vote(1);
      const caller = await ethers.deployContract("CallerMock");
      const data = anchors.interface.encodeFunctionData("submit", [struct]);
      await expect(caller.call(anchors, data))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NotPlainAccount")
        .withArgs(await caller.getAddress());
      // An account that has delegated to code (EIP-7702).
      await networkHelpers.setCode(launcher.address, `0xef0100${(await caller.getAddress()).slice(2)}`);
      await expect(anchors.submit(struct))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NotPlainAccount")
        .withArgs(launcher.address);
    });

    it("a submission in another encoding than the canonical one", async () => {
      const { anchors, launcher } = beacon;
      const { struct } = await voters.vote(1, { changes: [change(0)] });
      const input = anchors.interface.encodeFunctionData("submit", [struct]);
      const to = await anchors.getAddress();
      for (const [name, data] of Object.entries(otherEncodings(input))) {
        await expect(launcher.sendTransaction({ to, data }), name).to.be.revertedWithCustomError(
          anchors,
          "CrosslinkAnchors_NotCanonical",
        );
        expect(() => decodeSubmission(anchors.interface, data), name).to.throw(ParentInconsistent);
      }
      await expect(launcher.sendTransaction({ to, data: input })).to.emit(anchors, "CheckpointAccepted");
    });

    it("a source that is not the latest justified checkpoint", async () => {
      const { anchors } = beacon;
      await passToEpoch(beacon, 3);
      const { struct: stale } = await voters.vote(2);
      await voters.justify(1);
      await expect(anchors.submit(stale))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NotLatestJustified")
        .withArgs(0, 1);
      await expect(submitWith({ sourceEpoch: 2 }, 2)).to.be.revertedWithCustomError(
        anchors,
        "CrosslinkAnchors_NotLatestJustified",
      );
    });

    it("a target that is not after its source, is not over, or is too old", async () => {
      const { anchors } = beacon;
      await expect(submitWith({ targetEpoch: 0 }))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_TargetNotAfterSource")
        .withArgs(0, 0);
      await expect(submitWith({}, 2))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_EpochNotOver")
        .withArgs(2, 2);
      await expect(submitWith({ targetEpoch: 2n ** 64n - 1n }))
        .to.be.revertedWithCustomError(beacon.registry, "BeaconRegistry_EpochOpen")
        .withArgs(2n ** 64n - 1n, 2 + beacon.parameters.inputDelay);
      await passToEpoch(beacon, 6);
      await expect(submitWith({}, 1)).to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_TooLate").withArgs(1, 6);
      await expect(submitWith({}, 2)).to.emit(anchors, "CheckpointAccepted");
    });

    it("entries that do not open the source", async () => {
      const { anchors } = beacon;
      const { struct } = await voters.vote(1);
      for (const count of [0, 3, 5]) {
        await expect(anchors.submit({ ...struct, previousEntries: new Array(count).fill(ZeroHash) }))
          .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_EntryCount")
          .withArgs(count, 4);
      }
      const previousEntries = [toHex(random.bytes(32)), ZeroHash, ZeroHash, ZeroHash];
      for (const wrong of [{ previousEntries }, { sourceRoot: toHex(random.bytes(32)) }]) {
        const { previousEntries: entries, sourceRoot } = { ...struct, ...wrong };
        const opened = keccak256(concatHex([sourceRoot, ...entries] as string[]));
        const expected = keccak256(concatHex([struct.sourceRoot, ...struct.previousEntries] as string[]));
        await expect(anchors.submit({ ...struct, ...wrong }))
          .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_WrongSource")
          .withArgs(opened, expected);
      }
    });

    it("changes without a committee or a shard", async () => {
      const { anchors } = beacon;
      for (const changed of [0b10000n, 1n << 255n]) {
        await expect(submitWith({ changed }))
          .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NoCommittee")
          .withArgs(changed, 4);
      }
      const { struct } = await voters.vote(1, { changes: [change(3)] });
      await expect(anchors.submit(struct))
        .to.be.revertedWithCustomError(anchors, "CheckpointEntries_NoShard")
        .withArgs(3);
    });

    it("records that do not fit the changed positions", async () => {
      const { anchors } = beacon;
      // Block 1 alone, so that only the length is wrong.
      const good = concat(new Uint8Array(4), fromBigInt(1n, 8), fromBigInt(1n, 8), new Uint8Array(64 + 84));
      for (const length of [0, 83, 85, 168]) {
        await expect(submitWith({ entries: toHex(good.subarray(0, length)) }))
          .to.be.revertedWithCustomError(anchors, "CheckpointEntries_RecordsLength")
          .withArgs(length, 84);
      }
    });

    it("block ranges that no crosslink can have", async () => {
      const { anchors, parameters } = beacon;
      const { maxBlocks } = parameters;
      for (const [firstBlock, lastBlock] of [
        [0, 5],
        [6, 5],
        [1, maxBlocks + 1],
      ] as const) {
        const { struct } = await voters.vote(1, { changes: [change(1, { firstBlock, lastBlock })] });
        await expect(anchors.submit(struct))
          .to.be.revertedWithCustomError(anchors, "CheckpointEntries_BlockRange")
          .withArgs(1, firstBlock, lastBlock);
      }
      await expect(voters.justify(1, { changes: [change(1, { firstBlock: 2, lastBlock: maxBlocks + 1 })] })).to.emit(
        anchors,
        "CheckpointAccepted",
      );
    });

    it("block numbers that no follower would decode", async () => {
      const { anchors } = beacon;
      const last = 2 ** 53 - 1;
      const beyond = async (epoch: number) => {
        const { struct } = await voters.vote(epoch, {
          changes: [change(1, { firstBlock: last, lastBlock: last })],
        });
        const entries = toHex(
          concat(new Uint8Array(4), fromBigInt(2n ** 53n - 1n, 8), fromBigInt(2n ** 53n, 8), random.bytes(64)),
        );
        await expect(anchors.submit({ ...struct, entries }))
          .to.be.revertedWithCustomError(anchors, "CheckpointEntries_BlockRange")
          .withArgs(1, last, 2n ** 53n);
      };
      // A shard's first entry and a later one, and the largest number that is taken.
      await beyond(1);
      await voters.justify(1, { changes: [change(1, { firstBlock: last - 1, lastBlock: last - 1 })] });
      await passToEpoch(beacon, 3);
      await beyond(2);
      await voters.justify(2, { changes: [change(1, { firstBlock: last, lastBlock: last })] });
    });

    it("fewer than two thirds", async () => {
      const { anchors } = beacon;
      // 21 of 32 is less than two thirds, 22 is more.
      const absent = Array.from({ length: 11 }, (_, i) => i);
      const { struct } = await voters.vote(1, { absent });
      await expect(anchors.submit(struct))
        .to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_NoQuorum")
        .withArgs(21, 32);
    });

    it("a bitmap of the absent that is not canonical", async () => {
      const { anchors, registry } = beacon;
      await expect(submitWith({ absent: "0x0000000000" })).to.be.revertedWithCustomError(
        registry,
        "AbsentSeats_Length",
      );
      await expect(submitWith({ absent: "0x00000000" })).to.be.revertedWithCustomError(registry, "AbsentSeats_Empty");
      // A bitmap that says less or more than who signed.
      await expect(submitWith({ absent: "0x00000001" })).to.be.revertedWithCustomError(
        anchors,
        "CrosslinkAnchors_InvalidSignature",
      );
    });

    it("signatures of another vote, of others, or of nobody", async () => {
      const { anchors } = beacon;
      const { struct } = await voters.vote(1, { changes: [change(0)] });
      const { struct: other } = await voters.vote(1, { changes: [change(0)] });
      const infinity = `0x${"00".repeat(256)}`;
      for (const wrong of [
        { signature: other.signature },
        { reveal: toHex(voters.sign([keys[33]!], random.bytes(32))) },
        { signature: struct.reveal, reveal: struct.signature },
        { rewardsRoot: toHex(random.bytes(32)) },
        { signature: infinity },
        { reveal: infinity },
      ]) {
        await expect(anchors.submit({ ...struct, ...wrong })).to.be.revertedWithCustomError(
          anchors,
          "CrosslinkAnchors_InvalidSignature",
        );
      }
      for (const wrong of [{ signature: "0x" }, { reveal: `${String(struct.reveal)}00` }]) {
        await expect(anchors.submit({ ...struct, ...wrong })).to.be.revertedWithCustomError(
          anchors,
          "CrosslinkAnchors_SignatureLength",
        );
      }
      for (const point of [OFF_CURVE_G2, OFF_SUBGROUP_G2].map(toHex)) {
        for (const wrong of [{ signature: point }, { reveal: point }]) {
          await expect(anchors.submit({ ...struct, ...wrong })).to.be.revertedWithCustomError(
            anchors,
            "Bls_PrecompileFailed",
          );
        }
      }
    });

    it("signatures shifted against each other", async () => {
      const { anchors, crypto } = beacon;
      const { submission, struct } = await voters.vote(1, { changes: [change(0)] });
      // vote + d and reveal - d have the same sum; with d of a known key both are valid points.
      const { bls12_381 } = await import("@noble/curves/bls12-381.js");
      const point = (bytes: Uint8Array) => bls12_381.G2.Point.fromBytes(crypto.bls.compressG2(bytes));
      const shift = bls12_381.G2.Point.BASE;
      const encode = (p: typeof shift) => toHex(crypto.bls.decompressG2(p.toBytes()));
      const signature = encode(point(submission.signature).add(shift));
      const reveal = encode(point(submission.reveal).subtract(shift));
      await expect(anchors.submit({ ...struct, signature, reveal })).to.be.revertedWithCustomError(
        anchors,
        "CrosslinkAnchors_InvalidSignature",
      );
    });

    it("an epoch without a proposer", async () => {
      const empty = await deployBeacon();
      await passGenesis(empty);
      await passToEpoch(empty, 2);
      const source = new Voters(empty, []);
      const signature = toHex(voters.sign(keys.slice(0, 1), random.bytes(32)));
      await expect(
        empty.anchors.submit({
          targetEpoch: 1,
          sourceEpoch: 0,
          sourceRoot: toHex(source.root()),
          previousEntries: source.source.entries.map(toHex),
          changed: 0,
          entries: "0x",
          rewardsRoot: toHex(ZERO_HASH),
          absent: "0x",
          signature,
          reveal: signature,
        }),
      )
        .to.be.revertedWithCustomError(empty.anchors, "CrosslinkAnchors_NoProposer")
        .withArgs(1);
    });
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
