import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { type BlockHeader, blockHash } from "../../../protocol/block-header.ts";
import { fromHex, toHex, ZERO_HASH } from "../../../protocol/bytes.ts";
import { crosslinkHash, genesisCrosslink } from "../../../protocol/crosslink.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { addressOfKey, signAsOperator } from "../../../protocol/operator-signature.ts";
import { paddedTreeProof, paddedTreeRoot } from "../../../protocol/padded-tree.ts";
import { parametersFor } from "../../../protocol/presets.ts";
import { type TraceLeaf, traceLeafHash, writeTraceWord } from "../../../protocol/trace.ts";
import { answerChallenge } from "../../../relayer/parent/actions/answer-challenge.ts";
import { challengeData, reclaimBond } from "../../../relayer/parent/actions/challenge-data.ts";
import { claimRewards } from "../../../relayer/parent/actions/claim-rewards.ts";
import { openShard } from "../../../relayer/parent/actions/open-shard.ts";
import {
  isPunishable,
  punishCommittee,
  punishOperator,
  punishOperatorByHeader,
} from "../../../relayer/parent/actions/punish-signers.ts";
import { pursueDispute } from "../../../relayer/parent/actions/pursue-dispute.ts";
import { registerValidators } from "../../../relayer/parent/actions/register-validators.ts";
import { scheduleGenesis } from "../../../relayer/parent/actions/schedule-genesis.ts";
import { submitCheckpoint } from "../../../relayer/parent/actions/submit-checkpoint.ts";
import { takeOver } from "../../../relayer/parent/actions/take-over.ts";
import { readAnswer } from "../../../relayer/parent/challenge-answers.ts";
import { ContractReverted } from "../../../relayer/parent/contract-errors.ts";
import { connectContracts } from "../../../relayer/parent/contracts.ts";
import type { DeploymentRecord } from "../../../relayer/parent/deployment.ts";
import { entryOpening } from "../../../relayer/parent/entry-opening.ts";
import { ParentFollower } from "../../../relayer/parent/parent-follower.ts";
import type { AcceptedCheckpoint, ChangedEntry, VoidedEntry } from "../../../relayer/parent/parent-view.ts";
import { TransactionSender } from "../../../relayer/parent/transaction-sender.ts";
import { SeededRandom } from "../../support/random.ts";
import { registrationOf } from "./support/registration.ts";
import { TestChain } from "./support/test-chain.ts";
import { keyring, voteOf } from "./support/votes.ts";

const SUCCESSOR = new Uint8Array(20).fill(0x51);
/** A crosslink that does not begin with block 1 lies; one that does is sound as far as these tests look. */
const LYING_FIRST_BLOCK = 3;
const COMMITTEE = 8;

describe("Disputing by transactions", function () {
  this.timeout(180_000);
  const parameters = parametersFor("minimal", "devnet");
  const epochSeconds = parameters.slotsPerEpoch * parameters.secondsPerSlot;
  let crypto: Crypto;
  let random: SeededRandom;
  let chain: TestChain;
  let record: DeploymentRecord;
  let follower: ParentFollower;
  let operatorKey: Uint8Array;
  let header: BlockHeader;
  let payloads: Uint8Array[];
  let leaves: TraceLeaf[];
  let snapshot: string;
  let voided: VoidedEntry[];

  const contracts = () => connectContracts(record.addresses, chain.provider);
  /** A program that knows nothing of earlier ones but the account's key. */
  const started = (key = chain.launcherKey) => {
    const sender = new TransactionSender(chain.provider, key, { intervalMs: 5 });
    return { sender, secret: crypto.keccak256(key) };
  };
  const accepted = () => follower.view.checkpoint(1) as AcceptedCheckpoint;
  const entryAt = (position: number) => accepted().changed[position] as ChangedEntry;
  const proofAt = (position: number) => entryOpening(crypto, accepted(), entryAt(position));
  const dispute = (position: number, isUrgent = false, account = started()) => {
    const evidence = { predicate: "Crosslink", parent: genesisCrosslink(position + 1) } as const;
    const { view } = follower;
    const what = { proof: proofAt(position), evidence };
    return pursueDispute(crypto, view.domain, account, record.addresses, what, isUrgent);
  };
  const reporterOf = async (position: number) =>
    (await contracts().disputes.verdictOn(toHex(entryAt(position).hash))).reporter;
  const sent = () => chain.provider.getTransactionCount(started().sender.address);

  before(async () => {
    crypto = await createNativeCrypto();
    random = new SeededRandom();
    chain = await TestChain.start();
    record = await chain.deploy(parameters);
    follower = await ParentFollower.connect(crypto, chain.provider, record);
    const { sender } = started();
    operatorKey = random.secretKey();
    const secretKeys = Array.from({ length: 2 * COMMITTEE }, () => random.secretKey());
    const registration = registrationOf(crypto, follower.view.domain, secretKeys, fromHex(sender.address));
    await registerValidators(crypto, sender, record.addresses, registration, parameters.stake);
    for (let i = 0; i < 2; i++) {
      await openShard(sender, record.addresses, addressOfKey(crypto, operatorKey), parameters.shardBond);
    }
    const genesisTime = (await chain.now()) + 100;
    await scheduleGenesis(sender, record.addresses, genesisTime);
    await chain.mineAt(genesisTime + 2 * epochSeconds);
    await follower.poll();

    // One block of three steps: shard 2 anchors it as its first one, shard 1 says that it were its third.
    payloads = [0, 1, 2].map((i) => random.bytes(40 * i));
    leaves = payloads.map((payload, index) => ({
      index,
      kind: index === 0 ? 0 : 1,
      length: payload.length,
      payloadHash: crypto.keccak256(payload),
      stateRoot: random.bytes(32),
      fees: 7n,
    }));
    const traceRoot = paddedTreeRoot(
      crypto,
      leaves.map((leaf) => traceLeafHash(crypto, leaf)),
    );
    const stateRoot = (leaves[2] as TraceLeaf).stateRoot;
    const place = { shardId: 2, generation: 0, number: 1, parentHash: ZERO_HASH, slot: 9 };
    header = { ...place, stepCount: 3, traceRoot, stateRoot, fees: 7n };
    const blocksRoot = blockHash(crypto, follower.view.domain, header);
    const changed = [LYING_FIRST_BLOCK, 1].map((block, position) => ({
      position,
      record: { generation: 0, firstBlock: block, lastBlock: block, blocksRoot, stateRoot },
    }));
    const vote = voteOf(crypto, follower.view, keyring(crypto, secretKeys), 1, changed, [3]);
    await submitCheckpoint(sender, record.addresses, vote);
  });

  beforeEach(async () => {
    snapshot = await chain.snapshot();
    voided = [];
    follower = await ParentFollower.connect(crypto, chain.provider, record);
    follower.on("voided", (entry) => voided.push(entry));
    await follower.poll();
  });

  afterEach(() => chain.revert(snapshot));
  after(() => chain.close());

  it("commits, waits, makes void, and has everybody punished who signed, once", async () => {
    const { view } = follower;
    const { sender } = started();
    const generations: number[] = [];
    follower.on("generation", ({ generation }) => generations.push(generation));
    expect(await dispute(0)).to.equal("waiting");
    expect(await dispute(0), "too early").to.equal("waiting");
    expect(voided).to.deep.equal([]);
    await chain.mine(4);
    expect(await dispute(0)).to.equal("done");
    await follower.poll();
    const resume = genesisCrosslink(1);
    expect(voided).to.deep.equal([
      { shardId: 1, position: 0, epoch: 1, crosslinkHash: entryAt(0).hash, resume, generation: 1 },
    ]);
    expect(await reporterOf(0)).to.equal(sender.address);
    const after = await sent();
    expect(await dispute(0), "void already").to.equal("done");
    expect(await sent()).to.equal(after);

    expect(await isPunishable(sender, record.addresses, entryAt(1).hash)).to.equal(false);
    expect(await isPunishable(sender, record.addresses, entryAt(0).hash)).to.equal(true);
    const committee = view.committee(0, 1) as readonly number[];
    const punish = () => punishCommittee(crypto, sender, record.addresses, accepted(), entryAt(0), committee.length);
    await punish();
    await follower.poll();
    const slashed = view.seatsOf(1).flatMap((validator, seat) => (validator?.isSlashed ? [seat] : []));
    expect(slashed).to.deep.equal([...committee].filter((seat) => seat !== 3).sort((a, b) => a - b));
    const punished = await sent();
    await punish();
    expect(await sent(), "nobody is left").to.equal(punished);

    const { crosslink } = entryAt(0);
    const operatorSignature = signAsOperator(crypto, entryAt(0).hash, operatorKey);
    expect(await punishOperator(sender, record.addresses, { crosslink, operatorSignature })).to.equal(true);
    expect(await punishOperator(sender, record.addresses, { crosslink, operatorSignature })).to.equal(false);
    await follower.poll();
    expect(view.shard(1)).to.deep.include({ generation: 2, operator: new Uint8Array(20) });
    expect(await takeOver(sender, record.addresses, 1, SUCCESSOR, parameters.shardBond)).to.equal(true);
    expect(await takeOver(sender, record.addresses, 1, SUCCESSOR, parameters.shardBond)).to.equal(false);
    await follower.poll();
    expect(view.shard(1)).to.deep.include({ generation: 2, operator: SUCCESSOR });
    // Void; without its operator, which is another generation; and with another one.
    expect(generations).to.deep.equal([1, 2, 2, 2]);
    expect(await claimRewards(sender, record.addresses)).to.equal(
      (BigInt(slashed.length) * parameters.stake + parameters.shardBond) / 8n,
    );
  });

  it("makes void at once what is urgent, and is its reporter when the commitment's time has come", async () => {
    const { sender } = started();
    expect(await dispute(0, true)).to.equal("waiting");
    await follower.poll();
    expect(voided).to.have.length(1);
    expect(await reporterOf(0)).to.equal(`0x${"00".repeat(20)}`);
    expect(await isPunishable(sender, record.addresses, entryAt(0).hash)).to.equal(false);
    const before = await sent();
    expect(await dispute(0, true), "void, and too early").to.equal("waiting");
    expect(await sent()).to.equal(before);
    await chain.mine(4);
    expect(await dispute(0, true)).to.equal("done");
    expect(await reporterOf(0)).to.equal(sender.address);
    expect(await isPunishable(sender, record.addresses, entryAt(0).hash)).to.equal(true);
  });

  it("leaves it at that when somebody else was first", async () => {
    const other = started(operatorKey);
    await chain.provider.send("hardhat_setBalance", [other.sender.address, "0xde0b6b3a7640000"]);
    expect(await dispute(0, true, other)).to.equal("waiting");
    const before = await sent();
    expect(await dispute(0)).to.equal("done");
    expect(await sent()).to.equal(before);
  });

  it("makes nothing void that is sound", async () => {
    expect(await dispute(1)).to.equal("waiting");
    await chain.mine(4);
    const failure = await dispute(1).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(ContractReverted);
    expect((failure as ContractReverted).error).to.equal("Disputes_Sound");
    expect(await dispute(1, true).catch((error: ContractReverted) => error.error)).to.equal("Disputes_Sound");
  });

  it("asks for headers and steps, answers them, and reads the answers", async () => {
    const { view } = follower;
    const { sender } = started();
    const told: [string, bigint][] = [];
    follower.on("challenge", ({ id }) => told.push(["challenge", id]));
    follower.on("answer", ({ id }) => told.push(["answer", id]));
    const opening = { header, siblings: paddedTreeProof(crypto, [blockHash(crypto, view.domain, header)], 0) };
    const steps = { index: 0, header: opening, chunk: 0 };
    const ask = (what: typeof steps | null) => challengeData(sender, record.addresses, proofAt(1), what);
    expect([await ask(null), await ask(steps), await ask(null)]).to.deep.equal([true, true, false]);
    await follower.poll();
    const [forHeaders, forSteps] = view.challenges();
    if (forHeaders === undefined || forSteps === undefined) throw new Error("they are not known");
    const challenger = fromHex(sender.address);
    expect(forHeaders).to.deep.include({ position: 1, crosslink: entryAt(1).crosslink, blockHash: null, challenger });
    const hash = blockHash(crypto, view.domain, header);
    expect(forSteps).to.deep.include({ position: 1, blockHash: hash, chunk: 0, missing: 1, answers: [] });
    expect(view.hold(1)?.fromEpoch).to.equal(1);

    const headers = { kind: "headers", headers: [header] } as const;
    const shown = {
      kind: "steps",
      first: 0,
      steps: leaves.map((leaf, i) => {
        const word = new Uint8Array(32);
        writeTraceWord(word, 0, leaf);
        return { word, stateRoot: leaf.stateRoot, payload: payloads[i] as Uint8Array };
      }),
      siblings: [],
      chunkRoots: [header.traceRoot],
    } as const;
    const answer = (id: bigint, what: typeof headers | typeof shown) =>
      answerChallenge(sender, record.addresses, id, what);
    expect([await answer(forHeaders.id, headers), await answer(forSteps.id, shown)]).to.deep.equal([true, true]);
    expect(await answer(forSteps.id, shown), "nothing is missing").to.equal(false);
    await follower.poll();
    for (const [{ id }, said] of [
      [forHeaders, headers],
      [forSteps, shown],
    ] as const) {
      const known = view.challenge(id);
      expect(known?.missing).to.equal(0);
      const [place] = known?.answers ?? [];
      if (place === undefined) throw new Error("the answer is not known");
      expect(await readAnswer(chain.provider, record.addresses, place)).to.deep.equal(said);
      const gone = { ...place, logIndex: place.logIndex + 1 };
      expect(await readAnswer(chain.provider, record.addresses, gone)).to.equal(null);
    }
    expect(told).to.deep.equal([
      ["challenge", forHeaders.id],
      ["challenge", forSteps.id],
      ["answer", forHeaders.id],
      ["answer", forSteps.id],
    ]);
    // Half of what was staked in questions is burnt.
    expect(await claimRewards(sender, record.addresses)).to.equal((forHeaders.bond + forSteps.bond) / 2n);
  });

  it("disputes silence, and gets the bond back", async () => {
    const { view } = follower;
    const { sender } = started();
    await challengeData(sender, record.addresses, proofAt(1), null);
    await follower.poll();
    const [challenge] = view.challenges();
    if (challenge === undefined) throw new Error("it is not known");
    await chain.mine(Math.max(1, challenge.deadlineBlock - view.head.number));
    await chain.mineAt(Math.max(challenge.deadlineTime, (await chain.now()) + 1));
    const evidence = { predicate: "Silence", challenge: challenge.id } as const;
    const pursue = () =>
      pursueDispute(crypto, view.domain, started(), record.addresses, { proof: proofAt(1), evidence }, false);
    expect(await pursue()).to.equal("waiting");
    await chain.mine(4);
    expect(await pursue()).to.equal("done");
    await follower.poll();
    expect(voided.map(({ shardId }) => shardId)).to.deep.equal([2]);
    expect(await reclaimBond(sender, record.addresses, challenge.id)).to.equal(true);
    expect(await reclaimBond(sender, record.addresses, challenge.id)).to.equal(false);
    await follower.poll();
    expect(view.challenges()).to.deep.equal([]);
    expect(await claimRewards(sender, record.addresses)).to.equal(challenge.bond);
    // Nothing shows whose silence it is: the stakes stay, but for a small part.
    await punishCommittee(crypto, sender, record.addresses, accepted(), entryAt(1), COMMITTEE);
    await follower.poll();
    expect(view.seatsOf(1).some((validator) => validator?.isSlashed)).to.equal(false);
  });

  it("takes no bond by a block when none is at fault", async () => {
    await dispute(0, true);
    await chain.mine(4);
    await dispute(0, true);
    const opening = { header, siblings: [] };
    const signed = {
      opening,
      signature: signAsOperator(crypto, crosslinkHash(crypto, follower.view.domain, entryAt(0).crosslink), operatorKey),
    };
    const failure = await punishOperatorByHeader(
      started().sender,
      record.addresses,
      entryAt(0).crosslink,
      signed,
    ).catch((error: ContractReverted) => error.error);
    expect(failure).to.equal("Disputes_NoBlockAtFault");
  });
});
