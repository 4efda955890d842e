import { expect } from "chai";
import { toHex } from "../../protocol/bytes.ts";
import { crosslinkHash, genesisCrosslink } from "../../protocol/crosslink.ts";
import {
  type Beacon,
  deployBeacon,
  depositAll,
  impersonate,
  type KeyPair,
  newKeys,
  openShards,
  passGenesis,
  passToEpoch,
  TEST_PARAMETERS,
} from "../support/beacon.ts";
import { DisputedLine } from "../support/disputed-line.ts";
import { SeededRandom } from "../support/random.ts";

const VALIDATORS = 16;
const NEVER = 2n ** 32n - 1n;

/** 16 validators make two committees of eight, for two shards. Challenges take two epochs and four blocks. */
describe("CrosslinkAnchors: void entries", () => {
  const random = new SeededRandom();
  let beacon: Beacon;
  let keys: KeyPair[];
  let line: DisputedLine;

  before(async () => {
    beacon = await deployBeacon({ ...TEST_PARAMETERS, shardCount: 2 });
    keys = newKeys(beacon.crypto, VALIDATORS, random);
  });

  async function launched() {
    await depositAll(beacon, keys);
    await openShards(beacon, 2);
    await passGenesis(beacon);
  }

  beforeEach(async () => {
    await beacon.networkHelpers.loadFixture(launched);
    line = new DisputedLine(beacon, keys, random);
  });

  const voidIn = (position: number, epochs: readonly number[]) =>
    Promise.all(epochs.map((epoch) => beacon.anchors.isVoid(position, epoch)));

  async function expectRefused(call: Promise<unknown>, error: string, ...args: unknown[]): Promise<void> {
    await expect(call)
      .to.be.revertedWithCustomError(beacon.anchors, error)
      .withArgs(...args);
  }

  async function expectAsModel(): Promise<void> {
    const { found, expected } = await line.compare(Array.from({ length: line.epoch + 3 }, (_, epoch) => epoch));
    expect(found).to.deep.equal(expected);
  }

  describe("are opened", () => {
    it("in the checkpoint that took them in, while they are neither void nor settled", async () => {
      const { anchors } = beacon;
      await line.vote(["living", "living"]);
      await line.vote([null, "living"]);
      const [first, carried] = [line.entry(0), line.entry(1)];
      expect(await anchors.openEntry(line.proof(first))).to.equal(toHex(first.hash));
      expect(await anchors.openAccepted(line.proof(first))).to.equal(toHex(first.hash));
      // The same entry in the checkpoint that it was carried to.
      const later = { ...line.proof({ ...first, checkpoint: carried.checkpoint }) };
      for (const open of [anchors.openEntry, anchors.openAccepted]) {
        await expectRefused(open(later), "CrosslinkAnchors_NotItsCheckpoint", 2, 1);
      }
    });

    it("and nothing else is", async () => {
      const { anchors } = beacon;
      await line.vote(["living", "living"]);
      const [entry, other] = [line.entry(0), line.entry(1)];
      const proof = line.proof(entry);
      const wrong = {
        "another crosslink": line.proof(entry, { lastBlock: 9 }),
        "another position": { ...proof, position: 1 },
        "another body": { ...proof, bodyRoot: toHex(random.bytes(32)) },
        "another absent list": { ...proof, absentHash: toHex(random.bytes(32)) },
        "siblings of another entry": { ...proof, siblings: line.proof(other).siblings },
        "an epoch without a checkpoint": { ...line.proof(entry, { epoch: 2 }), checkpointEpoch: 2 },
      };
      const asDisputes = await line.asDisputes();
      for (const [name, bad] of Object.entries(wrong)) {
        for (const call of [anchors.openEntry, anchors.openAccepted, asDisputes.voidEntry.staticCall]) {
          await expect(call(bad), name).to.be.revertedWithCustomError(anchors, "CrosslinkAnchors_WrongCrosslink");
        }
      }
      await expect(anchors.openEntry({ ...proof, position: 2 })).to.be.revertedWithCustomError(
        { interface: beacon.anchors.interface },
        "PaddedTree_IndexOutOfRange",
      );
      await expect(anchors.openEntry({ ...proof, siblings: [] })).to.be.revertedWithCustomError(
        { interface: beacon.anchors.interface },
        "PaddedTree_ProofLength",
      );
    });
  });

  describe("a dispute", () => {
    it("makes an entry void for Disputes alone", async () => {
      const { anchors, stranger, launcher, slashings } = beacon;
      await line.vote(["living", null]);
      const proof = line.proof(line.entry(0));
      for (const account of [stranger, launcher, await impersonate(beacon, slashings)]) {
        const call = anchors.connect(account).voidEntry(proof);
        await expectRefused(call, "CrosslinkAnchors_NotDisputes", account.address);
        const hold = anchors.connect(account).hold(0, 1, NEVER, 0);
        await expectRefused(hold, "CrosslinkAnchors_NotDataChallenges", account.address);
      }
    });

    it("of a shard's first entry lets it begin anew, in another generation", async () => {
      const { anchors, shards, crypto, domain } = beacon;
      await line.vote(["living", "living"]);
      const [entry, bystander] = [line.entry(0), line.entry(1)];
      const genesis = toHex(crosslinkHash(crypto, domain, genesisCrosslink(1)));
      const voiding = await line.void(entry);
      await expect(voiding).to.emit(anchors, "CrosslinkVoided").withArgs(1, 0, 1, toHex(entry.hash), genesis);
      await expect(voiding).to.emit(shards, "GenerationAdvanced").withArgs(1, 1);
      console.log(`      gas: voidEntry ${(await voiding.wait())?.gasUsed}`);
      const [standing, resume] = await anchors.standing(0);
      expect(resume).to.equal(genesis);
      expect([standing.voidFrom, standing.voidTo]).to.deep.equal([1n, NEVER]);
      await expectRefused(anchors.openEntry(line.proof(entry)), "CrosslinkAnchors_AlreadyVoid", 1, 0);
      await expectRefused((await line.asDisputes()).voidEntry(line.proof(entry)), "CrosslinkAnchors_AlreadyVoid", 1, 0);
      expect(await anchors.openAccepted(line.proof(entry))).to.equal(toHex(entry.hash));
      expect(await anchors.openEntry(line.proof(bystander))).to.equal(toHex(bystander.hash));
      // The next entry builds on the genesis crosslink; a vote for anything else would not verify.
      await line.vote(["living", "living"]);
      expect(toHex(line.entry(0).crosslink.parent)).to.equal(genesis);
      expect((await anchors.standing(0)).resume).to.equal(toHex(new Uint8Array(32)));
      expect(await voidIn(0, [0, 1, 2, 3])).to.deep.equal([false, true, false, false]);
      await expectAsModel();
    });

    it("takes everything with it that was built on the entry, until the shard goes on", async () => {
      for (let epoch = 1; epoch <= 4; epoch++) await line.vote(["living", "living"]);
      await line.void(line.entry(0, 2));
      for (const epoch of [2, 3, 4]) {
        await expectRefused(
          beacon.anchors.openEntry(line.proof(line.entry(0, epoch))),
          "CrosslinkAnchors_AlreadyVoid",
          epoch,
          0,
        );
      }
      // Votes that had been cast before, and one that leaves it as it is.
      await expect(line.vote(["dead", "living"])).to.emit(beacon.anchors, "EntriesVoided");
      await line.vote([null, "living"]);
      await line.vote(["living", "living"]);
      expect(toHex(line.entry(0).crosslink.parent)).to.equal(toHex(line.entry(0, 1).hash));
      expect(await voidIn(0, [1, 2, 3, 4, 5, 6, 7, 8])).to.deep.equal([
        false,
        ...Array(5).fill(true),
        ...Array(2).fill(false),
      ]);
      expect(await voidIn(1, [1, 2, 3, 4, 5, 6, 7])).to.deep.equal(Array(7).fill(false));
      await expectAsModel();
    });

    it("of an ancestor swallows what was void already, whether the shard had gone on or not", async () => {
      for (let epoch = 1; epoch <= 3; epoch++) await line.vote(["living", "living"]);
      await line.void(line.entry(0, 3));
      await line.void(line.entry(0, 2));
      await line.void(line.entry(1, 3));
      await line.vote([null, "living"]);
      await line.vote([null, "living"]);
      await line.void(line.entry(1, 2));
      expect([line.generations[0], line.generations[1]]).to.deep.equal([2, 2]);
      for (const position of [0, 1]) {
        expect((await beacon.anchors.standing(position)).resume).to.equal(toHex(line.entry(position, 1).hash));
      }
      expect(await voidIn(0, [1, 2, 3, 4, 5])).to.deep.equal([false, ...Array(4).fill(true)]);
      await expectAsModel();
      await line.vote(["living", "living"]);
      await expectAsModel();
    });

    it("in a later generation leaves what was void before as it is; one of an ancestor swallows both", async () => {
      await line.vote(["living", null]);
      // Four ranges of one epoch, and entries between them.
      for (let i = 0; i < 4; i++) {
        await line.vote(["living", null]);
        await line.void(line.entry(0));
        await line.vote(["living", null]);
      }
      const [{ earlierRanges }] = await beacon.anchors.standing(0);
      expect(earlierRanges).to.equal(3);
      expect(await voidIn(0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).to.deep.equal(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((epoch) => [2, 4, 6, 8].includes(epoch)),
      );
      await line.void(line.entry(0, 5));
      expect((await beacon.anchors.standing(0))[0].earlierRanges).to.equal(2);
      expect(await voidIn(0, [1, 2, 3, 4, 5, 6, 7, 8, 9])).to.deep.equal(
        [1, 2, 3, 4, 5, 6, 7, 8, 9].map((epoch) => [2, 4].includes(epoch) || epoch >= 5),
      );
      expect((await beacon.anchors.standing(0)).resume).to.equal(toHex(line.entry(0, 3).hash));
      await expectAsModel();
      await line.vote(["living", null]);
      await line.void(line.entry(0, 1));
      expect((await beacon.anchors.standing(0))[0].earlierRanges).to.equal(0);
      await expectAsModel();
    });
  });

  describe("of a generation that the shard has left", () => {
    it("are void at once, and the shard goes on from the entry before", async () => {
      await line.vote(["living", "living"]);
      await line.replaceOperator(0);
      await line.replaceOperator(1);
      // Nothing is void by that alone.
      await expectAsModel();
      const voided = await line.vote(["dead", "living"]);
      await expect(voided).to.emit(beacon.anchors, "EntriesVoided").withArgs(2, 0b01);
      expect((await beacon.anchors.standing(0)).resume).to.equal(toHex(line.entry(0, 1).hash));
      await expectRefused(beacon.anchors.openEntry(line.proof(line.entry(0))), "CrosslinkAnchors_AlreadyVoid", 2, 0);
      await expectAsModel();
      await line.vote(["living", "living"]);
      await expectAsModel();
    });

    it("are passed over as first entries, too", async () => {
      await line.replaceOperator(0);
      await line.vote(["dead", null]);
      const { crypto, domain } = beacon;
      expect((await beacon.anchors.standing(0)).resume).to.equal(
        toHex(crosslinkHash(crypto, domain, genesisCrosslink(1))),
      );
      await line.vote(["living", null]);
      await expectAsModel();
    });

    it("or is not in yet make the vote wait", async () => {
      await line.vote(["living", "living"]);
      line.generations[1] = 1;
      await expect(line.vote(["living", "living"]))
        .to.be.revertedWithCustomError({ interface: beacon.anchors.interface }, "CheckpointEntries_FutureGeneration")
        .withArgs(1, 1, 0);
      line.generations[1] = 0;
      await line.replaceOperator(1);
      await line.vote(["living", "living"]);
    });
  });

  describe("settlement", () => {
    it("passes over void entries, and takes up what the shard goes on with", async () => {
      const { anchors } = beacon;
      for (let epoch = 1; epoch <= 3; epoch++) await line.vote(["living", "living"]);
      await line.void(line.entry(0, 2));
      await line.vote([null, "living"]);
      await line.vote(["living", "living"]);
      await line.vote([null, null]);
      await passToEpoch(beacon, 10);
      const { found, expected } = await line.settle();
      expect(found).to.deep.equal([[], [0], [0], [0], []]);
      expect(found).to.deep.equal(expected);
      expect((await anchors.standing(0))[0].settledEpoch).to.equal(5);
      for (const [position, epoch] of [
        [0, 1],
        [0, 5],
        [1, 3],
      ] as const) {
        const proof = line.proof(line.entry(position, epoch));
        expect(await anchors.verifyCrosslink(proof)).to.equal(toHex(line.entry(position, epoch).hash));
        await expectRefused(anchors.openEntry(proof), "CrosslinkAnchors_AlreadySettled", epoch, position);
        await expectRefused(
          (await line.asDisputes()).voidEntry(proof),
          "CrosslinkAnchors_AlreadySettled",
          epoch,
          position,
        );
      }
      await expectRefused(anchors.verifyCrosslink(line.proof(line.entry(0, 3))), "CrosslinkAnchors_Excepted", 3, 0);
      // A void entry stays void when everything around it has settled.
      await expectRefused(anchors.openEntry(line.proof(line.entry(0, 3))), "CrosslinkAnchors_AlreadyVoid", 3, 0);
      await expectAsModel();
    });

    it("of a checkpoint at which a position is an exception leaves its entries open to dispute", async () => {
      const { anchors } = beacon;
      for (let epoch = 1; epoch <= 4; epoch++) await line.vote(["living", "living"]);
      await line.hold(0, 2, Number(NEVER), 0);
      await passToEpoch(beacon, 9);
      expect((await line.settle()).found).to.deep.equal([[], [0], [0]]);
      expect((await anchors.standing(0))[0].settledEpoch).to.equal(1);
      expect((await anchors.standing(1))[0].settledEpoch).to.equal(3);
      await expectAsModel();
      const proof = line.proof(line.entry(0, 1));
      await expectRefused(anchors.openEntry(proof), "CrosslinkAnchors_AlreadySettled", 1, 0);
      await line.void(line.entry(0, 2));
      await expectAsModel();
    });

    it("waits for the later of a hold's ends, at its position only", async () => {
      const { anchors, networkHelpers } = beacon;
      for (let epoch = 1; epoch <= 4; epoch++) await line.vote(["living", "living"]);
      const { time, block } = await line.now();
      const until = time + 100 * 60;
      await expect(line.hold(0, 1, until, block + 20))
        .to.emit(anchors, "EntryHeld")
        .withArgs(0, 1, until, block + 20);
      await passToEpoch(beacon, 8);
      expect((await line.settle(1)).found).to.deep.equal([[0]]);
      // Time has passed, blocks have not.
      await networkHelpers.time.increaseTo(until + 60);
      expect((await line.settle(1)).found).to.deep.equal([[0]]);
      await networkHelpers.mine(20);
      expect((await line.settle(1)).found).to.deep.equal([[]]);
      expect((await anchors.standing(0))[0].settledEpoch).to.equal(3);
      await expectAsModel();
      // Nothing is left of it: the next one begins anew.
      await line.hold(0, 5, until + 10_000_000, 0);
      expect((await anchors.standing(0))[0].heldFrom).to.equal(5);
    });

    it("has one hold for a position: the earlier epoch and the later end", async () => {
      const { anchors } = beacon;
      for (let epoch = 1; epoch <= 4; epoch++) await line.vote(["living", "living"]);
      const { time, block } = await line.now();
      await line.hold(0, 3, time + 100_000, block + 10);
      await line.hold(0, 2, time + 50_000, block + 20);
      await line.hold(0, 4, time + 70_000, 0);
      const [{ heldFrom, heldUntilTime, heldUntilBlock }] = await anchors.standing(0);
      expect([heldFrom, heldUntilTime, heldUntilBlock].map(Number)).to.deep.equal([2, time + 100_000, block + 20]);
      await passToEpoch(beacon, 9);
      expect((await line.settle()).found).to.deep.equal([[], [0], [0]]);
      await expectAsModel();
    });
  });

  /** Of everything that can happen, in random order. What stands in the contract is a range; the model has no ranges. */
  for (let run = 0; run < 3; run++) {
    it(`follow from the entries alone, whatever happens in which order (${run + 1})`, async function () {
      this.timeout(300_000);
      const done = { voted: 0, voided: 0, refused: 0, replaced: 0, held: 0, settled: 0, excepted: 0 };
      const kind = (position: number) => {
        const die = random.below(10);
        if (die < 5) return "living";
        return die < 7 && (line.generations[position] as number) > 0 ? "dead" : null;
      };
      for (let step = 0; step < 100; step++) {
        const die = random.below(100);
        const position = random.below(2);
        if (die < 50 || line.lines.entries.length === 0) {
          await line.vote([kind(0), kind(1)], line.epoch + (random.below(8) === 0 ? 2 : 1));
          done.voted++;
        } else if (die < 70) {
          const { entries } = line.lines;
          // Mostly of the latest.
          const entry = entries[entries.length - 1 - (random.below(Math.min(entries.length, 8)) as number)];
          if (entry === undefined) throw new Error("no entry");
          if (line.lines.isDisputable(entry)) {
            await line.void(entry);
            done.voided++;
          } else {
            const reason = line.lines.isVoidEntry(entry) ? "AlreadyVoid" : "AlreadySettled";
            const call = (await line.asDisputes()).voidEntry(line.proof(entry));
            await expectRefused(call, `CrosslinkAnchors_${reason}`, entry.crosslink.epoch, entry.position);
            done.refused++;
          }
        } else if (die < 76) {
          await line.replaceOperator(position);
          done.replaced++;
        } else if (die < 84) {
          const { time, block } = await line.now();
          const from = line.lines.settledEpoch(position) + 1 + random.below(4);
          await line.hold(position, from, time + random.below(2500), block + random.below(30));
          done.held++;
        } else {
          const { found, expected } = await line.settle(1 + random.below(4));
          expect(found).to.deep.equal(expected);
          done.settled += found.length;
          done.excepted += found.flat().length;
        }
        const latest = Array.from({ length: 12 }, (_, i) => line.epoch + 2 - i).filter((epoch) => epoch >= 0);
        const { found, expected } = await line.compare([...latest, random.below(line.epoch + 1)]);
        expect(found, `after step ${step}`).to.deep.equal(expected);
      }
      await expectAsModel();
      // Nothing that has settled is void, and the other way round.
      for (const entry of line.lines.entries) {
        expect(line.lines.isSettled(entry) && line.lines.isVoidEntry(entry)).to.equal(false);
      }
      console.log(
        `      ${Object.entries(done)
          .map(([name, count]) => `${name} ${count}`)
          .join(", ")}`,
      );
      for (const [name, count] of Object.entries(done)) expect(count, name).to.be.greaterThan(0);
    });
  }
});
