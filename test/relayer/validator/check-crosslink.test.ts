import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { LedgerError } from "../../../ledger/errors.ts";
import type { Crosslink } from "../../../protocol/crosslink.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { PublishedBlocks } from "../../../relayer/store/published-blocks.ts";
import { CrosslinkRefused, checkCrosslink } from "../../../relayer/validator/check-crosslink.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";
import { ShardOverParent } from "../../support/shard-over-parent.ts";

const SHARD = 2;

describe("checkCrosslink", () => {
  let crypto: Crypto;
  let parent: HandFedParent;
  let shard: ShardOverParent;
  let published: PublishedBlocks;
  /** What each peer that is asked has. */
  let peers: Uint8Array[][];
  let asked: number;

  before(async () => {
    crypto = await createNativeCrypto();
  });

  beforeEach(async () => {
    parent = new HandFedParent(crypto);
    shard = new ShardOverParent(parent, SHARD);
    published = new PublishedBlocks({
      crypto,
      domain: parent.view.domain,
      keptPerGeneration: 128,
      operatorOf: (id, generation) => parent.view.operatorOf(id, generation),
    });
    peers = [];
    asked = 0;
    await shard.run(1, 4);
  });

  const check = (crosslink: Crosslink, options: { verifyBlock?: ShardOverParent["verifyBlock"] } = {}) =>
    checkCrosslink(
      {
        crypto,
        view: parent.view,
        blocks: published,
        fetchBlocks: async function* () {
          for (const blocks of peers) {
            asked++;
            yield blocks;
          }
        },
        verifyBlock: shard.verifyBlock,
        ...options,
      },
      parent.signed(crosslink),
    );
  const refused = async (
    attempt: Promise<void>,
    why: string,
    kind: new (...args: never[]) => Error = CrosslinkRefused,
  ) => {
    const error = await attempt.then(
      () => null,
      (reason: unknown) => reason as Error,
    );
    expect(error, why).to.be.instanceOf(kind);
    expect(error?.message).to.include(why);
  };
  const add = (blocks: readonly Uint8Array[]) => {
    for (const block of blocks) expect(published.add(block)).to.equal(true);
  };
  const flipped = (block: Uint8Array) => block.with(block.length - 40, (block.at(-40) as number) ^ 1);

  it("passes a crosslink whose blocks re-execute, and asks nobody for what was gossiped", async () => {
    const { crosslink } = shard.crosslink(4);
    expect(crosslink.lastBlock).to.equal(4);
    add(shard.of(crosslink));
    await check(crosslink);
    expect(asked).to.equal(0);
  });

  it("passes the next one, on top of what was accepted", async () => {
    const first = shard.crosslink(4).crosslink;
    parent.accept(4, [first]);
    await shard.run(5, 6);
    const second = shard.crosslink(6).crosslink;
    expect(second.firstBlock).to.equal(first.lastBlock + 1);
    add([...shard.of(first), ...shard.of(second)]);
    await check(second);
    await refused(check(first), "is not what the shard goes on from");
  });

  it("goes on after a void from the parent of what was void, with blocks of the new generation", async () => {
    const first = shard.crosslink(4).crosslink;
    parent.accept(4, [first]);
    await shard.run(5, 6);
    const second = shard.crosslink(6).crosslink;
    parent.accept(6, [second]);
    add([...shard.of(first), ...shard.of(second)]);
    parent.voidEntry(SHARD, 6);
    parent.moveToEpoch(8);

    await refused(check({ ...second, epoch: 7 }), "generation 0 is not 1");
    const onVoid = { generation: 1, epoch: 7, parent: parent.hashOf(parent.signed(second)) };
    await refused(check({ ...second, ...onVoid }), "is not what the shard goes on from");
    // Blocks of the dead generation stay out of the new one, however good they were.
    await refused(check({ ...second, generation: 1, epoch: 7 }), `block ${second.firstBlock} is not published`);
  });

  describe("what the shard has to import", () => {
    /** The deposit of epoch 4 is the first one that is not imported. */
    const DUE = 4 + 8;
    let isBlind: boolean;

    /** An operator that sees nothing of its inbox when it wants to. */
    beforeEach(async () => {
      expect(parent.parameters.forceEpochs).to.equal(8);
      parent = new HandFedParent(crypto);
      published = new PublishedBlocks({ crypto, domain: parent.view.domain, keptPerGeneration: 128, operatorOf });
      const view = new Proxy(parent.view, {
        get(target, name) {
          if (name === "inboxEntry" && isBlind) return () => null;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      shard = new ShardOverParent(parent, SHARD, view);
      isBlind = false;
      await shard.run(1, 4);
    });
    const operatorOf = (id: number, generation: number) => parent.view.operatorOf(id, generation);

    /** Epochs 5 to `last` on top of what is accepted of the first four, with nothing imported. */
    async function blindUntil(last: number): Promise<Crosslink> {
      const first = shard.crosslink(4).crosslink;
      add(shard.of(first));
      await check(first);
      parent.accept(4, [first]);
      isBlind = true;
      await shard.run(5, last);
      const blind = shard.crosslink(last).crosslink;
      expect(blind.firstBlock).to.equal(5);
      add(shard.of(blind));
      return blind;
    }

    it("is left lying by a crosslink that is refused", async () => {
      await refused(check(await blindUntil(DUE)), "imports from the inbox are overdue");
    });

    it("may still lie there in the epoch before", async () => {
      await check(await blindUntil(DUE - 1));
    });

    it("is known from an import in the crosslink, too", async () => {
      isBlind = true;
      await shard.run(5, 5);
      isBlind = false;
      parent.moveToEpoch(6);
      await shard.operator.onSlot(parent.view.slot());
      isBlind = true;
      await shard.run(7, 7 + 8);
      const { crosslink } = shard.crosslink(15);
      expect(crosslink.firstBlock).to.equal(1);
      add(shard.of(crosslink));
      await refused(check(crosslink), "imports from the inbox are overdue");
    });

    it("is not guessed where the blocks below have not been checked", async () => {
      const blind = await blindUntil(DUE);
      published.doubtAll();
      await check(blind);
    });

    it("may be a message that was demanded", async () => {
      const first = shard.crosslink(4).crosslink;
      add(shard.of(first));
      await check(first);
      parent.accept(4, [first]);
      parent.demandMessage(SHARD, 1, 0);
      await shard.run(6, DUE - 1);
      const early = shard.crosslink(DUE - 1).crosslink;
      add(shard.of(early));
      await check(early);

      isBlind = false;
      const blind = new Proxy(parent.view, {
        get(target, name) {
          if (name === "demand") return () => null;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      shard = new ShardOverParent(parent, 3, blind);
      parent.demandMessage(3, 1, 0);
      await shard.run(DUE + 1, DUE + 10);
      const ignoring = shard.crosslink(DUE + 10).crosslink;
      add(shard.of(ignoring));
      await refused(check(ignoring), "imports from shard 1 are overdue");
    });
  });

  it("fetches the parent's blocks and its own from whoever has them", async () => {
    const first = shard.crosslink(4).crosslink;
    parent.accept(4, [first]);
    await shard.run(5, 6);
    const second = shard.crosslink(6).crosslink;
    await refused(check(second), `the blocks of the parent, up to ${first.lastBlock}, are not published`);
    peers = [[Uint8Array.of(1, 2, 3)], shard.of(first), shard.of(second)];
    await check(second);
  });

  it("refuses a shape that the parent chain would not take", async () => {
    const { crosslink } = shard.crosslink(4);
    add(shard.of(crosslink));
    await refused(check({ ...crosslink, shardId: 9 }), "shard 9 is unknown");
    await refused(check({ ...crosslink, generation: 1 }), "generation 1 is not 0");
    await refused(check({ ...crosslink, parent: crosslink.stateRoot }), "is not what the shard goes on from");
    await refused(check({ ...crosslink, firstBlock: 2 }), "block 2 after 0");
    await refused(check({ ...crosslink, lastBlock: 0 }), "0 blocks");
    await refused(check({ ...crosslink, lastBlock: 33 }), "33 blocks");
  });

  it("refuses roots that the blocks do not lead to", async () => {
    const { crosslink } = shard.crosslink(4);
    add(shard.of(crosslink));
    await refused(check({ ...crosslink, blocksRoot: crosslink.stateRoot }), "blocks root");
    await refused(check({ ...crosslink, stateRoot: crosslink.blocksRoot }), "state root");
    await refused(check({ ...crosslink, lastBlock: crosslink.lastBlock - 1 }), "blocks root");
  });

  it("refuses blocks of a later epoch than its own", async () => {
    const { crosslink } = shard.crosslink(4);
    add(shard.of(crosslink));
    await refused(check({ ...crosslink, epoch: 3 }), "block 4 is of a later epoch than 3");
  });

  it("refuses blocks that nobody publishes, and those that do not belong there", async () => {
    const { crosslink } = shard.crosslink(4);
    peers = [shard.of(crosslink).slice(0, 2), []];
    await refused(check(crosslink), "block 3 is not published");
    const other = new ShardOverParent(parent, 3);
    peers.push(other.blocks);
    await refused(check(crosslink), "block 3 is not published");
  });

  it("refuses a block with a flipped byte, and passes once a good copy comes", async () => {
    const { crosslink } = shard.crosslink(4);
    const blocks = shard.of(crosslink);
    add([...blocks.slice(0, 2), flipped(blocks[2] as Uint8Array), ...blocks.slice(3)]);
    await refused(check(crosslink), "", LedgerError);
    // The bad copy is gone, so the good one finds its place by gossip as well.
    add([blocks[2] as Uint8Array]);
    await check(crosslink);
  });

  it("asks on while peers hand out bad copies, and takes the good one among them", async () => {
    const { crosslink } = shard.crosslink(4);
    const blocks = shard.of(crosslink);
    add(blocks.map(flipped));
    peers = [blocks.map(flipped), [new Uint8Array(3)], blocks, blocks.map(flipped)];
    await check(crosslink);
    // A good copy is not given up for a bad one.
    for (const block of blocks) expect(published.add(flipped(block), undefined)).to.equal(false);
    peers = [];
    await check(crosslink);
  });

  it("checks a bad block once, however many peers hand it out and however often it is tried", async () => {
    const { crosslink } = shard.crosslink(4);
    let checked = 0;
    const verifyBlock = () => {
      checked++;
      throw new LedgerError("InsufficientBalance");
    };
    peers = Array.from({ length: 10 }, () => shard.of(crosslink));
    add(shard.of(crosslink));
    for (let i = 0; i < 3; i++) await refused(check(crosslink, { verifyBlock }), "", Error);
    expect(checked).to.equal(1);

    // Should two thirds have anchored it nevertheless, the next crosslink builds on it: of the parent only headers matter.
    parent.accept(4, [crosslink]);
    await shard.run(5, 6);
    const next = shard.crosslink(6).crosslink;
    peers.push(shard.of(next));
    await check(next);
  });

  it("executes a good block once, until the parent chain is reorganised", async () => {
    const { crosslink } = shard.crosslink(4);
    add(shard.of(crosslink));
    let executed = 0;
    const verifyBlock: typeof shard.verifyBlock = (block, previous) => {
      executed++;
      shard.verifyBlock(block, previous);
    };
    for (let i = 0; i < 3; i++) await check(crosslink, { verifyBlock });
    expect(executed).to.equal(4);
    published.doubtAll();
    await check(crosslink, { verifyBlock });
    expect(executed).to.equal(8);
  });

  it("checks it again with every try when the fault may be in its own view of the parent chain", async () => {
    const { crosslink } = shard.crosslink(4);
    let checked = 0;
    const verifyBlock = () => {
      checked++;
      throw new LedgerError("WrongSeed");
    };
    peers = Array.from({ length: 10 }, () => shard.of(crosslink));
    for (let i = 1; i <= 3; i++) {
      await refused(check(crosslink, { verifyBlock }), "WrongSeed", LedgerError);
      expect(checked).to.equal(i);
    }
    await check(crosslink);
  });

  it("keeps a block that it cannot judge yet", async () => {
    const { crosslink } = shard.crosslink(4);
    add(shard.of(crosslink));
    const verifyBlock = () => {
      throw new LedgerError("FactsUnavailable");
    };
    await refused(check(crosslink, { verifyBlock }), "FactsUnavailable", LedgerError);
    await check(crosslink);
    expect(asked).to.equal(0);
  });
});
