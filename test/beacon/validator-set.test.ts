import { expect } from "chai";
import { concat, toHex } from "../../protocol/bytes.ts";
import type { BeaconRegistry } from "../../types/index.ts";
import { BeaconRegistry__factory } from "../../types/index.ts";
import { type Beacon, beaconContracts, deployBeacon, impersonate, type KeyPair, newKeys } from "../support/beacon.ts";
import { INFINITY_G1, returned } from "../support/points.ts";
import { SeededRandom } from "../support/random.ts";
import { ValidatorSetModel } from "../support/validator-set-model.ts";

const FAR_FUTURE_EPOCH = 2n ** 64n - 1n;
const KEYS = 160;
const STEPS = 60;

describe("The set of validators", () => {
  let beacon: Beacon;
  let keys: KeyPair[];

  before(async () => {
    beacon = await deployBeacon();
    keys = newKeys(beacon.crypto, KEYS);
  });

  function sumOf(validators: readonly number[]): string {
    if (validators.length === 0) return toHex(INFINITY_G1);
    const { bls } = beacon.crypto;
    const publicKeys = validators.map((validator) => (keys[validator - 1] as KeyPair).publicKey);
    return toHex(bls.decompressG1(bls.aggregatePublicKeys(publicKeys)));
  }

  /** What everybody may ask of an epoch is what the model says. */
  async function expectEpoch(registry: BeaconRegistry, model: ValidatorSetModel, epoch: number): Promise<void> {
    const occupants = model.occupants(epoch);
    const active = model.active(epoch);
    const at = `in epoch ${epoch}`;
    expect(await registry.seatCount(epoch), `seats ${at}`).to.equal(occupants.length);
    expect(await registry.occupiedCount(epoch), `occupied ${at}`).to.equal(active.length);
    expect(await registry.groupOccupants(0, epoch), `occupants ${at}`).to.deep.equal(occupants.map(BigInt));
    expect(returned(await registry.aggregateKey(epoch)), `aggregate key ${at}`).to.equal(sumOf(active));
    for (const seat of [0, 1, occupants.length - 1, occupants.length]) {
      if (seat >= 0) expect(await registry.occupant(seat, epoch)).to.equal(occupants[seat] ?? 0);
    }
  }

  async function expectTenures(registry: BeaconRegistry, model: ValidatorSetModel): Promise<void> {
    expect(await registry.validatorCount()).to.equal(model.validators.length);
    for (const [i, { seat, activationEpoch, exitEpoch }] of model.validators.entries()) {
      expect(await registry.tenure(i + 1), `validator ${i + 1}`).to.deep.equal([
        BigInt(seat),
        BigInt(activationEpoch),
        Number.isFinite(exitEpoch) ? BigInt(exitEpoch) : FAR_FUTURE_EPOCH,
      ]);
    }
  }

  for (const [name, parameters] of Object.entries({
    "the smallest churn": { churnPerEpochMin: 1, churnQuotient: 32, inputDelay: 1 },
    "a churn that grows and shrinks with the set": { churnPerEpochMin: 1, churnQuotient: 4, inputDelay: 2 },
  })) {
    it(`is that of a model under ${name}, in every epoch, whoever rolls and whenever`, async () => {
      const random = new SeededRandom();
      // Twins: one is rolled by nobody but by changes themselves, one by everybody.
      const twins: BeaconRegistry[] = [];
      for (let i = 0; i < 2; i++) {
        const registry = await new BeaconRegistry__factory(beacon.launcher).deploy({
          ...beacon.parameters,
          ...parameters,
          secondsPerSlot: 1000,
          forceEpochs: 9,
        });
        await registry.initialize(beaconContracts(beacon));
        twins.push(registry.connect(await impersonate(beacon, beacon.staking)));
      }
      const [lazy, eager] = twins as [BeaconRegistry, BeaconRegistry];
      const model = new ValidatorSetModel(parameters);
      const { time } = beacon.networkHelpers;

      const enroll = async (count: number) => {
        const first = model.validators.length;
        const points = concat(...keys.slice(first, first + count).map(({ point }) => point));
        for (const registry of twins) await registry.enroll(toHex(points));
        for (let i = 0; i < count; i++) model.enroll();
      };
      const able = () => model.validators.map((_, i) => i + 1).filter((number) => model.canLeave(number));
      const some = (numbers: readonly number[]) => numbers[random.below(numbers.length)];

      await enroll(10);
      const genesisTime = (await time.latest()) + 1000;
      for (const registry of twins) await registry.connect(beacon.launcher).scheduleGenesis(genesisTime);
      await time.increaseTo(genesisTime);
      model.started = true;

      const changes: Record<string, () => Promise<void>> = {
        async deposit() {
          const count = 1 + random.below(6);
          if (model.validators.length + count <= KEYS) await enroll(count);
        },
        async exit() {
          const number = some(able());
          if (number === undefined) return;
          for (const registry of twins) {
            await expect(registry.exit(number)).to.emit(registry, "ValidatorExitScheduled");
          }
          model.exit(number);
        },
        async slash() {
          // Those too that leave already.
          const number = some(model.validators.map((_, i) => i + 1));
          if (number === undefined || (model.validators[number - 1]?.activationEpoch ?? 0) > model.epoch) return;
          for (const registry of twins) await registry.exitSlashed(number);
          model.slash(number);
        },
        async eject() {
          const numbers = model.validators.map((_, i) => i + 1).filter(() => random.below(6) === 0);
          for (const registry of twins) await registry.exitEjected(numbers);
          model.eject(numbers);
        },
        async roll() {
          await eager.rollEpochs(1 + random.below(20));
        },
        async wait() {
          // Now and then for long, now and then for as long as all that is scheduled takes.
          const epochs = [1, 1, 2, 3, 40, 1000][random.below(6)] as number;
          model.epoch += epochs;
          await time.increaseTo(genesisTime + model.epoch * 8 * 1000);
          if (random.below(2) === 0) await eager.rollEpochs(1000);
        },
      };
      const names = ["deposit", "deposit", "exit", "exit", "slash", "eject", "roll", "wait", "wait", "wait"];
      for (let step = 0; step < STEPS; step++) {
        await changes[names[random.below(names.length)] as string]?.();
        expect(await lazy.nextExitEpoch()).to.equal(model.nextPlace("exits"));
        expect(await eager.nextActivationEpoch()).to.equal(model.nextPlace("activations"));
        const last = model.epoch + parameters.inputDelay;
        for (const registry of twins) await expectEpoch(registry, model, last - random.below(Math.min(last, 5) + 1));
      }

      const last = model.epoch + parameters.inputDelay;
      const epochs = new Set([0, last, ...model.changes().flatMap((epoch) => [epoch - 1, epoch, epoch + 1])]);
      for (const registry of twins) {
        await expectTenures(registry, model);
        for (const epoch of epochs) if (epoch >= 0 && epoch <= last) await expectEpoch(registry, model, epoch);
      }
    });
  }
});
