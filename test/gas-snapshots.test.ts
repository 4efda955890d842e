import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { bitsFrom } from "../protocol/bits.ts";
import { provePossession } from "../protocol/bls.ts";
import { fromHex, toHex, ZERO_HASH } from "../protocol/bytes.ts";
import type { Evidence, SignedVote } from "../protocol/evidence.ts";
import { accountKey, encodeAccount } from "../protocol/state.ts";
import { proofOfPossessionDigest, type Vote } from "../protocol/vote.ts";
import {
  type Beacon,
  batchDeposit,
  deployBeacon,
  depositAll,
  impersonate,
  type KeyPair,
  newKeys,
  openShards,
  passGenesis,
  passToEpoch,
  TEST_PARAMETERS,
} from "./support/beacon.ts";
import { Voters } from "./support/checkpoints.ts";
import { Reporter } from "./support/evidence.ts";
import { SeededRandom } from "./support/random.ts";
import { ShardState } from "./support/shard-state.ts";

/**
 * Gas of whole transactions on small sets. A figure that grew by more than 2 % fails the build;
 * `WATCHFIRE_SNAPSHOTS=update npm test -- test/gas-snapshots.test.ts` writes the figures of today.
 */
const FILE = path.join(import.meta.dirname, "../snapshots/gas.json");
const TOLERANCE = 1.02;
const UPDATE = process.env.WATCHFIRE_SNAPSHOTS === "update";

const SEATS = 600;
const SHARDS = 8;
const ALICE = new Uint8Array(20).fill(0xa1);
const BOB = new Uint8Array(20).fill(0xb0);

describe("Gas snapshots", () => {
  const random = new SeededRandom("gas-snapshots");
  const measured: Record<string, number> = {};
  const known: Record<string, number> = UPDATE ? {} : JSON.parse(readFileSync(FILE, "utf8"));
  let beacon: Beacon;
  let keys: KeyPair[];
  let state: ShardState;

  type Mined = Promise<{ wait(): Promise<{ gasUsed: bigint } | null> }>;

  async function snapshot(name: string, transaction: Mined): Promise<void> {
    const receipt = await (await transaction).wait();
    measured[name] = Number(receipt?.gasUsed);
  }

  function changes(epoch: number) {
    return Array.from({ length: SHARDS }, (_, position) => ({
      position,
      shardId: position + 1,
      record: {
        generation: 0,
        firstBlock: epoch,
        lastBlock: epoch,
        blocksRoot: random.bytes(32),
        stateRoot: position === 0 ? state.root() : random.bytes(32),
      },
    }));
  }

  before(async () => {
    beacon = await deployBeacon({ ...TEST_PARAMETERS, shardCount: SHARDS });
    keys = newKeys(beacon.crypto, SEATS + 34, random);
    await depositAll(beacon, keys.slice(0, SEATS), 60);
    await openShards(beacon, SHARDS);
    await passGenesis(beacon);
    state = new ShardState(beacon.crypto, beacon.domain, 1);
    for (let i = 0; i < 64; i++) state.setAccount(random.bytes(20), 0n, 1n);
    state.setAccount(ALICE, 1n, 10n ** 18n);
    state.send({ destination: 0, sender: ALICE, recipient: BOB, value: 3n });
  });

  it("measures deposits", async () => {
    const { crypto, domain, staking, stranger, parameters } = beacon;
    const owner = stranger.address;
    const single = (key: KeyPair) => {
      const digest = proofOfPossessionDigest(crypto, domain, key.point, fromHex(owner));
      const proof = toHex(crypto.bls.decompressG2(provePossession(crypto, key.secretKey, digest)));
      return staking.deposit(toHex(key.point), proof, owner, { value: parameters.stake });
    };
    await single(keys[SEATS] as KeyPair);
    await snapshot("Staking.deposit", single(keys[SEATS + 1] as KeyPair));
    const { publicKeys, proof } = batchDeposit(beacon, keys.slice(SEATS + 2), owner);
    await snapshot(
      "Staking.depositBatch, 32 keys",
      staking.depositBatch(publicKeys, proof, owner, { value: parameters.stake * 32n }),
    );
    await snapshot("BeaconRegistry.packKeys", beacon.registry.packKeys());
    await beacon.registry.packKeys();
    await snapshot("Inbox.deposit", beacon.inbox.deposit(1, toHex(ALICE), { value: 10n ** 18n }));
  });

  it("measures checkpoints, and what is read from them", async () => {
    const { anchors, crypto, vault, parameters } = beacon;
    const voters = new Voters(beacon, keys);
    const submit = async (epoch: number, absent: number[] = []) => {
      await passToEpoch(beacon, epoch + 1);
      return voters.justify(epoch, { changes: changes(epoch), absent });
    };
    for (const epoch of [1, 2, 3]) await submit(epoch);
    const [checkpoint, crosslink] = [voters.source, voters.crosslinks.get(0)];
    if (crosslink === undefined) throw new Error("no crosslink at position 0");
    await snapshot("CrosslinkAnchors.submit, nobody absent", submit(4));
    await snapshot("CrosslinkAnchors.submit, 5 absent", submit(5, [1, 77, 255, 256, 511]));
    // Epoch 6 writes the first of three times to its slot.
    await submit(6);
    const scattered = Array.from({ length: SEATS }, (_, seat) => seat).filter((seat) => seat % 8 === 3);
    await snapshot("CrosslinkAnchors.submit, an eighth absent", submit(7, scattered));
    const group = Array.from({ length: 150 }, (_, i) => 50 + i);
    await snapshot("CrosslinkAnchors.submit, most of a group absent", submit(8, group));
    await passToEpoch(beacon, 10 + parameters.challengeEpochs);
    await anchors.settle(1);
    await snapshot("CrosslinkAnchors.settle, one", anchors.settle(1));
    await anchors.settle(1);

    const proof = voters.proof(checkpoint, 0, crosslink);
    const key = accountKey(crypto, ALICE);
    const word = encodeAccount(1n, 10n ** 18n);
    const read = await anchors.verifyState.populateTransaction(proof, toHex(key), toHex(word), {
      siblings: state.path(key).map(toHex),
    });
    await snapshot("CrosslinkAnchors.verifyState", beacon.launcher.sendTransaction(read));
    const { message, ...path } = state.messageProof(0, 0);
    await snapshot("Vault.withdraw", vault.withdraw(message, { crosslink: proof, ...path }));

    // The last checkpoint is not settled yet.
    const disputed = voters.crosslinks.get(1);
    if (disputed === undefined) throw new Error("no crosslink at position 1");
    const absent = bitsFrom(group, Number(await beacon.registry.seatCount(8)));
    const disputedProof = voters.proof(voters.source, 1, disputed, absent);
    const asDisputes = anchors.connect(await impersonate(beacon, beacon.disputes));
    await snapshot("CrosslinkAnchors.voidEntry, first at a position", asDisputes.voidEntry(disputedProof));
  });

  it("measures reports, and what follows from them", async () => {
    const reporter = new Reporter(beacon, keys, beacon.stranger);
    const targetEpoch = Number(await beacon.registry.currentEpoch()) - 1;
    const vote = () => ({
      sourceEpoch: targetEpoch - 1,
      sourceRoot: ZERO_HASH,
      targetEpoch,
      targetRoot: random.bytes(32),
    });
    const votes = (signed: (it: Vote) => SignedVote): Evidence => ({
      kind: "votes",
      a: signed(vote()),
      b: signed(vote()),
    });
    const committee = Array.from({ length: 128 }, (_, i) => i + 2);
    const everybody = Array.from(
      { length: Number(await beacon.registry.seatCount(targetEpoch)) },
      (_, seat) => seat + 1,
    );
    const absent = everybody.filter((seat) => seat % 8 === 3);
    for (const [name, evidence, count] of [
      ["one validator", votes((it) => reporter.listed(it, [1])), 1],
      ["128 who are listed", votes((it) => reporter.listed(it, committee)), 128],
      ["all but an eighth", votes((it) => reporter.present(it, everybody, absent)), 256],
    ] as const) {
      await snapshot(`Slashings.reportVotes, ${name}`, reporter.report(evidence));
      await snapshot(`Slashings.punish, ${name}`, reporter.punish(evidence, 0, count));
    }
  });

  after(() => {
    if (UPDATE) writeFileSync(FILE, `${JSON.stringify(measured, null, 2)}\n`);
  });

  it("finds nothing that grew by more than 2 %", () => {
    if (UPDATE) return;
    const grown = Object.entries(measured)
      .filter(([name, gas]) => gas > (known[name] ?? 0) * TOLERANCE)
      .map(([name, gas]) => `${name}: ${known[name] ?? "unknown"} -> ${gas}`);
    expect(grown).to.deep.equal([]);
    expect(Object.keys(measured)).to.have.members(Object.keys(known));
  });
});
