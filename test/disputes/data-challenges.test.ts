import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";
import fc from "fast-check";
import { toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { hashNode, paddedTreeProof, paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { CallerMock__factory } from "../../types/index.ts";
import { ANY, expectRefused, type Refusal } from "../support/bad-inputs.ts";
import { type Beacon, passToEpoch } from "../support/beacon.ts";
import {
  ABSENT,
  type DisputedShards,
  disputedShards,
  headerStruct,
  type JudgedBeacon,
  type MadeBlock,
  NO_SALT,
} from "../support/disputed-shards.ts";
import { property } from "../support/property.ts";
import { BURN_ADDRESS } from "../support/stakes.ts";

/** Steps of the blocks of shard 1's first crosslink: three chunks, one, and one of a single group. */
const STEPS = [600, 13, 3];
const CHUNK = 256;
const ALL_HEADERS = 0xffff;

describe("Data challenges", () => {
  let shards: DisputedShards;
  let beacon: JudgedBeacon;
  let start: Awaited<ReturnType<Beacon["networkHelpers"]["takeSnapshot"]>>;
  let open: Set<bigint>;

  before(async () => {
    shards = await disputedShards(STEPS);
    beacon = shards.beacon;
    start = await beacon.networkHelpers.takeSnapshot();
  });

  beforeEach(() => {
    open = new Set();
  });

  /** What the contract holds is the bonds of challenges, and what was earned and not fetched. */
  afterEach(async () => {
    const { challenges, ethers, stranger, launcher } = beacon;
    let owed = (await challenges.creditOf(stranger)) + (await challenges.creditOf(launcher));
    for (const id of open) owed += (await challenges.challenge(id)).bond;
    expect(await ethers.provider.getBalance(challenges), "what DataChallenges holds").to.equal(owed);
    await start.restore();
    shards.voters.source = shards.checkpoint(2);
    start = await beacon.networkHelpers.takeSnapshot();
  });

  const data = (name: string, args: readonly unknown[], value = 0n) => ({
    to: beacon.challenges,
    data: beacon.challenges.interface.encodeFunctionData(name as never, args as never),
    value,
  });
  const bondFor = (shardId = 1) => beacon.challenges.nextBond(shardId - 1);
  const idOf = (block: number, chunk: number, hash = shards.hash(1, 1)): bigint =>
    BigInt(keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint16", "uint8"], [hash, block, chunk])));
  const evidenceOf = (index: number) => ({ index, header: shards.headerOpening(index) });
  const askHeaders = (value: bigint, shardId = 1, epoch = 1) =>
    data("challengeHeaders", [shards.proof(shardId, epoch)], value);
  const askChunk = (block: number, chunk: number, value: bigint) =>
    data("challengeChunk", [shards.proof(1, 1), evidenceOf(block), chunk], value);

  /** Whoever challenges is the stranger, whoever answers the launcher. */
  async function challengeHeaders(shardId = 1, epoch = 1): Promise<bigint> {
    await beacon.stranger.sendTransaction(askHeaders((await bondFor(shardId)) * 2n, shardId, epoch));
    const id = idOf(ALL_HEADERS, 0, shards.hash(shardId, epoch));
    open.add(id);
    return id;
  }

  async function challengeChunk(block: number, chunk: number): Promise<bigint> {
    await beacon.stranger.sendTransaction(askChunk(block, chunk, (await bondFor()) * 2n));
    const id = idOf(block, chunk);
    open.add(id);
    return id;
  }

  const headers = () => shards.blocks.map(({ header }) => headerStruct(header));

  /** Roots of the chunks of a block's padded trace. */
  function chunkRoots({ leaves }: MadeBlock): string[] {
    const { crypto } = beacon;
    if (leaves.length <= CHUNK) return [toHex(paddedTreeRoot(crypto, leaves))];
    const size = 2 ** Math.ceil(Math.log2(leaves.length));
    const padded = Array.from({ length: size }, (_, i) => leaves[i] ?? ZERO_HASH);
    return Array.from({ length: size / CHUNK }, (_, i) =>
      toHex(paddedTreeRoot(crypto, padded.slice(i * CHUNK, (i + 1) * CHUNK))),
    );
  }

  /** The argument of `answerSteps` for a part of so many steps, or up to the end of the trace. */
  function answer(block: number, first: number, size: number) {
    const made = shards.blocks[block] as MadeBlock;
    const { leaves, steps } = made;
    const offset = Math.floor(first / CHUNK) * CHUNK;
    const isOneChunk = leaves.length <= CHUNK;
    const chunkSize = isOneChunk ? leaves.length : CHUNK;
    const chunk = Array.from({ length: chunkSize }, (_, i) => leaves[offset + i] ?? ZERO_HASH);
    const depth = Math.log2(Math.max(8, 2 ** Math.ceil(Math.log2(size))));
    const siblings = paddedTreeProof(beacon.crypto, chunk, first - offset).slice(depth);
    return {
      id: idOf(block, first >> 8),
      first,
      steps: steps.slice(first, first + size),
      siblings: siblings.map(toHex),
      chunkRoots: chunkRoots(made),
    };
  }

  type Answer = ReturnType<typeof answer>;
  const answerData = ({ id, first, steps, siblings, chunkRoots: roots }: Answer) =>
    data("answerSteps", [id, first, steps, siblings, roots]);
  const answered = (part: Answer) => beacon.launcher.sendTransaction(answerData(part));

  async function passDeadline(id: bigint): Promise<void> {
    const { deadlineTime, deadlineBlock } = await beacon.challenges.challenge(id);
    await beacon.networkHelpers.time.increaseTo(deadlineTime);
    if ((await beacon.networkHelpers.time.latestBlock()) < Number(deadlineBlock)) {
      await beacon.networkHelpers.mineUpTo(deadlineBlock);
    }
  }

  const silence = (id: bigint) => AbiCoder.defaultAbiCoder().encode(["uint256"], [id]);
  const dispute = (id: bigint, shardId = 1, epoch = 1) =>
    shards.disputeData("Silence", shards.proof(shardId, epoch), silence(id), NO_SALT);

  describe("for headers", () => {
    it("are answered with all of them, for half of the bond; the other half is burnt", async () => {
      const { challenges, launcher, ethers } = beacon;
      const id = await challengeHeaders();
      const { bond, count, missing, root } = await challenges.challenge(id);
      expect([count, missing, root]).to.deep.equal([3n, 1n, toHex(shards.crosslink(1, 1).blocksRoot)]);
      const burnt = await ethers.provider.getBalance(BURN_ADDRESS);
      const transaction = launcher.sendTransaction(data("answerHeaders", [id, headers()]));
      await expect(transaction).to.emit(challenges, "HeadersAnswered");
      expect(await challenges.creditOf(launcher)).to.equal(bond / 2n);
      expect((await ethers.provider.getBalance(BURN_ADDRESS)) - burnt).to.equal(bond - bond / 2n);
      expect(await challenges.openCount(shards.hash(1, 1))).to.equal(0);
      await expect(challenges.connect(launcher).claim()).to.changeEtherBalance(ethers, launcher, bond / 2n);
    });

    it("are not answered by anything else", async () => {
      const id = await challengeHeaders();
      const list = headers();
      const root = toHex(shards.crosslink(1, 1).blocksRoot);
      const attempt = (its: unknown, of = id) => data("answerHeaders", [of, its]);
      await expectRefused(beacon, attempt(list.slice(1)), ["DataChallenges_WrongCount", 2, 3]);
      await expectRefused(beacon, attempt([...list, list[0]]), ["DataChallenges_WrongCount", 4, 3]);
      await expectRefused(beacon, attempt([]), ["DataChallenges_WrongCount", 0, 3]);
      await expectRefused(beacon, attempt([...list].reverse()), ["DataChallenges_WrongAnswer", ANY, root]);
      const changed = list.map((header, i) => (i === 1 ? { ...header, slot: header.slot + 1 } : header));
      await expectRefused(beacon, attempt(changed), ["DataChallenges_WrongAnswer", ANY, root]);
      await expectRefused(beacon, attempt(list, id + 1n), ["DataChallenges_Unknown", id + 1n]);
      const steps = { ...answer(1, 0, 13), id };
      await expectRefused(beacon, answerData(steps), ["DataChallenges_WrongKind", id]);
      await beacon.launcher.sendTransaction(attempt(list));
      await expectRefused(beacon, attempt(list), ["DataChallenges_NotOpen", id]);
    });
  });

  describe("for steps", () => {
    it("are answered with the chunk, or with all of a short trace", async () => {
      for (const [block, chunk, size] of [
        [0, 0, 256],
        [0, 2, 88],
        [1, 0, 13],
        [2, 0, 3],
      ] as const) {
        const id = await challengeChunk(block, chunk);
        const { bond, missing } = await beacon.challenges.challenge(id);
        expect(missing).to.equal(2 ** Math.ceil(size / 8) - 1);
        const before = await beacon.challenges.creditOf(beacon.launcher);
        const part = answer(block, chunk * CHUNK, size);
        await expect(answered(part))
          .to.emit(beacon.challenges, "StepsAnswered")
          .withArgs(
            id,
            beacon.launcher.address,
            0,
            part.first,
            part.steps.map(({ word, stateRoot, payload }) => [word, stateRoot, payload]),
            part.siblings,
            part.chunkRoots,
          );
        expect((await beacon.challenges.creditOf(beacon.launcher)) - before).to.equal(bond / 2n);
        await expectRefused(beacon, answerData(part), ["DataChallenges_NotOpen", id]);
      }
    });

    it("are answered in any parts and order, each earning its share once", async () => {
      const part = fc.record({ chunk: fc.constantFrom(0, 2), level: fc.nat({ max: 5 }), at: fc.nat({ max: 31 }) });
      const snapshot = await beacon.networkHelpers.takeSnapshot();
      await fc.assert(
        fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (parts) => {
          const ids = [await challengeChunk(0, 0), await challengeChunk(0, 2)];
          const missing = [2n ** 32n - 1n, 2n ** 11n - 1n];
          for (const { chunk, level, at } of parts) {
            const size = 8 << level;
            const offset = ((at * 8) % CHUNK) & ~(size - 1);
            const first = chunk * CHUNK + offset;
            if (first >= 600) continue;
            const bits = ((1n << BigInt(Math.ceil(Math.min(size, 600 - first) / 8))) - 1n) << BigInt(offset / 8);
            const which = chunk / 2;
            const its = answerData(answer(0, first, Math.min(size, 600 - first)));
            if ((bits & (missing[which] as bigint)) === 0n) {
              await expectRefused(beacon, its, ["DataChallenges_NotOpen", ids[which] as bigint]);
            } else {
              await beacon.launcher.sendTransaction(its);
              missing[which] = (missing[which] as bigint) & ~bits;
            }
            expect((await beacon.challenges.challenge(ids[which] as bigint)).missing).to.equal(missing[which]);
          }
          await snapshot.restore();
        }),
        property(8),
      );
    });

    it("of who answered before are not lost when somebody answers the rest", async () => {
      const { challenges, launcher, stranger } = beacon;
      const id = await challengeChunk(0, 0);
      const { bond } = await challenges.challenge(id);
      await answered(answer(0, 64, 64));
      expect((await challenges.challenge(id)).missing).to.equal(2n ** 32n - 1n - (255n << 8n));
      await stranger.sendTransaction(answerData(answer(0, 0, 256)));
      expect(await challenges.creditOf(launcher)).to.equal(bond / 4n / 2n);
      expect(await challenges.creditOf(stranger)).to.equal((bond - bond / 4n) / 2n);
    });

    it("are not answered by anything else", async () => {
      const id = await challengeChunk(0, 0);
      const last = await challengeChunk(0, 2);
      const good = answer(0, 64, 64);
      const attempt = (change: Partial<Answer>) => answerData({ ...good, ...change });
      const other = toHex(ZERO_HASH);
      const steps = (change: (step: Answer["steps"][number]) => Partial<Answer["steps"][number]>) =>
        good.steps.map((step, i) => (i === 5 ? { ...step, ...change(step) } : step));
      const wrong: Refusal = ["DataChallenges_WrongAnswer", ANY, good.chunkRoots[0] as string];
      const word = (step: Answer["steps"][number]) => ({ word: `${step.word.slice(0, -2)}01` });
      await expectRefused(beacon, attempt({ steps: steps(word) }), wrong);
      await expectRefused(beacon, attempt({ steps: steps(() => ({ stateRoot: other })) }), wrong);
      await expectRefused(beacon, attempt({ steps: steps(({ payload }) => ({ payload: `${payload}00` })) }), wrong);
      await expectRefused(beacon, attempt({ siblings: [...good.siblings].reverse() }), wrong);
      await expectRefused(beacon, attempt({ first: 128 }), wrong);
      const roots = [good.chunkRoots[1], good.chunkRoots[0], ...good.chunkRoots.slice(2)] as string[];
      await expectRefused(beacon, attempt({ chunkRoots: roots }), [
        "DataChallenges_WrongAnswer",
        ANY,
        roots[0] as string,
      ]);
      const forged = [good.chunkRoots[0], other, ...good.chunkRoots.slice(2)] as string[];
      const root = toHex((shards.blocks[0] as MadeBlock).header.traceRoot);
      await expectRefused(beacon, attempt({ chunkRoots: forged }), ["DataChallenges_WrongAnswer", ANY, root]);
      const fewer = good.chunkRoots.slice(1);
      await expectRefused(beacon, attempt({ chunkRoots: fewer }), ["DataChallenges_WrongCount", 3, 4]);
      await expectRefused(beacon, attempt({ siblings: [] }), ["DataChallenges_WrongCount", 0, 2]);
      for (const [first, count] of [
        [68, 64],
        [64, 63],
        [64, 9],
        [64, 0],
        [256, 64],
        [32, 64],
        [0, 257],
      ] as const) {
        const its = answerData({ ...answer(0, 0, 8), first, steps: answer(0, 0, 512).steps.slice(0, count) });
        await expectRefused(beacon, its, ["DataChallenges_WrongRange", first, count]);
      }
      const beyond = answerData({ ...answer(0, 592, 8), steps: answer(0, 0, 512).steps.slice(0, 9), id: last });
      await expectRefused(beacon, beyond, ["DataChallenges_WrongRange", 592, 9]);
      await expectRefused(beacon, attempt({ id: id + 1n }), ["DataChallenges_Unknown", id + 1n]);
      await expectRefused(beacon, data("answerHeaders", [id, headers()]), ["DataChallenges_WrongKind", id]);
      await answered(good);
    });

    it("show what a count hides behind them", async () => {
      const { crypto } = beacon;
      const part = answer(1, 8, 5);
      const left = answer(1, 0, 8);
      // The trace of 13 steps is 16 leaves deep; what is hidden behind the first eight is on the path of these.
      expect(part.siblings).to.have.length(1);
      const leaves = (shards.blocks[1] as MadeBlock).leaves;
      const right = paddedTreeRoot(crypto, [...leaves.slice(8), ZERO_HASH, ZERO_HASH, ZERO_HASH]);
      expect(left.siblings).to.deep.equal([toHex(right)]);
      const root = hashNode(crypto, paddedTreeRoot(crypto, leaves.slice(0, 8)), right);
      expect(left.chunkRoots).to.deep.equal([toHex(root)]);
      await challengeChunk(1, 0);
      await answered(left);
      await answered(part);
    });

    it("are asked for of a block that is there, and a chunk that it has", async () => {
      const bond = await bondFor();
      await expectRefused(beacon, askChunk(0, 3, bond), ["DataChallenges_NoSuchChunk", 3, 3]);
      await expectRefused(beacon, askChunk(1, 1, bond), ["DataChallenges_NoSuchChunk", 1, 1]);
      const evidence = { ...evidenceOf(0), index: 1 };
      const elsewhere = data("challengeChunk", [shards.proof(1, 1), evidence, 0], bond);
      await expectRefused(beacon, elsewhere, ["Openings_WrongHeader", 1, ANY, ANY]);
    });
  });

  it("for steps are not about a block with none, or more than there may be, which is at fault for that", async () => {
    const odd = await disputedShards([0, 16_385]);
    const { challenges } = odd.beacon;
    for (const index of [0, 1]) {
      const args = [odd.proof(1, 1), { index, header: odd.headerOpening(index) }, 0] as never;
      const call = { to: challenges, data: challenges.interface.encodeFunctionData("challengeChunk", args) };
      await expectRefused(odd.beacon, { ...call, value: 10n ** 18n }, ["DataChallenges_NoSuchChunk", 0, 0]);
    }
  });

  describe("what stays unanswered", () => {
    it("is void, and the bond the challenger's", async () => {
      const { challenges, stranger, anchors } = beacon;
      const id = await challengeChunk(0, 0);
      const { bond } = await challenges.challenge(id);
      await answered(answer(0, 0, 128));
      const rest = (await challenges.challenge(id)).bond;
      expect(rest).to.equal(bond - bond / 2n);
      await expectRefused(beacon, dispute(id), ["DataChallenges_NotDue", id]);
      await expectRefused(beacon, data("reclaim", [id]), ["DataChallenges_NotDue", id]);
      await passDeadline(id);
      await expectRefused(beacon, answerData(answer(0, 128, 128)), ["DataChallenges_NotOpen", id]);
      await expect(beacon.launcher.sendTransaction(data("reclaim", [id])))
        .to.emit(challenges, "BondReturned")
        .withArgs(id, stranger.address, rest);
      expect(await challenges.creditOf(stranger)).to.equal(rest);
      await expectRefused(beacon, data("reclaim", [id]), ["DataChallenges_NoBond", id]);
      await beacon.launcher.sendTransaction(dispute(id));
      expect(await anchors.isVoid(0, 1)).to.equal(true);
      expect((await beacon.disputes.verdictOn(shards.hash(1, 1))).fault).to.equal(25);
    });

    it("is silence about its crosslink, by its predicate", async () => {
      const id = await challengeHeaders();
      await passDeadline(id);
      await expectRefused(beacon, dispute(id, 2, 1), ["DataChallenges_Unknown", id]);
      await expectRefused(beacon, dispute(id, 1, 2), ["DataChallenges_Unknown", id]);
      await expectRefused(beacon, dispute(id + 1n), ["DataChallenges_Unknown", id + 1n]);
      const ofAnother = beacon.challenges.judge(5, shards.proof(1, 1).crosslink, silence(id));
      await expect(ofAnother).to.be.revertedWithCustomError(beacon.challenges, "Judge_WrongPredicate").withArgs(5);
    });

    it("is not what was answered", async () => {
      const id = await challengeHeaders();
      await beacon.launcher.sendTransaction(data("answerHeaders", [id, headers()]));
      const { deadlineTime } = await beacon.challenges.challenge(id);
      await beacon.networkHelpers.time.increaseTo(deadlineTime);
      await beacon.networkHelpers.mine(4);
      await expectRefused(beacon, dispute(id), ["Disputes_Sound"]);
      await expectRefused(beacon, data("reclaim", [id]), ["DataChallenges_NoBond", id]);
    });

    it("may be answered until both time and blocks are over", async () => {
      const id = await challengeHeaders();
      const { deadlineTime, deadlineBlock } = await beacon.challenges.challenge(id);
      expect(await beacon.networkHelpers.time.latestBlock()).to.be.below(Number(deadlineBlock) - 1);
      await beacon.networkHelpers.time.setNextBlockTimestamp(deadlineTime);
      await beacon.launcher.sendTransaction({ ...data("answerHeaders", [id, headers()]), gasLimit: 1_000_000 });
      expect((await beacon.challenges.challenge(id)).missing).to.equal(0);
    });
  });

  describe("of what is void for something else", () => {
    it("give the bond back at once, and are not answered any more", async () => {
      const [id, ofChild] = [await challengeHeaders(), await challengeHeaders(1, 2)];
      const { bond } = await beacon.challenges.challenge(id);
      await shards.makeVoid(1, 1);
      await expectRefused(beacon, data("answerHeaders", [id, headers()]), ["DataChallenges_NotOpen", id]);
      await beacon.launcher.sendTransaction(data("reclaim", [id]));
      expect(await beacon.challenges.creditOf(beacon.stranger)).to.equal(bond);
      await beacon.launcher.sendTransaction(data("reclaim", [ofChild]));
      await expectRefused(beacon, data("reclaim", [id]), ["DataChallenges_NoBond", id]);
      await expectRefused(beacon, data("reclaim", [1n]), ["DataChallenges_Unknown", 1]);
    });

    it("are no silence, as nobody could answer them", async () => {
      const ofChild = await challengeHeaders(1, 2);
      await shards.makeVoid(1, 1);
      await passDeadline(ofChild);
      await expectRefused(beacon, dispute(ofChild, 1, 2), ["Disputes_AlreadyVoid", shards.hash(1, 2)]);
      await beacon.launcher.sendTransaction(data("reclaim", [ofChild]));
    });

    it("are not opened", async () => {
      await shards.makeVoid(1, 1);
      await expectRefused(beacon, askHeaders(10n ** 18n), ["CrosslinkAnchors_AlreadyVoid", 1, 0]);
      await expectRefused(beacon, askChunk(0, 0, 10n ** 18n), ["CrosslinkAnchors_AlreadyVoid", 1, 0]);
    });
  });

  describe("bonds", () => {
    it("grow with the number of challenges; what is too much is returned", async () => {
      const { challenges, stranger, ethers, parameters } = beacon;
      const one = parameters.shardBond / 64n;
      const hash = shards.hash(1, 1);
      const pay = async (transaction: ReturnType<typeof askHeaders>) => {
        await beacon.networkHelpers.setNextBlockBaseFeePerGas(0);
        return stranger.sendTransaction({ ...transaction, gasPrice: 0n });
      };
      await expectRefused(beacon, askHeaders(one - 1n), ["DataChallenges_BondTooLow", one - 1n, one]);
      await expect(await pay(askHeaders(one + 7n))).to.changeEtherBalance(ethers, stranger, -one);
      await expectRefused(beacon, askChunk(0, 0, one), ["DataChallenges_BondTooLow", one, 2n * one]);
      await expect(await pay(askChunk(0, 0, 5n * one))).to.changeEtherBalance(ethers, stranger, -2n * one);
      await expect(await pay(askChunk(0, 1, 3n * one))).to.changeEtherBalance(ethers, stranger, -3n * one);
      for (const id of [idOf(ALL_HEADERS, 0), idOf(0, 0), idOf(0, 1)]) open.add(id);
      expect(await challenges.openCount(hash)).to.equal(3);
      await expectRefused(beacon, askHeaders(4n * one), ["DataChallenges_AlreadyAsked", idOf(ALL_HEADERS, 0)]);
      await answered(answer(0, 256, 256));
      expect(await challenges.openCount(hash)).to.equal(2);
      await expectRefused(beacon, askChunk(0, 2, 4n * one - 1n), [
        "DataChallenges_BondTooLow",
        4n * one - 1n,
        4n * one,
      ]);
      await expectRefused(beacon, askChunk(0, 1, 4n * one), ["DataChallenges_AlreadyAsked", idOf(0, 1)]);
    });

    it("are small again when something has settled", async () => {
      const { networkHelpers, anchors } = beacon;
      const id = await challengeHeaders();
      const free = async () => {
        await networkHelpers.setNextBlockBaseFeePerGas(0);
        await networkHelpers.mine(1);
        return bondFor();
      };
      const one = beacon.parameters.shardBond / 64n;
      expect(await free()).to.equal(2n * one);
      await beacon.launcher.sendTransaction(data("answerHeaders", [id, headers()]));
      await shards.anchor(3, [2]);
      await networkHelpers.time.increase(3 * 960);
      await networkHelpers.mine(4);
      await anchors.settle(1);
      expect(await free()).to.equal(one);
    });

    it("pay for the answer when gas is dear", async () => {
      const baseFee = 10n ** 10n;
      await beacon.networkHelpers.setNextBlockBaseFeePerGas(baseFee);
      const receipt = await (await beacon.stranger.sendTransaction(askChunk(0, 0, 10n ** 18n))).wait();
      const id = idOf(0, 0);
      open.add(id);
      const { bond } = await beacon.challenges.challenge(id);
      expect(receipt?.status).to.equal(1);
      expect(bond).to.equal(baseFee * 64_000_000n);
      const { gasUsed } = (await (await answered(answer(0, 0, 256))).wait()) as { gasUsed: bigint };
      expect(bond / 2n > gasUsed * baseFee).to.equal(true);
    });

    it("are for 64 challenges to a crosslink at most", async () => {
      const long = await disputedShards([16_384]);
      const { challenges, stranger } = long.beacon;
      const evidence = { index: 0, header: long.headerOpening(0) };
      const ask = (chunk: number) => ({
        to: challenges,
        data: challenges.interface.encodeFunctionData("challengeChunk", [long.proof(1, 1), evidence, chunk]),
        value: 20n * 10n ** 18n,
      });
      for (let chunk = 0; chunk < 64; chunk++) await stranger.sendTransaction(ask(chunk));
      const headersToo = {
        to: challenges,
        data: challenges.interface.encodeFunctionData("challengeHeaders", [long.proof(1, 1)]),
        value: 20n * 10n ** 18n,
      };
      await expectRefused(
        long.beacon,
        headersToo,
        ["DataChallenges_TooMany", long.hash(1, 1), 64],
        long.beacon.stranger,
      );
    });

    it("come back to nobody who would be called before all is written", async () => {
      const caller = await new CallerMock__factory(beacon.launcher).deploy();
      const target = await beacon.challenges.getAddress();
      const again = askHeaders(0n).data;
      await caller.onReceive(true, target, again);
      const call = caller.call(target, again, { value: (await bondFor()) * 3n });
      await expect(call).to.be.revertedWithCustomError(beacon.challenges, "DataChallenges_AlreadyAsked");
    });
  });

  describe("time", () => {
    const window = () => {
      const { challengeEpochs, slotsPerEpoch, secondsPerSlot } = beacon.parameters;
      return challengeEpochs * slotsPerEpoch * secondsPerSlot;
    };

    it("to ask ends a quarter of a window after the first, when both clocks say so", async () => {
      const { acceptedAt, acceptedBlock } = await beacon.anchors.checkpoint(1);
      const last = Number(acceptedAt) + window() * 1.25;
      expect(await beacon.networkHelpers.time.latestBlock()).to.be.below(Number(acceptedBlock) + 4);
      await beacon.networkHelpers.time.increaseTo(last);
      const snapshot = await beacon.networkHelpers.takeSnapshot();
      await beacon.stranger.sendTransaction(askHeaders(10n ** 18n));
      await snapshot.restore();
      await beacon.networkHelpers.mine(5);
      await expectRefused(beacon, askHeaders(10n ** 18n), ["DataChallenges_TooLate", shards.hash(1, 1)]);
      await expectRefused(beacon, askChunk(0, 0, 10n ** 18n), ["DataChallenges_TooLate", shards.hash(1, 1)]);
    });

    it("to settle is put off for that shard, until what the answer shows could be disputed", async () => {
      const { anchors, networkHelpers } = beacon;
      const id = await challengeHeaders();
      const asked = await networkHelpers.time.latest();
      const { heldFrom, heldUntilTime } = (await anchors.standing(0))[0];
      expect([Number(heldFrom), Number(heldUntilTime)]).to.deep.equal([1, asked + window()]);
      await beacon.launcher.sendTransaction(data("answerHeaders", [id, headers()]));
      await shards.anchor(3, [2]);
      const { acceptedAt } = await anchors.checkpoint(1);
      expect(await networkHelpers.time.latest()).to.be.within(
        Number(acceptedAt) + window() - 60,
        asked + window() - 60,
      );
      await networkHelpers.time.increase(60);
      await networkHelpers.mine(4);
      await expect(anchors.settle(1)).to.emit(anchors, "CheckpointSettled").withArgs(1, 1);
      await networkHelpers.time.increaseTo(heldUntilTime);
      await networkHelpers.mine(4);
      await expect(anchors.settle(1)).to.emit(anchors, "CheckpointSettled").withArgs(2, 0);
    });

    it("to answer is half a window, and to dispute a quarter at least, all within two windows", async () => {
      const { acceptedAt } = await beacon.anchors.checkpoint(1);
      const accepted = Number(acceptedAt);
      const snapshot = await beacon.networkHelpers.takeSnapshot();
      for (const at of [0.6, 1, 1.1, 1.249]) {
        const asked = Math.floor(accepted + at * window());
        await beacon.networkHelpers.time.setNextBlockTimestamp(asked);
        const id = await challengeHeaders();
        const { deadlineTime } = await beacon.challenges.challenge(id);
        const { heldUntilTime } = (await beacon.anchors.standing(0))[0];
        expect(Number(deadlineTime) - asked).to.equal(window() / 2);
        expect(Number(heldUntilTime)).to.equal(Math.min(asked + window(), accepted + 2 * window()));
        expect(Number(heldUntilTime - deadlineTime)).to.be.at.least(window() / 4);
        await snapshot.restore();
      }
    });
  });

  it("are about accepted entries alone", async () => {
    const bond = await bondFor();
    const later = shards.proof(2, 1, ABSENT[2], 2);
    await expectRefused(beacon, data("challengeHeaders", [later], bond), ["CrosslinkAnchors_NotItsCheckpoint", 2, 1]);
    const wrong = { ...shards.proof(1, 1), position: 1 };
    const refusal: Refusal = ["CrosslinkAnchors_WrongCrosslink", ANY, ANY];
    await expectRefused(beacon, data("challengeHeaders", [wrong], bond), refusal);
    await passToEpoch(beacon, 4);
    await beacon.networkHelpers.mine(4);
    await beacon.anchors.settle(9);
    await expectRefused(beacon, askHeaders(bond), ["CrosslinkAnchors_AlreadySettled", 1, 0]);
  });
});
