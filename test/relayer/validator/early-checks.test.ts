import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { LedgerError } from "../../../ledger/errors.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { type PublishedBlock, PublishedBlocks } from "../../../relayer/store/published-blocks.ts";
import type { BlockVerifier } from "../../../relayer/validator/check-block.ts";
import { EarlyChecks } from "../../../relayer/validator/early-checks.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";
import { ShardOverParent } from "../../support/shard-over-parent.ts";

const SHARD = 2;
const BLOCKS = 4;

describe("EarlyChecks", () => {
  let crypto: Crypto;
  let parent: HandFedParent;
  let shard: ShardOverParent;
  let published: PublishedBlocks;
  let checks: EarlyChecks;
  let verify: BlockVerifier;
  let attests: (shardId: number, epoch: number) => boolean | null;
  let executed: number;
  let errors: unknown[];

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(async () => {
    parent = new HandFedParent(crypto);
    shard = new ShardOverParent(parent, SHARD);
    await shard.run(1, BLOCKS);
    verify = shard.verifyBlock;
    attests = () => true;
    executed = 0;
    errors = [];
    published = new PublishedBlocks({
      crypto,
      domain: parent.view.domain,
      keptPerGeneration: 128,
      operatorOf: (id, generation) => parent.view.operatorOf(id, generation),
      onAdd: (block) => checks.take(block),
    });
    checks = new EarlyChecks({
      view: parent.view,
      blocks: published,
      verifyBlock: () => (block, previous) => {
        executed++;
        verify(block, previous);
      },
      attests: (shardId, epoch) => attests(shardId, epoch),
      onError: (error) => errors.push(error),
    });
  });

  afterEach(() => {
    expect(errors).to.deep.equal([]);
  });

  const turns = async (count: number) => {
    for (let i = 0; i < count; i++) await turn();
  };
  /** Numbers of the blocks that are known to be good. */
  const verified = () =>
    Array.from({ length: BLOCKS }, (_, i) => i + 1).filter((number) => published.numbered(SHARD, number)[0]?.verified);
  const nextParentBlock = async () => {
    checks.onBlock();
    await turns(10);
  };

  it("executes blocks as they come, one in each turn", async () => {
    for (const block of shard.blocks) published.add(block);
    expect(verified()).to.deep.equal([]);
    await turns(2);
    expect(verified().length).to.be.within(1, 2);
    await turns(10);
    expect(verified()).to.deep.equal([1, 2, 3, 4]);
    expect(executed).to.equal(4);
  });

  it("leaves alone what others attest", async () => {
    attests = (shardId, epoch) => shardId === SHARD && epoch === 3;
    for (const block of shard.blocks) published.add(block);
    await turns(10);
    expect(verified()).to.deep.equal([3]);
    await nextParentBlock();
    expect(executed).to.equal(1);
  });

  it("leaves alone blocks of a dead generation, which nobody attests", async () => {
    parent.slashBond(SHARD);
    for (const block of shard.blocks) published.add(block);
    await turns(10);
    expect([verified(), executed]).to.deep.equal([[], 0]);
    expect(published.numbered(SHARD, BLOCKS)).to.have.length(1);
  });

  it("waits for the block below, the committee and the facts, but not for ever", async () => {
    published.add(shard.blocks[1] as Uint8Array);
    await turns(10);
    expect([verified(), executed]).to.deep.equal([[], 0]);
    attests = () => null;
    published.add(shard.blocks[0] as Uint8Array);
    await turns(10);
    expect([verified(), executed]).to.deep.equal([[], 0]);
    attests = () => true;
    verify = () => {
      throw new LedgerError("FactsUnavailable");
    };
    await nextParentBlock();
    expect([verified(), executed]).to.deep.equal([[], 2]);
    verify = shard.verifyBlock;
    await nextParentBlock();
    expect([verified(), executed]).to.deep.equal([[1, 2], 4]);

    verify = () => {
      throw new LedgerError("WrongSeed");
    };
    published.add(shard.blocks[2] as Uint8Array);
    for (let i = 0; i < 10; i++) await nextParentBlock();
    expect(executed).to.equal(7);
    expect(published.numbered(SHARD, 3), "kept for its crosslink").to.have.length(1);
  });

  it("forgets a copy that can never be good, and executes it no second time", async () => {
    verify = () => {
      throw new LedgerError("InsufficientBalance");
    };
    for (let i = 0; i < 3; i++) {
      published.add(shard.blocks[0] as Uint8Array);
      await turns(3);
      expect(published.numbered(SHARD, 1)).to.deep.equal([]);
    }
    expect(executed).to.equal(1);
  });

  it("goes on after an error that is no verdict", async () => {
    const broken = new Error("broken");
    verify = (block, previous) => {
      if (previous === null) throw broken;
      shard.verifyBlock(block, previous);
    };
    for (const block of shard.blocks) published.add(block);
    await turns(10);
    expect(verified()).to.deep.equal([2, 3, 4]);
    expect(errors.splice(0)).to.deep.equal([broken]);
  });

  it("stops when it is closed", async () => {
    for (const block of shard.blocks) published.add(block);
    checks.close();
    checks.take(published.numbered(SHARD, 1)[0] as PublishedBlock);
    await nextParentBlock();
    expect(executed).to.equal(0);
  });
});
