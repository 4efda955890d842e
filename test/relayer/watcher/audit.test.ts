import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { audit } from "../../../relayer/watcher/audit.ts";
import { AuditFailure, type BlockSource } from "../../../relayer/watcher/shard-replay.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";
import { ShardOverParent } from "../../support/shard-over-parent.ts";

const crypto = await createNativeCrypto();
const SHARD = 1;
const OTHER = 2;

describe("audit", () => {
  let parent: HandFedParent;
  let shard: ShardOverParent;
  let other: ShardOverParent;

  const source: BlockSource = async (id, first, last) => {
    const { chain } = (id === SHARD ? shard : other).operator;
    const numbers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    return numbers.flatMap((number) => chain.encodedBlock(number) ?? []);
  };
  const deposited = () => {
    let sum = 0n;
    for (const id of [SHARD, OTHER]) {
      for (let i = 0; i < parent.view.inboxCount(id); i++) sum += parent.view.inboxEntry(id, i)?.value ?? 0n;
    }
    return sum;
  };
  const audited = () => audit({ crypto, view: parent.view, source, vaultBalance: deposited(), paidWithdrawals: 0n });

  /** Both shards import a deposit in the epoch, and are anchored. */
  async function anchor(epoch: number): Promise<void> {
    await shard.run(epoch, epoch);
    parent.moveToEpoch(epoch);
    parent.deposit(OTHER, new Uint8Array(20).fill(0xb0), 7n);
    other.operator.onSlot(parent.view.slot());
    parent.moveToEpoch(epoch + 1);
    const signed = [shard, other].map(({ operator }) => operator.buildCrosslink(epoch, operator.standing("justified")));
    parent.accept(
      epoch,
      signed.flatMap((each) => (each === null ? [] : [each.crosslink])),
    );
  }

  beforeEach(async () => {
    parent = new HandFedParent(crypto);
    shard = new ShardOverParent(parent, SHARD);
    other = new ShardOverParent(parent, OTHER);
    for (let epoch = 1; epoch <= 4; epoch++) await anchor(epoch);
  });

  it("counts what is anchored", async () => {
    const { crosslinks, onShards, unimported } = await audited();
    expect(crosslinks).to.equal(8);
    expect(onShards + unimported).to.equal(deposited());
  });

  for (const [name, epochs] of [
    ["the last crosslink", [4]],
    ["several crosslinks", [2]],
    ["all crosslinks", [1]],
    ["one after the other", [4, 3]],
  ] as const) {
    it(`does not count what is void: ${name}`, async () => {
      const before = await audited();
      for (const epoch of epochs) parent.voidEntry(SHARD, epoch);
      shard.operator.follow();
      const { crosslinks, onShards, unimported, blocks } = await audited();
      const lost = 5 - Math.min(...epochs);
      expect(crosslinks).to.equal(8 - lost);
      expect(blocks).to.be.below(before.blocks);
      expect(unimported, "deposits of the void blocks are to be imported again").to.be.above(before.unimported);
      expect(onShards + unimported).to.equal(deposited());

      await anchor(6);
      await anchor(7);
      const after = await audited();
      expect(after.crosslinks).to.equal(8 - lost + 4);
      expect(after.onShards).to.be.above(before.onShards);
      expect(after.onShards + after.unimported).to.equal(deposited());
    });
  }

  it("fails as long as the blocks of the dead generation are published in place of those that are anchored", async () => {
    parent.voidEntry(SHARD, 3);
    const dead = shard.blocks.slice();
    await anchor(6);
    await audited();
    const stale: BlockSource = async (id, first, last) =>
      id === SHARD ? dead.slice(first - 1, last) : source(id, first, last);
    const attempt = audit({ crypto, view: parent.view, source: stale, vaultBalance: deposited(), paidWithdrawals: 0n });
    const error = await attempt.then(
      () => null,
      (reason: unknown) => reason as Error,
    );
    expect(error).to.be.instanceOf(AuditFailure);
    expect(error?.message).to.include("WrongGeneration");
  });
});
