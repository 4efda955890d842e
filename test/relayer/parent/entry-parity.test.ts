import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { fromHex, toHex, ZERO_HASH } from "../../../protocol/bytes.ts";
import { type Crosslink, crosslinkHash } from "../../../protocol/crosslink.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { type Parameters, parametersFor } from "../../../protocol/presets.ts";
import { openShard } from "../../../relayer/parent/actions/open-shard.ts";
import { registerValidators } from "../../../relayer/parent/actions/register-validators.ts";
import { scheduleGenesis } from "../../../relayer/parent/actions/schedule-genesis.ts";
import { settle } from "../../../relayer/parent/actions/settle.ts";
import { submitCheckpoint } from "../../../relayer/parent/actions/submit-checkpoint.ts";
import { takeOver } from "../../../relayer/parent/actions/take-over.ts";
import type { ChangedRecord } from "../../../relayer/parent/checkpoint-submission.ts";
import { connectContracts } from "../../../relayer/parent/contracts.ts";
import type { DeploymentRecord } from "../../../relayer/parent/deployment.ts";
import { hexed } from "../../../relayer/parent/dispute-codec.ts";
import { entryOpening } from "../../../relayer/parent/entry-opening.ts";
import { ParentFollower } from "../../../relayer/parent/parent-follower.ts";
import type { AcceptedCheckpoint, ChangedEntry, Shard } from "../../../relayer/parent/parent-view.ts";
import { TransactionSender } from "../../../relayer/parent/transaction-sender.ts";
import { IDisputes__factory } from "../../../types/factories/disputes/IDisputes__factory.ts";
import { SeededRandom } from "../../support/random.ts";
import { registrationOf } from "./support/registration.ts";
import { TestChain } from "./support/test-chain.ts";
import { keyring, voteOf } from "./support/votes.ts";

const OPERATOR = new Uint8Array(20).fill(0x22);
const NOBODY = new Uint8Array(20);
const SILENCE = 8;
const SHARDS = 2;
const ROUNDS = 40;

/** What the follower says of voids, holds, generations and settlement against the contracts, whatever happens. */
describe("The follower's standing of entries", function () {
  this.timeout(300_000);
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
  let disputes: string;
  let silence: string;
  const seen = { voids: 0, swallowed: 0, dead: 0, resumed: 0, held: 0, exceptions: 0, takenOver: 0, reorgs: 0 };

  const contracts = () => connectContracts(record.addresses, chain.provider);

  before(async () => {
    crypto = await createNativeCrypto();
    random = new SeededRandom();
    chain = await TestChain.start();
    record = await chain.deploy(parameters);
    sender = new TransactionSender(chain.provider, chain.launcherKey, { intervalMs: 5 });
    follower = await ParentFollower.connect(crypto, chain.provider, record);
    secretKeys = Array.from({ length: 16 }, () => random.secretKey());
    const registration = registrationOf(crypto, follower.view.domain, secretKeys, fromHex(sender.address));
    await registerValidators(crypto, sender, record.addresses, registration, parameters.stake);
    for (let i = 0; i < SHARDS; i++) await openShard(sender, record.addresses, OPERATOR, parameters.shardBond);
    genesisTime = (await chain.now()) + 100;
    await scheduleGenesis(sender, record.addresses, genesisTime);
    disputes = await contracts().registry.disputes();
    silence = await IDisputes__factory.connect(disputes, chain.provider).judgeOf(SILENCE);
    await follower.poll();
  });

  after(() => chain.close());

  /** Sends a call as one of the contracts that may. */
  async function sendAs(from: string, to: string, data: string): Promise<void> {
    const { provider } = chain;
    await provider.send("hardhat_impersonateAccount", [from]);
    await provider.send("hardhat_setBalance", [from, "0xde0b6b3a7640000"]);
    await provider.send("eth_sendTransaction", [{ from, to, data, gas: "0xf00000" }]);
    await follower.poll();
  }

  const anyOf = <T>(items: readonly T[]): T | undefined => items[random.below(Math.max(1, items.length))];
  const proofOf = (entry: ChangedEntry) =>
    hexed(entryOpening(crypto, follower.view.checkpoint(entry.crosslink.epoch) as AcceptedCheckpoint, entry)) as never;

  function changeOf({ id, position, generation }: Shard): ChangedRecord {
    const isDead = generation > 0 && random.below(4) === 0;
    if (isDead) seen.dead++;
    const firstBlock = (follower.view.parentOf(id) as Crosslink).lastBlock + 1;
    const roots = { blocksRoot: random.bytes(32), stateRoot: random.bytes(32) };
    const blocks = { firstBlock, lastBlock: firstBlock + random.below(4) };
    return { position, record: { generation: isDead ? generation - 1 : generation, ...blocks, ...roots } };
  }

  async function vote(epoch: number): Promise<void> {
    const { view } = follower;
    const changed = view
      .shards()
      .filter(() => random.below(4) !== 0)
      .map(changeOf);
    const resumes = changed.filter(({ position }) => view.isVoid(position, epoch)).length;
    const submission = voteOf(crypto, view, keyring(crypto, secretKeys), epoch, changed);
    expect((await submitCheckpoint(sender, record.addresses, submission)).status).to.equal("accepted");
    await follower.poll();
    seen.resumed += resumes - changed.filter(({ position }) => view.isVoid(position, epoch)).length;
  }

  async function happen(): Promise<void> {
    const { view } = follower;
    const { anchors, shardRegistry } = contracts();
    const kind = random.below(6);
    const entry = anyOf(view.disputable());
    if (kind === 0 && entry !== undefined) {
      seen.voids++;
      if (view.isVoid(entry.position, view.epoch())) seen.swallowed++;
      await sendAs(
        disputes,
        record.addresses.anchors,
        anchors.interface.encodeFunctionData("voidEntry", [proofOf(entry)]),
      );
    } else if (kind === 1 && entry !== undefined) {
      seen.held++;
      const { timestamp, number } = view.head;
      const until = [timestamp + random.below(4 * epochSeconds), number + random.below(20)] as const;
      const args = [entry.position, entry.crosslink.epoch, ...until] as const;
      await sendAs(silence, record.addresses.anchors, anchors.interface.encodeFunctionData("hold", [...args]));
    } else if (kind === 2 && random.below(2) === 0) {
      const shard = anyOf(view.shards()) as Shard;
      const generation = random.below(shard.generation + 2);
      const args = [shard.id, generation, sender.address] as const;
      const data = shardRegistry.interface.encodeFunctionData("slashBond", [...args]);
      await sendAs(disputes, record.addresses.shardRegistry, data);
    } else if (kind === 3) {
      const shard = view.shards().find(({ operator }) => toHex(operator) === toHex(NOBODY));
      if (shard === undefined) return;
      seen.takenOver++;
      await takeOver(sender, record.addresses, shard.id, random.bytes(20), parameters.shardBond);
      await follower.poll();
    } else if (kind === 4) {
      await settle(sender, record.addresses, 1 + random.below(3));
      await follower.poll();
    }
  }

  async function expectSame(): Promise<void> {
    const { view } = follower;
    const { anchors, shardRegistry } = contracts();
    const epochs = Array.from({ length: view.epoch() + 2 }, (_, epoch) => epoch);
    const accepted = epochs.map((epoch) => view.checkpoint(epoch)).filter((checkpoint) => checkpoint !== null);
    for (const shard of view.shards()) {
      const { id, position, generation } = shard;
      const at = `shard ${id} in epoch ${view.epoch()}`;
      const onChain = await shardRegistry.shard(id);
      expect([BigInt(generation), toHex(shard.operator)], at).to.deep.equal([
        onChain.generation,
        onChain.operator.toLowerCase(),
      ]);
      for (let each = 0; each <= generation + 1; each++) {
        const operator = await shardRegistry.operatorOf(id, each);
        expect(toHex(view.operatorOf(id, each) ?? NOBODY), `${at}: operator of ${each}`).to.equal(
          operator.toLowerCase(),
        );
        const isBonded = onChain.bond !== 0n && each >= Number(onChain.bondedFrom) && each <= generation;
        expect(view.isBonded(id, each), `${at}: bond of ${each}`).to.equal(isBonded);
      }
      const isVoid = await Promise.all(epochs.map((epoch) => anchors.isVoid(position, epoch)));
      expect(
        epochs.map((epoch) => view.isVoid(position, epoch)),
        at,
      ).to.deep.equal(isVoid);

      const [standing, resume] = await anchors.standing(position);
      const entry = view.checkpoint(view.justified.epoch)?.checkpoint.entries[position] as Uint8Array;
      const parent = view.parentOf(id) as Crosslink;
      const hash = toHex(crosslinkHash(crypto, view.domain, parent));
      if (resume !== toHex(ZERO_HASH)) expect(hash, `${at}: resume`).to.equal(resume);
      else if (toHex(entry) !== toHex(ZERO_HASH)) expect(hash, `${at}: parent`).to.equal(toHex(entry));
      else expect(parent.lastBlock, `${at}: genesis`).to.equal(0);
      const held = [standing.heldFrom, standing.heldUntilTime, standing.heldUntilBlock].map(Number);
      const [, untilTime, untilBlock] = held as [number, number, number];
      if (view.head.timestamp < untilTime || view.head.number < untilBlock) {
        const hold = view.hold(position);
        expect([hold?.fromEpoch, hold?.untilTime, hold?.untilBlock], `${at}: hold`).to.deep.equal(held);
      }
    }
    const disputable = new Set(view.disputable().map(({ hash }) => toHex(hash)));
    for (const entry of accepted.flatMap(({ changed }) => changed)) {
      const opened = await anchors.openEntry(proofOf(entry)).catch(() => null);
      expect(opened, `entry ${entry.crosslink.epoch} at ${entry.position}`).to.equal(
        disputable.has(toHex(entry.hash)) ? toHex(entry.hash) : null,
      );
    }
    const facts = view.facts();
    for (const { checkpoint, root } of accepted) {
      const { epoch } = checkpoint.body;
      const settlement = await anchors.settlement(epoch);
      for (const { position } of view.shards()) {
        const isReadable = settlement.settledEpoch !== 0n && ((settlement.exceptions >> BigInt(position)) & 1n) === 0n;
        const known = epoch === 0 ? null : facts.settledCheckpointRoot(epoch, position, view.epoch());
        if (epoch !== 0) expect(known, `settled ${epoch} at ${position}`).to.deep.equal(isReadable ? root : null);
        if (epoch !== 0 && settlement.settledEpoch !== 0n && !isReadable) seen.exceptions++;
      }
    }
  }

  it("is the contracts', whatever becomes void, is held, changes hands, settles, or is taken back", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const epoch = Math.max(2, follower.view.epoch() + 1);
      await chain.mineAt(genesisTime + epoch * epochSeconds);
      await follower.poll();
      const snapshot = random.below(4) === 0 ? await chain.snapshot() : null;
      await vote(epoch - 1);
      for (let i = 0; i < 3; i++) await happen();
      await expectSame();
      if (snapshot === null) continue;
      // All of it is taken back by a chain that is longer, on which other things happen.
      seen.reorgs++;
      const abandoned = follower.view.head.number;
      await chain.revert(snapshot);
      await chain.mine(abandoned + 1 - (await chain.provider.getBlockNumber()));
      await follower.poll();
      await expectSame();
      await vote(epoch - 1);
    }
    expect(
      Object.entries(seen).filter(([, times]) => times === 0),
      `happened at least once each: ${JSON.stringify(seen)}`,
    ).to.deep.equal([]);
  });
});
