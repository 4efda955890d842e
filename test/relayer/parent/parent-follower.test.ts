import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { bitsFrom } from "../../../protocol/bits.ts";
import { SIGNATURE_TAG } from "../../../protocol/bls.ts";
import { toHex, ZERO_HASH } from "../../../protocol/bytes.ts";
import { checkpointCommitment } from "../../../protocol/checkpoint.ts";
import { genesisCrosslink } from "../../../protocol/crosslink.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { paddedTreeRoot } from "../../../protocol/padded-tree.ts";
import { type Parameters, parametersFor } from "../../../protocol/presets.ts";
import { voteDigest } from "../../../protocol/vote.ts";
import { depositToInbox, forceTransaction } from "../../../relayer/parent/actions/add-inbox-entry.ts";
import { openShard } from "../../../relayer/parent/actions/open-shard.ts";
import { registerValidators } from "../../../relayer/parent/actions/register-validators.ts";
import { scheduleGenesis } from "../../../relayer/parent/actions/schedule-genesis.ts";
import { settle } from "../../../relayer/parent/actions/settle.ts";
import { submitCheckpoint } from "../../../relayer/parent/actions/submit-checkpoint.ts";
import type { ChangedRecord } from "../../../relayer/parent/checkpoint-submission.ts";
import { connectContracts } from "../../../relayer/parent/contracts.ts";
import type { DeploymentRecord } from "../../../relayer/parent/deployment.ts";
import { ParentFollower } from "../../../relayer/parent/parent-follower.ts";
import type { AcceptedCheckpoint, ParentBlock } from "../../../relayer/parent/parent-view.ts";
import { TransactionSender } from "../../../relayer/parent/transaction-sender.ts";
import { SeededRandom } from "../../support/random.ts";
import { registrationOf } from "./support/registration.ts";
import { TestChain } from "./support/test-chain.ts";
import { keyring, voteOf } from "./support/votes.ts";

const OWNER = new Uint8Array(20).fill(0x11);
const OPERATOR = new Uint8Array(20).fill(0x22);
const USER = new Uint8Array(20).fill(0x33);

describe("ParentFollower", () => {
  const parameters: Parameters = parametersFor("minimal", "devnet");
  const epochSeconds = parameters.slotsPerEpoch * parameters.secondsPerSlot;
  let crypto: Crypto;
  let random: SeededRandom;
  let chain: TestChain;
  let record: DeploymentRecord;
  let sender: TransactionSender;
  let follower: ParentFollower;
  let secretKeys: Uint8Array[];
  let genesisTime: number;

  const contracts = () => connectContracts(record.addresses, chain.provider);
  const keys = () => keyring(crypto, secretKeys);

  async function register(count: number): Promise<void> {
    const added = Array.from({ length: count }, () => random.secretKey());
    const registration = registrationOf(crypto, follower.view.domain, added, OWNER);
    await registerValidators(crypto, sender, record.addresses, registration, parameters.stake);
    secretKeys.push(...added);
  }

  /** Its first second: the few blocks of a test, one second apart, stay in the epoch. */
  async function enterEpoch(epoch: number): Promise<void> {
    await chain.mineAt(genesisTime + epoch * epochSeconds);
    await follower.poll();
  }

  function change(position: number, firstBlock: number, lastBlock: number): ChangedRecord {
    const record = { generation: 0, firstBlock, lastBlock, blocksRoot: random.bytes(32), stateRoot: random.bytes(32) };
    return { position, record };
  }

  async function accept(targetEpoch: number, changed: ChangedRecord[], absent: number[] = []): Promise<void> {
    const submission = voteOf(crypto, follower.view, keys(), targetEpoch, changed, absent);
    const outcome = await submitCheckpoint(sender, record.addresses, submission);
    expect(outcome.status).to.equal("accepted");
    await follower.poll();
  }

  before(async () => {
    crypto = await createNativeCrypto();
    random = new SeededRandom();
  });

  beforeEach(async () => {
    secretKeys = [];
    chain = await TestChain.start();
    record = await chain.deploy(parameters);
    sender = new TransactionSender(chain.provider, chain.launcherKey, { intervalMs: 10 });
    follower = await ParentFollower.connect(crypto, chain.provider, record);
    await register(15);
    await register(1);
    await openShard(sender, record.addresses, OPERATOR, parameters.shardBond);
    await openShard(sender, record.addresses, OPERATOR, parameters.shardBond);
    genesisTime = (await chain.now()) + 100;
    await scheduleGenesis(sender, record.addresses, genesisTime);
    await follower.poll();
  });

  afterEach(async () => {
    await follower.stop();
    await chain.close();
  });

  it("reads parameters and domain from the contracts", () => {
    expect(follower.view.parameters).to.deep.equal(parameters);
    expect(follower.view.genesisTime).to.equal(genesisTime);
    expect(follower.view.epoch()).to.equal(0);
  });

  it("seats validators as the registry does, before and after genesis", async () => {
    await enterEpoch(1);
    await register(6);
    await enterEpoch(2);
    const { view } = follower;
    expect(view.validatorCount()).to.equal(22);
    expect(toHex(view.validator(22)?.withdrawalAddress ?? ZERO_HASH)).to.equal(toHex(OWNER));
    expect(view.validatorByKey(view.validator(16)?.publicKey ?? ZERO_HASH)?.index).to.equal(16);
    await enterEpoch(5);
    const { registry } = contracts();
    for (let epoch = 0; epoch <= 6; epoch++) {
      expect(view.seatCount(epoch)).to.equal(Number(await registry.seatCount(epoch)), `seats of epoch ${epoch}`);
      expect(view.occupiedCount(epoch)).to.equal(Number(await registry.occupiedCount(epoch)));
      for (let seat = 0; seat < view.seatCount(epoch); seat++) {
        expect(view.occupant(seat, epoch)?.index).to.equal(Number(await registry.occupant(seat, epoch)));
      }
    }
    expect(view.seatCount(2)).to.equal(16);
    expect(view.seatCount(6)).to.equal(22);
    expect(view.seatsOf(0)).to.have.length(16);
  });

  it("knows seeds, proposers and committees when the registry does, and not before", async () => {
    await enterEpoch(2);
    await accept(1, [change(0, 1, 8)]);
    await enterEpoch(3);
    await accept(2, [change(1, 1, 8)]);
    const { view } = follower;
    const { registry } = contracts();
    for (let epoch = 0; epoch <= 3; epoch++) {
      const seed = view.seed(epoch);
      expect(seed === null ? null : toHex(seed)).to.equal(await registry.seed(epoch));
      const [validator, seat] = await registry.proposer(epoch);
      const proposer = view.proposer(epoch);
      expect([proposer?.validator?.index, proposer?.seat]).to.deep.equal([Number(validator), Number(seat)]);
      const members = [0, 1].flatMap((position) => view.committee(position, epoch) ?? []);
      expect([...members].sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 16 }, (_, i) => i));
      expect(view.committee(2, epoch)).to.deep.equal([]);
    }
    expect(view.seed(4)).to.equal(null);
    expect(view.committee(0, 4)).to.equal(null);
    expect(view.proposer(4)).to.equal(null);
  });

  it("knows shards by id, position and epoch", async () => {
    await enterEpoch(1);
    await openShard(sender, record.addresses, USER, parameters.shardBond);
    await enterEpoch(2);
    const { view } = follower;
    expect(view.shards().map((shard) => shard.id)).to.deep.equal([1, 2, 3]);
    expect(view.shardAt(2)).to.equal(view.shard(3));
    expect(view.shard(3)?.chainId).to.equal(Number((await contracts().shardRegistry.shard(3)).chainId));
    expect(view.shardAt(3)).to.equal(null);
    expect([0, 1].map((epoch) => view.shardCountAsOf(epoch))).to.deep.equal([2, 3]);
    const facts = view.facts();
    expect([-1, 0, 1, 2].map((epoch) => facts.shardCount(epoch))).to.deep.equal([2, 2, 3, null]);
  });

  it("keeps the entries of the inbox under the digests that Inbox stores", async () => {
    const told: number[] = [];
    follower.on("inbox", (entry) => told.push(entry.index));
    await depositToInbox(sender, record.addresses, 1, USER, 5n);
    await enterEpoch(1);
    const index = await forceTransaction(sender, record.addresses, 1, Uint8Array.of(2, 0xc0));
    await follower.poll();
    const { view } = follower;
    expect(index).to.equal(1);
    expect([view.inboxCount(1), view.inboxCount(2)]).to.deep.equal([2, 0]);
    for (const i of [0, 1]) {
      const entry = view.inboxEntry(1, i);
      expect(toHex(entry?.digest ?? ZERO_HASH)).to.equal(await contracts().inbox.entry(1, i));
      expect(view.facts().inboxEntryDigest(1, i)?.epoch).to.equal(i);
    }
    expect(view.inboxEntry(1, 0)?.value).to.equal(5n);
    expect(view.inboxEntry(1, 2)).to.equal(null);
    expect(told).to.deep.equal([0, 1]);
  });

  it("follows checkpoints from acceptance to settlement", async () => {
    const told: string[] = [];
    follower.on("checkpoint", ({ checkpoint }) => told.push(`checkpoint ${checkpoint.body.epoch}`));
    follower.on("finalized", (epoch) => told.push(`finalized ${epoch}`));
    follower.on("settled", (epoch) => told.push(`settled ${epoch}`));
    const { view } = follower;
    expect(view.checkpoint(0)?.submission).to.equal(null);
    expect(toHex(checkpointCommitment(crypto, view.justified.root, ZERO_HASH))).to.equal(
      (await contracts().anchors.checkpoint(0)).commitment,
    );

    await enterEpoch(2);
    const first = change(0, 1, 8);
    await accept(1, [first], [3]);
    await enterEpoch(3);
    await accept(2, [change(1, 1, 4)]);
    const epoch1 = view.checkpoint(1);
    expect(epoch1?.changed.map(({ position }) => position)).to.deep.equal([0]);
    expect(epoch1?.acceptedEpoch).to.equal(2);
    const crosslink = view.checkpoint(2)?.crosslinkOf(0);
    expect(crosslink?.stateRoot).to.deep.equal(first.record.stateRoot);
    expect(view.checkpoint(1)?.crosslinkOf(1)).to.equal(null);
    expect(view.crosslinkByHash(crosslink?.parent ?? ZERO_HASH)).to.deep.equal(genesisCrosslink(1));
    expect([view.justified.epoch, view.finalized.epoch, view.settled.epoch]).to.deep.equal([2, 1, 0]);
    const kept = epoch1?.submission;
    expect(kept?.absent).to.deep.equal(Uint8Array.of(8, 0));

    await chain.mine(parameters.challengeBlocks);
    await enterEpoch(6);
    expect(await settle(sender, record.addresses, 8)).to.equal(1);
    expect(await settle(sender, record.addresses, 8)).to.equal(0);
    await follower.poll();
    expect(view.settled.epoch).to.equal(1);
    expect(view.settlement(1)).to.deep.equal({ settledEpoch: 6, exceptions: [] });
    expect([view.settledAsOf(5), view.settledAsOf(6)]).to.deep.equal([0, 1]);
    const facts = view.facts();
    expect(facts.settledCheckpointRoot(1, 0, 5)).to.equal(null);
    expect(facts.settledCheckpointRoot(1, 0, 6)).to.deep.equal(epoch1?.root);
    expect(facts.settledCheckpointRoot(2, 0, 6)).to.equal(null);
    expect(told).to.deep.equal(["checkpoint 1", "finalized 0", "checkpoint 2", "finalized 1", "settled 1"]);
  });

  it("follows late votes, which open the checkpoint from then on", async () => {
    const { view } = follower;
    await enterEpoch(2);
    await accept(1, [], [3, 9]);
    const accepted = view.checkpoint(1) as AcceptedCheckpoint;
    const { body, entries } = accepted.checkpoint;
    const link = { sourceEpoch: 0, sourceRoot: body.sourceRoot, targetEpoch: 1, targetRoot: accepted.root };
    for (const [seat, left] of [
      [9, bitsFrom([3], 16)],
      [3, new Uint8Array()],
    ] as const) {
      const key = keys().get(toHex(view.occupant(seat, 1)?.publicKey ?? ZERO_HASH)) as Uint8Array;
      const { bls } = crypto;
      const signature = bls.decompressG2(bls.sign(key, voteDigest(crypto, view.domain, link), SIGNATURE_TAG));
      const { absent } = view.checkpoint(1) as AcceptedCheckpoint;
      const entriesRoot = paddedTreeRoot(crypto, entries);
      const votes = {
        ...link,
        entriesRoot,
        rewardsRoot: body.rewardsRoot,
        absent,
        added: bitsFrom([seat], 16),
        signature,
      };
      const data = contracts().anchors.interface.encodeFunctionData("supplement", [votes]);
      await sender.send({ action: "supplement", to: record.addresses.anchors, data });
      await follower.poll();
      expect(view.checkpoint(1)?.absent).to.deep.equal(left);
      const { absentHash } = view.checkpoint(1) as AcceptedCheckpoint;
      expect(toHex(checkpointCommitment(crypto, accepted.root, absentHash))).to.equal(
        (await contracts().anchors.checkpoint(1)).commitment,
      );
    }
    // What was submitted stays what is submitted again after a reorg.
    expect(view.checkpoint(1)?.submission?.absent).to.deep.equal(bitsFrom([3, 9], 16));
  });

  it("rolls back with the chain, and the kept submission is accepted again", async () => {
    await enterEpoch(2);
    const snapshot = await chain.snapshot();
    const submission = voteOf(crypto, follower.view, keys(), 1, [change(0, 1, 8)]);
    await submitCheckpoint(sender, record.addresses, submission);
    await depositToInbox(sender, record.addresses, 1, USER, 5n);
    await follower.poll();
    const { view } = follower;
    const abandoned = view.head;
    const accepted = view.checkpoint(1);
    expect(view.justified.epoch).to.equal(1);

    const reorgs: ParentBlock[][] = [];
    follower.on("reorg", (...blocks) => reorgs.push(blocks));
    await chain.revert(snapshot);
    await depositToInbox(sender, record.addresses, 1, USER, 7n);
    await chain.mine(3);
    await follower.poll();
    expect(reorgs).to.have.length(1);
    expect(reorgs[0]?.[1]).to.equal(abandoned);
    expect(view.justified.epoch).to.equal(0);
    expect(view.checkpoint(1)).to.equal(null);
    expect([view.inboxCount(1), view.inboxEntry(1, 0)?.value]).to.deep.equal([1, 7n]);
    expect(view.seatCount(0)).to.equal(16);

    if (accepted?.submission == null) throw new Error("the submission was not kept");
    await submitCheckpoint(sender, record.addresses, accepted.submission);
    await follower.poll();
    expect(toHex(view.checkpoint(1)?.root ?? ZERO_HASH)).to.equal(toHex(accepted.root));
  });
});
