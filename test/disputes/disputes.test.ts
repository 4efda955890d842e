import { expect } from "chai";
import { type ContractTransactionResponse, ZeroAddress } from "ethers";
import { FAULTS, PREDICATES } from "../../ledger/dispute-evidence.ts";
import { toHex } from "../../protocol/bytes.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { voteDigest } from "../../protocol/vote.ts";
import { ANY, expectRefused, type Refusal } from "../support/bad-inputs.ts";
import { type Beacon, type KeyPair, passToEpoch } from "../support/beacon.ts";
import {
  ABSENT,
  type DisputedShards,
  disputedShards,
  type JudgedBeacon,
  NO_BLOCK,
  NO_SALT,
  SEATS,
} from "../support/disputed-shards.ts";
import type { CrosslinkProof } from "../support/settled-shards.ts";
import { expectSolvent, statusOf } from "../support/stakes.ts";

const EVERYBODY = 1000;
const FAULT = FAULTS.indexOf("WrongStepState");

describe("Disputes", () => {
  let shards: DisputedShards;
  let beacon: JudgedBeacon;

  let start: Awaited<ReturnType<Beacon["networkHelpers"]["takeSnapshot"]>>;

  before(async () => {
    shards = await disputedShards();
    beacon = shards.beacon;
    start = await beacon.networkHelpers.takeSnapshot();
  });

  afterEach(async () => {
    await expectSolvent(beacon, [beacon.stranger, beacon.launcher]);
    await start.restore();
    shards.voters.source = shards.checkpoint(2);
    start = await beacon.networkHelpers.takeSnapshot();
  });

  const asTransaction = (transaction: unknown) => transaction as ContractTransactionResponse;
  const blockNumber = () => beacon.ethers.provider.getBlockNumber();
  const data = (name: string, args: readonly unknown[]) => ({
    to: beacon.disputes,
    data: beacon.disputes.interface.encodeFunctionData(name as never, args as never),
  });
  const isVoid = (shardId: number, epoch: number) => beacon.anchors.isVoid(shardId - 1, epoch);
  const generationOf = async (shardId: number) => (await beacon.shards.shard(shardId)).generation;
  const committeeData = (shown: CrosslinkProof, absent: Uint8Array, first = 0, count = EVERYBODY) =>
    data("punishCommittee", [shown, toHex(absent), first, count]);

  async function punishCommittee(shardId: number, epoch: number, first = 0, count = EVERYBODY): Promise<number[]> {
    const absent = shards.bits(ABSENT[epoch] ?? []);
    const call = committeeData(shards.proof(shardId, epoch), absent, first, count);
    return shards.punishedIn(asTransaction(await beacon.launcher.sendTransaction(call)));
  }

  describe("a fault", () => {
    it("makes the crosslink void and what is built on it, in another generation of the shard", async () => {
      const transaction = await shards.makeVoid(1, 1, { blockIndex: 0 });
      const hash = shards.hash(1, 1);
      await expect(transaction)
        .to.emit(beacon.disputes, "CrosslinkDisputed")
        .withArgs(hash, 1, 1, PREDICATES.indexOf("Step"), FAULT, 0, beacon.stranger.address);
      await expect(transaction)
        .to.emit(beacon.anchors, "CrosslinkVoided")
        .withArgs(1, 0, 1, hash, toHex(shards.crosslink(1, 1).parent));
      const { reporter, blockNumber: at, fault, blockIndex } = await beacon.disputes.verdictOn(hash);
      expect([reporter, Number(at), fault, blockIndex]).to.deep.equal([
        beacon.stranger.address,
        await blockNumber(),
        BigInt(FAULT),
        0n,
      ]);
      expect(await Promise.all([isVoid(1, 1), isVoid(1, 2), isVoid(2, 1)])).to.deep.equal([true, true, false]);
      expect([await generationOf(1), await generationOf(2)]).to.deep.equal([1n, 0n]);
      expect((await beacon.disputes.verdictOn(shards.hash(1, 2))).fault).to.equal(0);
    });

    it("is what the judge finds, who is asked by the predicate", async () => {
      const { disputes, judge, challenges } = beacon;
      for (let predicate = 0; predicate < 8; predicate++) {
        expect(await disputes.judgeOf(predicate)).to.equal(await judge.getAddress());
      }
      expect(await disputes.judgeOf(8)).to.equal(await challenges.getAddress());
      const [shown, none] = [shards.proof(1, 1), shards.evidence(1, 1, "Step", "None")];
      await expectRefused(beacon, shards.disputeData("Step", shown, none, NO_SALT), ["Disputes_Sound"]);
      await expectRefused(beacon, shards.disputeData("Leaf", shown, none, NO_SALT), ["Judge_WrongPredicate", 4]);
      await expectRefused(beacon, shards.disputeData("Step", shown, "0x", NO_SALT), ["JudgeMock_Refused"]);
      const ofAnother = shards.evidence(2, 1, "Step", "WrongStepState");
      await expectRefused(beacon, shards.disputeData("Step", shown, ofAnother, NO_SALT), ["JudgeMock_Refused"]);
    });

    it("makes nothing void with too little gas, however little", async () => {
      const bytes = shards.evidence(1, 1, "Step", "WrongStepState");
      const call = shards.disputeData("Step", shards.proof(1, 1), bytes, NO_SALT);
      const enough = await beacon.stranger.estimateGas(call);
      for (let gasLimit = enough - 4_000n; gasLimit > 60_000n; gasLimit -= 6_367n) {
        const sent = await beacon.stranger.sendTransaction({ ...call, gasLimit }).catch((error: Error) => error);
        expect(sent).to.be.instanceOf(Error);
        expect(await isVoid(1, 1)).to.equal(false);
      }
      await beacon.stranger.sendTransaction({ ...call, gasLimit: enough });
      expect(await isVoid(1, 1)).to.equal(true);
    });

    it("is shown of an entry of its own checkpoint, which is not settled", async () => {
      const bytes = shards.evidence(1, 1, "Step", "WrongStepState");
      const attempt = (shown: CrosslinkProof) => shards.disputeData("Step", shown, bytes, NO_SALT);
      const good = shards.proof(1, 1);
      const wrong: Refusal = ["CrosslinkAnchors_WrongCrosslink", ANY, ANY];
      await expectRefused(beacon, attempt({ ...good, siblings: [...good.siblings].reverse() }), wrong);
      await expectRefused(beacon, attempt({ ...good, absentHash: shards.proof(1, 2).absentHash }), wrong);
      await expectRefused(beacon, attempt({ ...good, position: 1 }), wrong);
      const other = { ...good.crosslink, lastBlock: good.crosslink.lastBlock + 1 };
      await expectRefused(beacon, attempt({ ...good, crosslink: other }), wrong);
      const later = shards.proof(2, 1, ABSENT[2], 2);
      await expectRefused(beacon, attempt(later), ["CrosslinkAnchors_NotItsCheckpoint", 2, 1]);
      await passToEpoch(beacon, 4);
      await beacon.networkHelpers.mine(4);
      await beacon.anchors.settle(9);
      await expectRefused(beacon, attempt(good), ["CrosslinkAnchors_AlreadySettled", 1, 0]);
    });

    it("of what is void already is for punishment alone", async () => {
      await shards.makeVoid(1, 1);
      await expect(shards.makeVoid(1, 2)).to.not.emit(beacon.anchors, "CrosslinkVoided");
      expect(await generationOf(1)).to.equal(1);
      expect(await punishCommittee(1, 2)).to.deep.equal(await shards.guilty(1, 2));
    });
  });

  describe("the reporter", () => {
    const bytes = () => shards.evidence(1, 1, "Step", "WrongStepState");
    const reveal = (salt = shards.salt) => shards.disputeData("Step", shards.proof(1, 1), bytes(), salt);
    const inCommon = () => [shards.proof(1, 1), bytes()] as const;

    it("commits before, to this evidence", async () => {
      const [shown, evidence] = inCommon();
      const commitment = shards.commitmentOf(beacon.stranger.address, "Step", shown, evidence, shards.salt);
      await expectRefused(beacon, reveal(), ["CommitReveal_NotCommitted", commitment]);
      await beacon.disputes.connect(beacon.stranger).commit(commitment);
      const committed = await blockNumber();
      await expectRefused(beacon, reveal(), ["CommitReveal_OutsideWindow", committed + 4, committed + 1024]);
      const copied = shards.commitmentOf(beacon.launcher.address, "Step", shown, evidence, shards.salt);
      await expectRefused(beacon, reveal(), ["CommitReveal_NotCommitted", copied], beacon.launcher);
    });

    it("has committed to the crosslink, whatever votes are added meanwhile", async () => {
      const evidence = shards.evidence(1, 2, "Step", "WrongStepState");
      await shards.commit(beacon.stranger, "Step", shards.proof(1, 2), evidence);
      await supplement(2, 3);
      const late = shards.proof(1, 2, [2]);
      await beacon.stranger.sendTransaction(shards.disputeData("Step", late, evidence, shards.salt));
      expect((await beacon.disputes.verdictOn(shards.hash(1, 2))).reporter).to.equal(beacon.stranger.address);
    });

    it("is not needed: then nobody is paid, and nobody punished before one could be adopted", async () => {
      await shards.makeVoid(1, 1, { reporter: null });
      const from = (await blockNumber()) + Number(await beacon.disputes.adoptBlocks()) + 1;
      const call = committeeData(shards.proof(1, 1), shards.bits(ABSENT[1] ?? []));
      await expectRefused(beacon, call, ["Disputes_TooEarly", from]);
      const signature = shards.operatorSigned(shards.hash(1, 1));
      const bond = data("punishOperator", [shards.proof(1, 1).crosslink, signature]);
      await expectRefused(beacon, bond, ["Disputes_TooEarly", from]);
      await beacon.networkHelpers.mineUpTo(from - 2);
      await expectRefused(beacon, call, ["Disputes_TooEarly", from]);
      const guilty = await shards.guilty(1, 1);
      expect(await punishCommittee(1, 1)).to.deep.equal(guilty);
      for (const account of [beacon.launcher, beacon.stranger]) expect(await shards.creditOf(account)).to.equal(0);
    });

    it("who had committed is adopted when somebody copies the evidence, and nobody after", async () => {
      const [shown, evidence] = inCommon();
      await shards.commit(beacon.launcher, "Step", shown, evidence);
      await shards.commit(beacon.stranger, "Step", shown, evidence);
      await shards.makeVoid(1, 1, { reporter: null });
      const hash = shards.hash(1, 1);
      const transaction = beacon.stranger.sendTransaction(reveal());
      await expect(transaction).to.emit(beacon.disputes, "ReporterAdopted").withArgs(hash, beacon.stranger.address);
      await expectRefused(beacon, reveal(), ["Disputes_AlreadyJudged", hash], beacon.launcher);
      expect(await punishCommittee(1, 1)).to.deep.equal(await shards.guilty(1, 1));
      expect(await shards.creditOf(beacon.stranger)).to.not.equal(0);
    });

    it("is not adopted for a commitment after the fact, without one, or too late", async () => {
      const [shown, evidence] = inCommon();
      await shards.commit(beacon.launcher, "Step", shown, evidence);
      await shards.makeVoid(1, 1, { reporter: null });
      const voided = await blockNumber();
      const hash = shards.hash(1, 1);
      await shards.commit(beacon.stranger, "Step", shown, evidence);
      await expectRefused(beacon, reveal(), ["Disputes_AlreadyJudged", hash]);
      await expectRefused(beacon, reveal(NO_SALT), ["Disputes_AlreadyJudged", hash]);
      await beacon.networkHelpers.mineUpTo(voided + Number(await beacon.disputes.adoptBlocks()));
      await expectRefused(beacon, reveal(), ["Disputes_AlreadyJudged", hash], beacon.launcher);
    });

    it("shows a fault to be adopted", async () => {
      const shown = shards.proof(1, 1);
      const none = shards.evidence(1, 1, "Step", "None");
      await shards.commit(beacon.stranger, "Step", shown, none);
      await shards.makeVoid(1, 1, { reporter: null });
      await expectRefused(beacon, shards.disputeData("Step", shown, none, shards.salt), ["Disputes_Sound"]);
    });
  });

  describe("the committee", () => {
    it("pays with its whole stakes, but for who was absent; an eighth is the reporter's", async () => {
      await shards.makeVoid(1, 1);
      const guilty = await shards.guilty(1, 1);
      expect(guilty).to.have.length.within(6, 9);
      expect(await punishCommittee(1, 1)).to.deep.equal(guilty);
      for (let validator = 1; validator <= SEATS; validator++) {
        const isGuilty = guilty.includes(validator);
        expect(await shards.stakeOf(validator), `stake ${validator}`).to.equal(isGuilty ? 0n : beacon.parameters.stake);
        expect((await beacon.staking.statusOf(validator)).isSlashed).to.equal(isGuilty);
      }
      const reward = (beacon.parameters.stake / 8n) * BigInt(guilty.length);
      expect(await shards.creditOf(beacon.stranger)).to.equal(reward);
    });

    it("is punished page by page, and nobody twice", async () => {
      await shards.makeVoid(1, 1);
      const pages = [await punishCommittee(1, 1, 0, 4), await punishCommittee(1, 1, 2, 5)];
      pages.push(await punishCommittee(1, 1), await punishCommittee(1, 1));
      expect(pages.flat().sort((a, b) => a - b)).to.deep.equal(await shards.guilty(1, 1));
      expect(pages[3]).to.deep.equal([]);
      expect(await punishCommittee(1, 1, 9, 2 ** 40)).to.deep.equal([]);
    });

    it("pays what is left by who was slashed before", async () => {
      const [first, second] = (await shards.guilty(1, 1)) as [number, number];
      await shards.makeVoid(1, 1, { fault: "Unanswered" });
      await punishCommittee(1, 1);
      const { stake } = beacon.parameters;
      expect(await shards.stakeOf(first)).to.equal(stake - stake / 32n);
      await shards.makeVoid(1, 1);
      await punishCommittee(1, 1);
      expect([await shards.stakeOf(first), await shards.stakeOf(second)]).to.deep.equal([0n, 0n]);
    });

    it("is the one of then: who left since is guilty, and not who took the seat", async () => {
      const [validator] = (await shards.guilty(1, 1)) as [number];
      await beacon.staking.connect(beacon.stranger).exit(validator);
      await shards.makeVoid(1, 1);
      await passToEpoch(beacon, Number((await beacon.registry.tenure(validator)).exitEpoch));
      expect(await statusOf(beacon, validator)).to.equal("Exited");
      expect(await punishCommittee(1, 1)).to.include(validator);
    });

    it("grows by votes that are added after the fact", async () => {
      await shards.makeVoid(1, 2);
      const absent = ABSENT[2] as readonly number[];
      const committee = await shards.committee(1, 2);
      const before = await punishCommittee(1, 2);
      for (const [i, seat] of absent.entries()) {
        await supplement(2, seat, absent.slice(i));
        const outdated = committeeData(shards.proof(1, 2, absent.slice(i)), shards.bits(absent.slice(i)));
        await expectRefused(beacon, outdated, ["CrosslinkAnchors_WrongCrosslink", ANY, ANY]);
        const rest = absent.slice(i + 1);
        const call = committeeData(shards.proof(1, 2, rest), shards.bits(rest));
        const added = await shards.punishedIn(asTransaction(await beacon.launcher.sendTransaction(call)));
        expect(added).to.deep.equal(committee.includes(seat) ? [seat + 1] : []);
      }
      expect(before).to.deep.equal(await shards.guilty(1, 2));
    });

    it("is named by the bitmap of the checkpoint", async () => {
      await shards.makeVoid(1, 1);
      const shown = shards.proof(1, 1);
      for (const bitmap of [[], [2, 7], [2, 7, 11, 12]]) {
        const refusal: Refusal = ["Disputes_WrongAbsent", ANY, shown.absentHash];
        await expectRefused(beacon, committeeData(shown, shards.bits(bitmap)), refusal);
      }
      const all = { ...shown, absentHash: NO_SALT };
      const refusal: Refusal = ["CrosslinkAnchors_WrongCrosslink", ANY, ANY];
      await expectRefused(beacon, committeeData(all, new Uint8Array()), refusal);
    });

    it("pays for a verdict on its crosslink, and no other", async () => {
      await shards.makeVoid(1, 1);
      for (const [shardId, epoch] of [
        [1, 2],
        [2, 1],
      ] as const) {
        const call = committeeData(shards.proof(shardId, epoch), shards.bits(ABSENT[epoch] ?? []));
        await expectRefused(beacon, call, ["Disputes_NoVerdict", shards.hash(shardId, epoch)]);
      }
      const inLater = committeeData(shards.proof(2, 1, ABSENT[2], 2), shards.bits(ABSENT[2] ?? []));
      await expectRefused(beacon, inLater, ["CrosslinkAnchors_NotItsCheckpoint", 2, 1]);
    });
  });

  describe("silence", () => {
    const fine = () => beacon.parameters.stake / 32n;

    it("costs a small fine, once", async () => {
      await shards.makeVoid(1, 1, { fault: "Unanswered" });
      const guilty = await shards.guilty(1, 1);
      expect(await punishCommittee(1, 1)).to.deep.equal(guilty);
      expect(await punishCommittee(1, 1)).to.deep.equal([]);
      const [validator] = guilty as [number];
      const listed = data("punishAttesters", [
        shards.proof(1, 1).crosslink,
        listOf([validator]),
        shards.attest([validator], shards.hash(1, 1)),
      ]);
      expect(await shards.punishedIn(asTransaction(await beacon.stranger.sendTransaction(listed)))).to.deep.equal([]);
      expect(await shards.stakeOf(validator)).to.equal(beacon.parameters.stake - fine());
      expect(await beacon.disputes.isFined(shards.hash(1, 1), validator)).to.equal(true);
      expect((await beacon.staking.statusOf(validator)).isSlashed).to.equal(false);
      expect(await shards.creditOf(beacon.stranger)).to.equal((fine() / 8n) * BigInt(guilty.length));
    });

    it("does not save who lied, but a lie is not made good by silence", async () => {
      const hash = shards.hash(1, 1);
      await shards.makeVoid(1, 1, { fault: "Unanswered", reporter: beacon.launcher });
      await shards.makeVoid(1, 1, { fault: "WrongStepState" });
      expect(await generationOf(1)).to.equal(1);
      expect((await beacon.disputes.verdictOn(hash)).reporter).to.equal(beacon.stranger.address);
      const silent = shards.evidence(1, 1, "Step", "Unanswered");
      const call = shards.disputeData("Step", shards.proof(1, 1), silent, NO_SALT);
      await expectRefused(beacon, call, ["Disputes_AlreadyJudged", hash]);
      expect(await punishCommittee(1, 1)).to.deep.equal(await shards.guilty(1, 1));
      expect(await shards.creditOf(beacon.launcher)).to.equal(0);
    });

    it("adopts no reporter for a lie", async () => {
      const [shown, silent] = [shards.proof(1, 1), shards.evidence(1, 1, "Step", "Unanswered")];
      await shards.commit(beacon.stranger, "Step", shown, silent);
      await shards.makeVoid(1, 1, { reporter: null });
      const call = shards.disputeData("Step", shown, silent, shards.salt);
      await expectRefused(beacon, call, ["Disputes_AlreadyJudged", shards.hash(1, 1)]);
    });
  });

  describe("who attested without voting", () => {
    const attesters = (validators: readonly number[], signature: string) =>
      data("punishAttesters", [shards.proof(1, 1).crosslink, listOf(validators), signature]);

    it("is punished by the signature, and nobody else", async () => {
      await shards.makeVoid(1, 1);
      const validators = [3, 8, 12, 15];
      const signature = shards.attest(validators, shards.hash(1, 1));
      const call = attesters(validators, signature);
      const guilty = await shards.punishedIn(asTransaction(await beacon.launcher.sendTransaction(call)));
      expect(guilty).to.deep.equal(validators);
      for (const validator of validators) expect(await shards.stakeOf(validator)).to.equal(0);
      expect(await shards.creditOf(beacon.stranger)).to.equal((beacon.parameters.stake / 8n) * 4n);
      const again = await beacon.launcher.sendTransaction(call);
      expect(await shards.punishedIn(asTransaction(again))).to.deep.equal([]);
    });

    it("is not who did not sign, or signed something else", async () => {
      await shards.makeVoid(1, 1);
      const hash = shards.hash(1, 1);
      const refusal: Refusal = ["Disputes_InvalidSignature", hash];
      await expectRefused(beacon, attesters([3, 8, 9], shards.attest([3, 8], hash)), refusal);
      await expectRefused(beacon, attesters([3], shards.attest([3, 8], hash)), refusal);
      await expectRefused(beacon, attesters([3, 8], shards.attest([3, 8], shards.hash(1, 2))), refusal);
      const good = shards.attest([3, 8], hash);
      await expectRefused(beacon, attesters([3, 8], `${good}00`), ["Disputes_SignatureLength", 257, 256]);
      await expectRefused(beacon, attesters([8, 3], good), ["ValidatorList_NotAscending", 3, 8]);
      await expectRefused(beacon, attesters([], good), ["ValidatorList_Length", 0, 512]);
      await expectRefused(beacon, attesters([SEATS + 1], good), ["BeaconRegistry_UnknownValidator", SEATS + 1]);
    });

    it("is not punished for what nobody found at fault", async () => {
      const call = attesters([3], shards.attest([3], shards.hash(1, 1)));
      await expectRefused(beacon, call, ["Disputes_NoVerdict", shards.hash(1, 1)]);
    });
  });

  describe("the operator", () => {
    const bySignature = (signature: string, epoch = 1) =>
      data("punishOperator", [shards.proof(1, epoch).crosslink, signature]);
    const byHeader = (opening: unknown, signature: string) =>
      data("punishOperatorByHeader", [shards.proof(1, 1).crosslink, opening, signature]);
    const signedBlock = (key?: Uint8Array) => shards.operatorSigned(blockHashOf(), key);
    const blockHashOf = () => shards.blockHash(0);

    it("loses the bond by the signature on the crosslink, and the shard", async () => {
      await shards.makeVoid(1, 1);
      const bond = beacon.parameters.shardBond;
      const call = bySignature(shards.operatorSigned(shards.hash(1, 1)));
      await expect(beacon.launcher.sendTransaction(call))
        .to.emit(beacon.disputes, "OperatorPunished")
        .withArgs(shards.hash(1, 1), 1, bond);
      expect(await beacon.shards.creditOf(beacon.stranger)).to.equal(bond / 8n);
      const { operator, bond: left } = await beacon.shards.shard(1);
      expect([operator, left]).to.deep.equal([ZeroAddress, 0n]);
      expect((await beacon.shards.shard(2)).bond).to.equal(bond);
      await expectRefused(beacon, call, ["Disputes_NoBond", 1, 0]);
    });

    it("loses it by the signature on the block at fault", async () => {
      await shards.makeVoid(1, 1, { blockIndex: 0 });
      await beacon.launcher.sendTransaction(byHeader(shards.headerOpening(0), signedBlock()));
      expect((await beacon.shards.shard(1)).operator).to.equal(ZeroAddress);
    });

    it("keeps it when somebody else signed, or nobody", async () => {
      await shards.makeVoid(1, 1, { blockIndex: 0 });
      const { operator } = shards;
      const stranger = shards.random.secretKey();
      const other = shards.operatorSigned(shards.hash(1, 1), stranger);
      await expectRefused(beacon, bySignature(other), ["Disputes_NotOperator", ANY, operator]);
      const elsewhere = shards.operatorSigned(shards.hash(1, 2));
      await expectRefused(beacon, bySignature(elsewhere), ["Disputes_NotOperator", ANY, operator]);
      const nobodys = `0x${"00".repeat(65)}`;
      await expectRefused(beacon, bySignature(nobodys), ["Disputes_NotOperator", ZeroAddress, operator]);
      await expectRefused(beacon, bySignature("0x00"), ["Disputes_SignatureLength", 1, 65]);
      const block = byHeader(shards.headerOpening(0), signedBlock(stranger));
      await expectRefused(beacon, block, ["Disputes_NotOperator", ANY, operator]);
    });

    it("is not found by nobody's signature where there is none", async () => {
      await shards.makeVoid(1, 1);
      await beacon.launcher.sendTransaction(bySignature(shards.operatorSigned(shards.hash(1, 1))));
      const { generation } = await beacon.shards.shard(1);
      await shards.anchor(3, [1], Number(generation), shards.crosslink(1, 1).parent);
      const bytes = shards.evidence(1, 3, "Step", "WrongStepState");
      await shards.commit(beacon.stranger, "Step", shards.proof(1, 3), bytes);
      await beacon.stranger.sendTransaction(shards.disputeData("Step", shards.proof(1, 3), bytes, shards.salt));
      const nobodys = bySignature(`0x${"00".repeat(65)}`, 3);
      await expectRefused(beacon, nobodys, ["Disputes_NotOperator", ZeroAddress, ZeroAddress]);
    });

    it("keeps it when the block is not the one at fault", async () => {
      await shards.makeVoid(1, 1, { blockIndex: 0 });
      const opening = shards.headerOpening(0);
      const changed = { ...opening, header: { ...opening.header, slot: 99 } };
      await expectRefused(beacon, byHeader(changed, signedBlock()), ["Openings_WrongHeader", 0, ANY, ANY]);
      for (const header of [
        { ...opening.header, shardId: 2 },
        { ...opening.header, generation: 1 },
      ]) {
        const refusal: Refusal = ["Disputes_ForeignBlock", header.shardId, header.generation];
        await expectRefused(beacon, byHeader({ ...opening, header }, signedBlock()), refusal);
      }
    });

    for (const fault of [
      "HeaderOfOtherShard",
      "SlotAfterEpoch",
      "WrongParentHash",
      "CrosslinkStateMismatch",
    ] as const) {
      it(`keeps it by a block that is sound, but for its place: ${fault}`, async () => {
        await shards.makeVoid(1, 1, { fault, blockIndex: 0 });
        const block = byHeader(shards.headerOpening(0), signedBlock());
        await expectRefused(beacon, block, ["Disputes_NoBlockAtFault", shards.hash(1, 1)]);
      });
    }

    it("keeps it by a block when no block is at fault, or nothing is", async () => {
      const block = () => byHeader(shards.headerOpening(0), signedBlock());
      await expectRefused(beacon, block(), ["Disputes_NoVerdict", shards.hash(1, 1)]);
      const signature = shards.operatorSigned(shards.hash(1, 1));
      await expectRefused(beacon, bySignature(signature), ["Disputes_NoVerdict", shards.hash(1, 1)]);
      await shards.makeVoid(1, 1, { blockIndex: NO_BLOCK });
      await expectRefused(beacon, block(), ["Disputes_NoBlockAtFault", shards.hash(1, 1)]);
    });
  });

  /** Adds the vote of a seat that was absent. */
  async function supplement(epoch: number, seat: number, absent = ABSENT[epoch] ?? []): Promise<void> {
    const { anchors, crypto, domain } = beacon;
    const checkpoint = shards.checkpoint(epoch);
    const { body, entries } = checkpoint;
    const vote = { sourceEpoch: body.sourceEpoch, sourceRoot: body.sourceRoot, targetEpoch: epoch };
    const targetRoot = shards.voters.root(checkpoint);
    const key = shards.keys[seat] as KeyPair;
    await anchors.supplement({
      targetEpoch: epoch,
      sourceEpoch: body.sourceEpoch,
      sourceRoot: toHex(body.sourceRoot),
      entriesRoot: toHex(paddedTreeRoot(crypto, entries)),
      rewardsRoot: toHex(body.rewardsRoot),
      absent: toHex(shards.bits(absent)),
      added: toHex(shards.bits([seat])),
      signature: toHex(shards.voters.sign([key], voteDigest(crypto, domain, { ...vote, targetRoot }))),
    });
  }
});

/** A list of validators, formats section 8. */
function listOf(validators: readonly number[]): string {
  return `0x${validators.map((validator) => validator.toString(16).padStart(8, "0")).join("")}`;
}
