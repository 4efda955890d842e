import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { shardChainId } from "../../protocol/eip712.ts";
import { BeaconRegistry__factory, ShardRegistry__factory } from "../../types/index.ts";
import {
  type Beacon,
  beaconContracts,
  deployBeacon,
  impersonate,
  openShards,
  passGenesis,
  passToEpoch,
} from "../support/beacon.ts";
import { BURN_ADDRESS } from "../support/stakes.ts";

describe("ShardRegistry", () => {
  let beacon: Beacon;
  let bond: bigint;

  async function deployed() {}

  before(async () => {
    beacon = await deployBeacon();
    bond = beacon.parameters.shardBond;
  });

  beforeEach(() => beacon.networkHelpers.loadFixture(deployed));

  it("opens shards for anybody with the bond once genesis is scheduled, before for the launcher", async () => {
    const { shards, registry, stranger, networkHelpers } = beacon;
    const byStranger = () => shards.connect(stranger).open(stranger.address, { value: bond });
    await expect(byStranger())
      .to.be.revertedWithCustomError(shards, "ShardRegistry_NotLauncher")
      .withArgs(stranger.address);
    await shards.open(stranger.address, { value: bond });
    await registry.scheduleGenesis((await networkHelpers.time.latest()) + 100);
    await byStranger();
    await passToEpoch(beacon, 1);
    await byStranger();
    expect(await shards.openedCount()).to.equal(3);
  });

  it("opens none before the contracts know each other, so that no coins come in that cannot come out", async () => {
    const { launcher, parameters } = beacon;
    const registry = await new BeaconRegistry__factory(launcher).deploy(parameters);
    const shards = await new ShardRegistry__factory(launcher).deploy(registry);
    const open = () => shards.open(launcher.address, { value: bond });
    await expect(open()).to.be.revertedWithCustomError(shards, "ShardRegistry_NotInitialized");
    await registry.initialize(beaconContracts(beacon));
    await expect(open()).to.emit(shards, "ShardOpened");
  });

  it("takes a shard's bond once, for Slashings or Disputes, and keeps all others", async () => {
    const { shards, slashings, disputes, stranger, ethers } = beacon;
    await openShards(beacon, 3);
    const reporter = stranger.address;
    await expect(shards.connect(stranger).slashBond(1, 0, reporter))
      .to.be.revertedWithCustomError(shards, "ShardRegistry_NotPunisher")
      .withArgs(reporter);
    const asSlashings = shards.connect(await impersonate(beacon, slashings));
    const asDisputes = shards.connect(await impersonate(beacon, disputes));
    expect(await asSlashings.slashBond.staticCall(1, 0, reporter)).to.equal(bond);
    const slash = asSlashings.slashBond(1, 0, reporter);
    await expect(slash).to.emit(shards, "BondSlashed").withArgs(1, reporter, bond);
    await expect(slash).to.emit(shards, "GenerationAdvanced").withArgs(1, 1);
    await expect(slash).to.emit(shards, "OperatorChanged").withArgs(1, 1, ZeroAddress);
    await expect(slash).to.changeEtherBalances(ethers, [shards, BURN_ADDRESS], [bond / 8n - bond, bond - bond / 8n]);
    const { operator, generation, bond: left, bondedFrom } = await shards.shard(1);
    expect([operator, generation, left, bondedFrom]).to.deep.equal([ZeroAddress, 1n, 0n, 1n]);
    expect((await shards.shard(2)).bond).to.equal(bond);
    for (const [id, generation] of [
      [0, 0],
      [1, 0],
      [1, 1],
      [2, 1],
      [4, 0],
    ] as const) {
      expect(await asSlashings.slashBond.staticCall(id, generation, reporter)).to.equal(0);
      await expect(asDisputes.slashBond(id, generation, reporter)).not.to.emit(shards, "BondSlashed");
    }
    const withoutReporter = asDisputes.slashBond(3, 0, ZeroAddress);
    await expect(withoutReporter).to.changeEtherBalances(ethers, [shards, BURN_ADDRESS], [-bond, bond]);
    await expect(shards.connect(stranger).claim()).to.changeEtherBalances(
      ethers,
      [shards, stranger],
      [-bond / 8n, bond / 8n],
    );
  });

  it("lets anybody with the bond take over a shard without an operator, and remembers who operated it when", async () => {
    const { shards, slashings, anchors, launcher, stranger, ethers } = beacon;
    await openShards(beacon, 2);
    const asSlashings = shards.connect(await impersonate(beacon, slashings));
    const asAnchors = shards.connect(await impersonate(beacon, anchors));
    const takeOver = (operator: string, value = bond, id = 2) =>
      shards.connect(stranger).takeOver(id, operator, { value });
    const operators = async (last: number) =>
      Promise.all(Array.from({ length: last + 1 }, (_, generation) => shards.operatorOf(2, generation)));
    await expect(takeOver(stranger.address))
      .to.be.revertedWithCustomError(shards, "ShardRegistry_HasOperator")
      .withArgs(2, launcher.address);
    await expect(asAnchors.advanceGeneration(2)).to.emit(shards, "GenerationAdvanced").withArgs(2, 1);
    expect(await operators(2)).to.deep.equal([launcher.address, launcher.address, ZeroAddress]);
    // What stands for generation 1 stands for what was done in generation 0.
    await asSlashings.slashBond(2, 0, launcher.address);
    await asAnchors.advanceGeneration(2);
    expect(await operators(4)).to.deep.equal([launcher.address, launcher.address, ...Array(3).fill(ZeroAddress)]);
    for (const value of [0n, bond - 1n, bond + 1n]) {
      await expect(takeOver(stranger.address, value)).to.be.revertedWithCustomError(shards, "ShardRegistry_WrongBond");
    }
    await expect(takeOver(ZeroAddress)).to.be.revertedWithCustomError(shards, "ShardRegistry_ZeroOperator");
    await expect(takeOver(stranger.address, bond, 3)).to.be.revertedWithCustomError(
      shards,
      "ShardRegistry_UnknownShard",
    );
    const taken = takeOver(stranger.address);
    await expect(taken).to.emit(shards, "OperatorChanged").withArgs(2, 3, stranger.address);
    await expect(taken).to.changeEtherBalance(ethers, shards, bond);
    await expect(takeOver(launcher.address)).to.be.revertedWithCustomError(shards, "ShardRegistry_HasOperator");
    const [nobody, first, second] = [ZeroAddress, launcher.address, stranger.address];
    expect(await operators(4)).to.deep.equal([first, first, nobody, second, nobody]);
    // The new operator's bond does not stand for what others did.
    for (const generation of [0, 1, 2, 4]) {
      expect(await asSlashings.slashBond.staticCall(2, generation, first)).to.equal(0);
    }
    await asSlashings.slashBond(2, 3, first);
    await takeOver(first);
    expect(await operators(5)).to.deep.equal([first, first, nobody, second, first, nobody]);
    await expect(shards.operatorOf(3, 0)).to.be.revertedWithCustomError(shards, "ShardRegistry_UnknownShard");
    expect(await shards.operatorOf(1, 0)).to.equal(first);
  });

  it("advances a generation for CrosslinkAnchors alone, and says so in the allocation", async () => {
    const { shards, anchors, stranger } = beacon;
    await openShards(beacon, 3);
    await expect(shards.connect(stranger).advanceGeneration(2))
      .to.be.revertedWithCustomError(shards, "ShardRegistry_NotAnchors")
      .withArgs(stranger.address);
    const asAnchors = shards.connect(await impersonate(beacon, anchors));
    await asAnchors.advanceGeneration(2);
    await asAnchors.advanceGeneration(2);
    expect(await shards.allocation(0b111n)).to.deep.equal([0b101n, [1n | (2n << 64n) | (2n << 96n) | (3n << 128n)]]);
    expect((await shards.shard(2)).bond).to.equal(bond);
  });

  it("counts ids from 1 and positions from 0", async () => {
    const { shards, stranger, crypto, domain, ethers } = beacon;
    for (const id of [1, 2]) {
      const opening = shards.open(stranger.address, { value: bond });
      await expect(opening)
        .to.emit(shards, "ShardOpened")
        .withArgs(id, stranger.address, id - 1, shardChainId(crypto, domain, id), 0);
      await expect(opening).to.changeEtherBalance(ethers, shards, bond);
      expect(await shards.shard(id)).to.deep.equal([
        stranger.address,
        0n,
        BigInt(id - 1),
        BigInt(shardChainId(crypto, domain, id)),
        0n,
        bond,
        0n,
      ]);
      expect(await shards.isOpen(id)).to.equal(true);
    }
    expect(await shards.openedCount()).to.equal(2);
  });

  it("refuses another bond, no operator, and more shards than positions", async () => {
    const { shards, stranger } = beacon;
    for (const value of [0n, bond - 1n, bond + 1n]) {
      await expect(shards.open(stranger.address, { value }))
        .to.be.revertedWithCustomError(shards, "ShardRegistry_WrongBond")
        .withArgs(value, bond);
    }
    await expect(shards.open(ZeroAddress, { value: bond })).to.be.revertedWithCustomError(
      shards,
      "ShardRegistry_ZeroOperator",
    );
    await openShards(beacon, 4);
    await expect(shards.open(stranger.address, { value: bond }))
      .to.be.revertedWithCustomError(shards, "ShardRegistry_NoFreePosition")
      .withArgs(4);
  });

  it("knows no shard 0 and none past the last", async () => {
    const { shards } = beacon;
    await openShards(beacon, 1);
    for (const id of [0, 2]) {
      expect(await shards.isOpen(id)).to.equal(false);
      await expect(shards.shard(id)).to.be.revertedWithCustomError(shards, "ShardRegistry_UnknownShard").withArgs(id);
    }
  });

  it("remembers how many there were in each epoch that is over", async () => {
    const { shards } = beacon;
    await openShards(beacon, 1);
    await expect(shards.openedAsOf(0))
      .to.be.revertedWithCustomError(shards, "ShardRegistry_EpochNotOver")
      .withArgs(0, 0);
    await passGenesis(beacon);
    await openShards(beacon, 1);
    await passToEpoch(beacon, 5);
    await openShards(beacon, 2);
    await expect(shards.openedAsOf(5))
      .to.be.revertedWithCustomError(shards, "ShardRegistry_EpochNotOver")
      .withArgs(5, 5);
    await passToEpoch(beacon, 7);
    expect(await Promise.all([0, 1, 4, 5, 6].map((epoch) => shards.openedAsOf(epoch)))).to.deep.equal([
      2n,
      2n,
      2n,
      4n,
      4n,
    ]);
    expect((await shards.shard(3)).openedEpoch).to.equal(5);
  });

  it("gives ids and generations of the positions that are asked for", async () => {
    const wide = await deployBeacon({ ...beacon.parameters, shardCount: 8 });
    await openShards(wide, 6);
    const [low, high] = [1n | (2n << 64n) | (3n << 128n) | (4n << 192n), 5n | (6n << 64n)];
    expect(await wide.shards.allocation(0b0011_1111)).to.deep.equal([0b11_1111n, []]);
    expect(await wide.shards.allocation(0)).to.deep.equal([0b11_1111n, []]);
    // With a position that nobody has, all words that are asked for.
    expect(await wide.shards.allocation(0b1100_0001)).to.deep.equal([0b11_1111n, [low, high]]);
    expect(await wide.shards.allocation(0b0100_0000)).to.deep.equal([0b11_1111n, [0n, high]]);
    const single = await deployBeacon({ ...beacon.parameters, shardCount: 1 });
    expect(await single.shards.allocation(1)).to.deep.equal([0n, [0n]]);
    await openShards(single, 1);
    expect(await single.shards.allocation(1)).to.deep.equal([1n, []]);
  });
});
