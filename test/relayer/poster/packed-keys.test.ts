import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { type Parameters, parametersFor } from "../../../protocol/presets.ts";
import { type PackLimits, packKeys, SEATS_PER_GROUP } from "../../../relayer/parent/actions/pack-keys.ts";
import { registerValidators } from "../../../relayer/parent/actions/register-validators.ts";
import { scheduleGenesis } from "../../../relayer/parent/actions/schedule-genesis.ts";
import { connectContracts } from "../../../relayer/parent/contracts.ts";
import type { DeploymentRecord } from "../../../relayer/parent/deployment.ts";
import { ParentClock } from "../../../relayer/parent/parent-clock.ts";
import { ParentFollower } from "../../../relayer/parent/parent-follower.ts";
import { TransactionSender } from "../../../relayer/parent/transaction-sender.ts";
import { Poster } from "../../../relayer/poster/poster.ts";
import { SeededRandom } from "../../support/random.ts";
import { registrationOf } from "../parent/support/registration.ts";
import { TestChain } from "../parent/support/test-chain.ts";

const OWNER = new Uint8Array(20).fill(0x22);
const PER_DEPOSIT = 64;
/** Two full groups, and one that is not. */
const DEPOSITS = 9;

describe("Poster, when groups of seats are full", function () {
  this.timeout(120_000);
  const parameters: Parameters = parametersFor("minimal", "devnet");
  let crypto: Crypto;
  let chain: TestChain;
  let record: DeploymentRecord;
  let sender: TransactionSender;
  let follower: ParentFollower;
  let genesisTime: number;

  before(async () => {
    crypto = await createNativeCrypto();
    const random = new SeededRandom();
    chain = await TestChain.start();
    record = await chain.deploy(parameters);
    sender = new TransactionSender(chain.provider, chain.launcherKey, { intervalMs: 10 });
    follower = await ParentFollower.connect(crypto, chain.provider, record);
    for (let i = 0; i < DEPOSITS; i++) {
      const keys = Array.from({ length: PER_DEPOSIT }, () => random.secretKey());
      const registration = registrationOf(crypto, follower.view.domain, keys, OWNER);
      await registerValidators(crypto, sender, record.addresses, registration, parameters.stake);
    }
    genesisTime = (await chain.now()) + 10;
    await scheduleGenesis(sender, record.addresses, genesisTime);
  });

  after(() => chain.close());

  async function enterEpoch(epoch: number): Promise<void> {
    await chain.mineAt(genesisTime + epoch * parameters.slotsPerEpoch * parameters.secondsPerSlot);
    await follower.poll();
  }

  const packedGroups = async () =>
    Number(await connectContracts(record.addresses, chain.provider).registry.packedGroups());

  const errors: unknown[] = [];
  const poster = (rank: number, pack: (limits: PackLimits) => Promise<number>) =>
    new Poster({
      source: follower,
      clock: new ParentClock(follower),
      actions: { submitCheckpoint: async () => undefined, settle: async () => undefined, packKeys: pack },
      rank,
      posters: 2,
      onError: (error) => errors.push(error),
    });

  it("packs their keys, one group in an epoch, in turns, and then no more", async () => {
    const asked: (readonly [rank: number, epoch: number])[] = [];
    const posters = [0, 1].map((rank) =>
      poster(rank, (limits) => {
        asked.push([rank, follower.view.epoch()]);
        return packKeys(sender, record.addresses, limits);
      }),
    );
    const packed: number[] = [];
    for (let epoch = 1; epoch <= 7; epoch++) {
      await enterEpoch(epoch);
      // Each block of the epoch, not only its first.
      for (let block = 0; block < 2; block++) for (const each of posters) await each.onBlock();
      packed.push(await packedGroups());
    }
    expect(packed).to.deep.equal([1, 2, 2, 2, 2, 2, 2]);
    // Each packs one; who packed the first learns of the second when it is its turn again.
    expect(asked).to.deep.equal([
      [1, 1],
      [0, 2],
      [1, 3],
    ]);
    expect(errors).to.deep.equal([]);
    expect(follower.view.seatCount(7)).to.equal(DEPOSITS * PER_DEPOSIT);
    expect(Math.floor((DEPOSITS * PER_DEPOSIT) / SEATS_PER_GROUP)).to.equal(2);
  });

  it("goes on when that fails, and tries again in its next turn", async () => {
    let tries = 0;
    const failing = poster(0, async () => {
      tries++;
      throw new Error("out of coins");
    });
    for (const [epoch, expected] of [
      [8, 1],
      [9, 1],
      [10, 2],
    ] as const) {
      await enterEpoch(epoch);
      await failing.onBlock();
      await failing.onBlock();
      expect(tries, `by epoch ${epoch}`).to.equal(expected);
    }
    expect(errors.splice(0).map(String)).to.deep.equal(["Error: out of coins", "Error: out of coins"]);
  });

  it("takes it for done when somebody else was first", async () => {
    // As if the group were full: the contract knows better.
    expect(await packKeys(sender, record.addresses, { groups: 3, max: 1 })).to.equal(2);
    expect(await packKeys(sender, record.addresses, { groups: 2, max: 1 })).to.equal(2);
    expect(await packedGroups()).to.equal(2);
  });
});
