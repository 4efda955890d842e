import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { fromHex } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { type Parameters, parametersFor } from "../../../protocol/presets.ts";
import { exitValidator } from "../../../relayer/parent/actions/leave.ts";
import { registerValidators } from "../../../relayer/parent/actions/register-validators.ts";
import { scheduleGenesis } from "../../../relayer/parent/actions/schedule-genesis.ts";
import { connectContracts } from "../../../relayer/parent/contracts.ts";
import type { DeploymentRecord } from "../../../relayer/parent/deployment.ts";
import { ParentFollower } from "../../../relayer/parent/parent-follower.ts";
import { TransactionSender } from "../../../relayer/parent/transaction-sender.ts";
import { SeededRandom } from "../../support/random.ts";
import { registrationOf } from "./support/registration.ts";
import { TestChain } from "./support/test-chain.ts";

const FAR_FUTURE = (1n << 64n) - 1n;
const STEPS = 60;

/** The follower's seats against the contract's own, over histories that nobody thought of. */
describe("The follower's seats", function () {
  this.timeout(180_000);
  // Room for several changes in one epoch, and few enough seats that they change hands.
  const parameters: Parameters = { ...parametersFor("minimal", "devnet"), churnPerEpochMin: 3 };
  const epochSeconds = parameters.slotsPerEpoch * parameters.secondsPerSlot;
  let crypto: Crypto;
  let random: SeededRandom;
  let chain: TestChain;
  let record: DeploymentRecord;
  let sender: TransactionSender;
  let follower: ParentFollower;
  let genesisTime: number;

  const contracts = () => connectContracts(record.addresses, chain.provider);

  before(async () => {
    crypto = await createNativeCrypto();
    random = new SeededRandom();
    chain = await TestChain.start();
    record = await chain.deploy(parameters);
    sender = new TransactionSender(chain.provider, chain.launcherKey, { intervalMs: 5 });
    follower = await ParentFollower.connect(crypto, chain.provider, record);
    for (let i = 0; i < 3; i++) await register(4);
    genesisTime = (await chain.now()) + 10;
    await scheduleGenesis(sender, record.addresses, genesisTime);
    await enterEpoch(1);
  });

  after(() => chain.close());

  async function register(count: number): Promise<void> {
    const keys = Array.from({ length: count }, () => random.secretKey());
    const registration = registrationOf(crypto, follower.view.domain, keys, fromHex(sender.address));
    await registerValidators(crypto, sender, record.addresses, registration, parameters.stake);
  }

  async function enterEpoch(epoch: number): Promise<void> {
    await chain.mineAt(Math.max(genesisTime + epoch * epochSeconds, (await chain.now()) + 1));
    await follower.poll();
  }

  /** Sends a call of Staking as one of the contracts that may. */
  async function sendAs(from: string, data: string): Promise<void> {
    const { provider } = chain;
    await provider.send("hardhat_impersonateAccount", [from]);
    await provider.send("hardhat_setBalance", [from, "0xde0b6b3a7640000"]);
    const gas = "0xf00000";
    await provider.send("eth_sendTransaction", [{ from, to: record.addresses.staking, data, gas }]);
  }

  const staying = () =>
    Array.from({ length: follower.view.validatorCount() }, (_, i) => follower.view.validator(i + 1)).filter(
      (validator) =>
        validator !== null &&
        validator.exitEpoch === Number.POSITIVE_INFINITY &&
        validator.activationEpoch <= follower.view.epoch(),
    );

  function anyOf<T>(items: readonly T[]): T | undefined {
    return items[random.below(Math.max(1, items.length))];
  }

  async function change(): Promise<void> {
    const { staking } = contracts();
    const { slashings, rollCall } = record.addresses;
    const validator = staying().length > 4 ? anyOf(staying())?.index : undefined;
    const kind = random.below(6);
    if (kind === 0 || validator === undefined) await register(1 + random.below(3));
    else if (kind === 1 || kind === 2) await exitValidator(crypto, sender, record.addresses, validator, null);
    else if (kind === 3) {
      // Any: those that wait or leave, too.
      const slashed = 1 + random.below(follower.view.validatorCount());
      const data = staking.interface.encodeFunctionData("slash", [slashed, sender.address]);
      await sendAs(slashings, data);
    } else if (kind === 4) {
      const others = [anyOf(staying())?.index as number].filter((other) => other !== validator);
      await sendAs(rollCall, staking.interface.encodeFunctionData("eject", [[validator, ...others]]));
    } else await enterEpoch(follower.view.epoch() + 1 + random.below(3));
    await follower.poll();
  }

  async function expectSame(): Promise<void> {
    const { registry } = contracts();
    const { view } = follower;
    const last = view.epoch() + parameters.inputDelay;
    const epochs = new Set([last, view.epoch(), random.below(last + 1), random.below(last + 1)]);
    for (const epoch of epochs) {
      const count = Number(await registry.seatCount(epoch));
      expect(view.seatCount(epoch), `seats in epoch ${epoch}`).to.equal(count);
      expect(view.occupiedCount(epoch), `occupied in ${epoch}`).to.equal(Number(await registry.occupiedCount(epoch)));
      const occupants = (await registry.groupOccupants(0, epoch)).slice(0, count).map(Number);
      expect(
        view.seatsOf(epoch).map((validator) => validator?.index ?? 0),
        `occupants in epoch ${epoch}`,
      ).to.deep.equal(occupants);
    }
    for (let index = 1; index <= view.validatorCount(); index++) {
      const { seat, activationEpoch, exitEpoch } = await registry.tenure(index);
      const known = view.validator(index);
      const exit = exitEpoch === FAR_FUTURE ? Number.POSITIVE_INFINITY : Number(exitEpoch);
      expect([known?.seat, known?.activationEpoch, known?.exitEpoch], `tenure of ${index}`).to.deep.equal([
        Number(seat),
        Number(activationEpoch),
        exit,
      ]);
    }
  }

  it("are the contract's, for every epoch that is fixed, whatever happens", async () => {
    for (let step = 0; step < STEPS; step++) {
      await change();
      await expectSame();
    }
    const left = Array.from({ length: follower.view.validatorCount() }, (_, i) =>
      follower.view.validator(i + 1),
    ).filter((validator) => (validator?.exitEpoch ?? 0) <= follower.view.epoch());
    const refilled = left.filter((validator) =>
      follower.view.occupant(validator?.seat as number, follower.view.epoch()),
    );
    expect([left.length > 0, refilled.length > 0], "seats were left, and taken again").to.deep.equal([true, true]);
  });

  it("are the contract's after a reorg that takes changes back and brings others", async () => {
    const snapshot = await chain.snapshot();
    for (let i = 0; i < 6; i++) await change();
    await chain.revert(snapshot);
    await chain.mine(2);
    await register(2);
    await follower.poll();
    await expectSame();
    for (let i = 0; i < 4; i++) await change();
    await expectSame();
  });
});
