import { expect } from "chai";
import { FAULTS, type Fault } from "../../ledger/dispute-evidence.ts";
import type { Step } from "../../ledger/step.ts";
import { toHex } from "../../protocol/bytes.ts";
import { addressOfKey } from "../../protocol/operator-signature.ts";
import { takeOver } from "../../relayer/parent/actions/take-over.ts";
import { committeeOf } from "../../relayer/parent/committee.ts";
import { lie } from "../support/liars.ts";
import type { SoundPlace } from "../support/sound-shard.ts";
import { FraudChain } from "./support/fraud-chain.ts";
import { Scene, type SceneShard } from "./support/scene.ts";

const LIAR_SHARD = 1;
const POSITION = 0;
const OTHER_SHARD = 2;
const SUCCESSOR = new Uint8Array(32).fill(0x55);
const REWARD_QUOTIENT = 8n;
const SILENCE_QUOTIENT = 32n;
/** Looks of the watcher, each some seconds of parent time, until everybody who is guilty has paid. */
const LOOKS = 120;
const EPOCHS_TO_FINALITY = 12;

/** How a lie comes about. */
interface Plan {
  /** What is anchored before; returns the steps that a sound crosslink would have to begin with. */
  readonly past: (scene: Scene, liar: SceneShard) => Promise<Step[]>;
  /** Epoch of the lie. */
  readonly epoch: number;
  /** Blocks of the lie. */
  readonly blocks: (liar: SceneShard) => readonly (readonly Step[])[];
  readonly isShown: boolean;
  /** What the watcher finds, if it cannot see what it is. */
  readonly found?: Fault;
}

const SHOWN: Plan = {
  past: async (scene, liar) => {
    await scene.honest(liar, 1, [[liar.importDeposit()], [liar.payment()]]);
    await scene.honest(liar, 2, [[liar.payment()]]);
    return [];
  },
  epoch: 3,
  blocks: (liar) => [[liar.payment()], [liar.payment(), liar.payment()], [liar.payment(), liar.payment()]],
  isShown: true,
};

const PLANS: Partial<Record<Fault, Plan>> = {
  Unanswered: { ...SHOWN, isShown: false },
  // Steps that fill several groups of what is shown at once.
  TracePadding: { ...SHOWN, blocks: (liar) => [[], Array.from({ length: 16 }, () => liar.payment())] },
  // Nobody but the liar knows what is hidden among the hashes of the blocks: it is found as silence.
  BlocksPadding: { ...SHOWN, found: "Unanswered" },
  InboxLeftLying: {
    ...SHOWN,
    past: async (scene, liar) => {
      await scene.honest(liar, 1, [[]]);
      return [liar.importDeposit()];
    },
    epoch: 7,
    blocks: () => [[]],
  },
  MessageLeftLying: {
    ...SHOWN,
    past: async (scene, liar) => {
      const source = scene.shard(OTHER_SHARD);
      await scene.honest(liar, 1, [[liar.importDeposit()]]);
      await scene.honest(source, 2, [[source.importDeposit(), source.message(LIAR_SHARD)]]);
      await scene.honest(liar, 3, [[]]);
      await scene.settle();
      return [await scene.demand(source, LIAR_SHARD)];
    },
    epoch: 15,
    blocks: () => [[]],
  },
};

describe("whoever anchors a lie", () => {
  let chain: FraudChain;

  before(async function () {
    this.timeout(180_000);
    chain = await FraudChain.start();
  });

  after(async function () {
    this.timeout(60_000);
    await chain?.close();
  });

  for (const fault of FAULTS) {
    if (fault === "None") continue;
    it(`loses everything for ${fault}, by one honest watcher, and the shard goes on`, async function () {
      this.timeout(180_000);
      const plan = PLANS[fault] ?? SHOWN;
      const scene = await Scene.open(chain);
      try {
        await tell(scene, fault, plan.found ?? fault, plan);
      } finally {
        scene.close();
      }
    });
  }

  async function tell(scene: Scene, fault: Fault, found: Fault, plan: Plan): Promise<void> {
    const liar = scene.shard(LIAR_SHARD);
    const due = await plan.past(scene, liar);
    await scene.look();
    expect(scene.warnings, "nothing is wrong yet").to.deep.equal([]);
    const { place } = liar.sound;
    expect(scene.view.parentOf(LIAR_SHARD)).to.deep.equal(place.parent);

    await chain.passToEpoch(plan.epoch);
    await scene.follower.poll();
    const lying = lie(fault, liar.sound.build(plan.epoch, plan.blocks(liar)), scene.lieOptions);
    if (plan.isShown) liar.publish(lying, chain.keyOf(LIAR_SHARD));
    const hash = toHex(await scene.anchor(lying.crosslink));
    scene.gossip(liar, lying.crosslink);
    const { view } = scene;
    const before = await chain.stakes(view);
    const guilty = new Set(
      (committeeOf(view, POSITION, plan.epoch) ?? []).flatMap((validator) =>
        validator === null ? [] : [validator.index],
      ),
    );

    const { disputes, staking, shardRegistry, dataChallenges, vault } = chain.contracts;
    const { stake, shardBond } = chain.parameters;
    const left = found === "Unanswered" ? stake - stake / SILENCE_QUOTIENT : 0n;
    const isDone = async () => {
      if (!view.isVoid(POSITION, plan.epoch)) return false;
      const stakes = await chain.stakes(view);
      const { bond } = await shardRegistry.shard(LIAR_SHARD);
      const credits = await Promise.all(
        [staking, shardRegistry, dataChallenges].map((contract) => contract.creditOf(scene.watcher.address)),
      );
      return (
        [...guilty].every((each) => stakes.get(each) === left) && bond === 0n && credits.every((each) => each === 0n)
      );
    };
    for (let i = 0; i < LOOKS && !(await isDone()); i++) {
      await scene.look();
      if (plan.isShown) await scene.show(lying);
    }

    const verdict = await disputes.verdictOn(hash);
    expect(FAULTS[Number(verdict.fault)], [...scene.warnings, ...scene.errors].join("\n")).to.equal(found);
    expect(verdict.reporter).to.equal(scene.watcher.address);
    const after = await chain.stakes(view);
    for (const [validator, amount] of before) {
      expect(after.get(validator), `stake of ${validator}`).to.equal(guilty.has(validator) ? left : amount);
    }
    expect((await shardRegistry.shard(LIAR_SHARD)).bond).to.equal(0n);
    expect((await shardRegistry.shard(OTHER_SHARD)).bond).to.equal(shardBond);

    // What was taken went to the watcher, an eighth, and out of the world; what is left belongs to somebody.
    const sum = [...after.values()].reduce((total, amount) => total + amount, 0n);
    expect(await chain.provider.getBalance(staking)).to.equal(sum);
    expect(await chain.provider.getBalance(shardRegistry)).to.equal(shardBond);
    const fromStakes = BigInt(guilty.size) * ((stake - left) / REWARD_QUOTIENT);
    const claimed = [
      ...(await staking.queryFilter(staking.filters.RewardClaimed())),
      ...(await shardRegistry.queryFilter(shardRegistry.filters.RewardClaimed())),
    ].reduce((total, { args }) => total + args.amount, 0n);
    expect(claimed).to.equal(fromStakes + shardBond / REWARD_QUOTIENT);
    const deposits = await chain.provider.getBalance(vault);
    expect(deposits, "coins of the shards").to.equal(2n * 10n ** 18n);

    await goOn(scene, liar, due, place, plan);
  }

  /** Another operator takes over from what was sound, and what it anchors settles. */
  async function goOn(
    scene: Scene,
    liar: SceneShard,
    due: readonly Step[],
    place: SoundPlace,
    plan: Plan,
  ): Promise<void> {
    const { view } = scene;
    const sender = await chain.fund(SUCCESSOR);
    const { addresses } = chain.deployment;
    const operator = addressOfKey(chain.crypto, SUCCESSOR);
    expect(await takeOver(sender, addresses, LIAR_SHARD, operator, chain.parameters.shardBond)).to.equal(true);
    await scene.follower.poll();
    expect(view.parentOf(LIAR_SHARD)).to.deep.equal(place.parent);
    const { generation } = view.shard(LIAR_SHARD) ?? { generation: 0 };
    expect(generation).to.be.greaterThan(0);
    liar.sound.resume(place, generation);

    const said = scene.warnings.length;
    const first = Math.max(plan.epoch + 1, view.epoch() + 1);
    // The guilty leave their seats, and whose turn it is may be gone.
    let resumed = 0;
    for (let epoch = first; epoch < first + EPOCHS_TO_FINALITY; epoch++) {
      if (resumed !== 0 && view.finalized.epoch >= resumed) break;
      const isAnchored = await scene.honest(liar, epoch, [resumed === 0 ? due : []], SUCCESSOR);
      if (isAnchored && resumed === 0) resumed = epoch;
      await scene.look();
    }
    expect(scene.warnings.slice(said), "about what is sound").to.deep.equal([]);
    await scene.settle();
    expect(resumed).to.be.greaterThan(0);
    expect(view.settled.epoch).to.be.at.least(resumed);
    expect(view.settlement(view.settled.epoch)?.exceptions).to.deep.equal([]);
    expect(view.checkpoint(view.settled.epoch)?.crosslinkOf(POSITION)).to.include({ generation });
  }
});
