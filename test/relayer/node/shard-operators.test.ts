import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { decodeBlock } from "../../../ledger/block.ts";
import { toHex } from "../../../protocol/bytes.ts";
import type { Crosslink } from "../../../protocol/crosslink.ts";
import { ShardOperators } from "../../../relayer/node/shard-operators.ts";
import type { BlockFetcher } from "../../../relayer/operator/ports.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";
import { testAccount } from "../../support/operated-shards.ts";

const crypto = await createNativeCrypto();
const successor = testAccount(crypto, 3);
const SHARD = 2;

describe("ShardOperators", () => {
  let parent: HandFedParent;
  let folder: string;
  let errors: unknown[];
  /** Signed since the last checkpoint. */
  let crosslinks: Crosslink[];
  let former: ShardOperators;
  let nodes: ShardOperators[];
  let reachable: ShardOperators[];

  const fetchBlocks: BlockFetcher = async function* (shardId, first, last) {
    for (const node of reachable) {
      yield Array.from({ length: last - first + 1 }, (_, i) => node.blocks(shardId, first + i)).flat();
    }
  };

  function start(name: string, operatorKey: Uint8Array, operatorAddress: Uint8Array): ShardOperators {
    const node = new ShardOperators({
      crypto,
      view: parent.view,
      operatorKey,
      operatorAddress,
      directory: path.join(folder, name),
      messagesFor: () => [],
      fetchBlocks,
      publishBlock: () => {},
      publishCrosslink: ({ crosslink }) => crosslinks.push(crosslink),
      onError: (error) => errors.push(error),
    });
    nodes.push(node);
    return node;
  }
  const startFormer = () => start("former", parent.operatorKey, parent.operator);
  const startSuccessor = () => start("successor", successor.key, successor.address);

  /** The next epoch, in which the blocks of the last one are anchored. */
  async function nextEpoch(...running: readonly ShardOperators[]): Promise<void> {
    const epoch = parent.view.epoch() + 1;
    parent.deposit(SHARD, new Uint8Array(20).fill(9), 5n);
    parent.moveToEpoch(epoch);
    crosslinks = [];
    for (const node of running) node.onBlock();
    // What is fetched comes between two blocks of the parent chain.
    for (let i = 0; i < 20; i++) await setImmediate();
    if (crosslinks.length > 0)
      parent.accept(
        epoch - 1,
        crosslinks.toSorted((a, b) => a.shardId - b.shardId),
      );
  }
  const generationsOf = (node: ShardOperators, number: number) =>
    node.blocks(SHARD, number).map((block) => decodeBlock(block).header.generation);

  beforeEach(async () => {
    parent = new HandFedParent(crypto);
    folder = mkdtempSync(path.join(tmpdir(), "shard-operators-"));
    [errors, crosslinks, nodes] = [[], [], []];
    former = startFormer();
    reachable = [former];
    for (let i = 0; i < 4; i++) await nextEpoch(former);
  });

  afterEach(() => {
    for (const node of nodes) node.close();
    rmSync(folder, { recursive: true });
  });

  it("runs the shards of its account, one crosslink per epoch", () => {
    expect(former.ids()).to.deep.equal([1, 2, 3, 4]);
    expect(crosslinks.map(({ shardId }) => shardId)).to.deep.equal([1, 2, 3, 4]);
    expect(parent.view.parentOf(SHARD)?.lastBlock).to.be.above(0);
    expect(startSuccessor().ids()).to.deep.equal([]);
    expect(errors).to.deep.equal([]);
  });

  it("goes on in the next generation after a void, with all other shards", async () => {
    const { resume } = parent.voidEntry(SHARD, parent.view.justified.epoch);
    await nextEpoch(former);
    await nextEpoch(former);
    expect(crosslinks.find(({ shardId }) => shardId === SHARD)).to.include({
      generation: 1,
      firstBlock: resume.lastBlock + 1,
    });
    expect(crosslinks).to.have.length(4);
    expect(generationsOf(former, resume.lastBlock + 1)).to.deep.equal([1, 0]);
    expect(errors).to.deep.equal([]);
  });

  it("hands a shard over to whoever takes it, and hands out what is left of it, after a restart, too", async () => {
    const { resume } = parent.voidEntry(SHARD, parent.view.justified.epoch);
    await nextEpoch(former);
    parent.slashBond(SHARD);
    const next = startSuccessor();
    await nextEpoch(former, next);
    expect(former.ids(), "it tells where the shard stands").to.deep.equal([1, 2, 3, 4]);
    expect(former.get(SHARD)?.chain.head.number).to.equal(resume.lastBlock);
    expect(crosslinks.map(({ shardId }) => shardId)).to.deep.equal([1, 3, 4]);

    parent.takeOver(SHARD, successor.address);
    await nextEpoch(former, next);
    expect([former.ids(), next.ids()]).to.deep.equal([[1, 3, 4], [SHARD]]);
    await nextEpoch(former, next);
    await nextEpoch(former, next);
    expect(errors).to.deep.equal([]);
    expect(crosslinks.find(({ shardId }) => shardId === SHARD)).to.include({ generation: 2 });
    expect(parent.view.parentOf(SHARD)).to.include({ generation: 2, firstBlock: resume.lastBlock + 1 });
    expect(generationsOf(next, resume.lastBlock + 1)).to.deep.equal([2]);
    expect(toHex(next.blocks(SHARD, 1)[0] as Uint8Array)).to.equal(toHex(former.blocks(SHARD, 1)[0] as Uint8Array));

    former.close();
    const again = startFormer();
    again.onBlock();
    expect(again.ids()).to.deep.equal([1, 3, 4]);
    expect(generationsOf(again, resume.lastBlock + 1)).to.deep.equal([1, 0]);
  });

  it("fetches in every epoch anew what nobody has", async () => {
    parent.slashBond(SHARD);
    parent.takeOver(SHARD, successor.address);
    const next = startSuccessor();
    reachable = [];
    await nextEpoch(former, next);
    const { head } = next.get(SHARD)?.chain ?? {};
    expect(head?.number).to.equal(0);
    expect(String(errors[0])).to.include("is not published");
    reachable = [former];
    const tried = errors.length;
    next.onBlock();
    for (let i = 0; i < 20; i++) await setImmediate();
    expect(next.get(SHARD)?.chain.head.number, "not before the next epoch").to.equal(0);
    await nextEpoch(former, next);
    await nextEpoch(former, next);
    expect(errors).to.have.length(tried);
    expect(next.get(SHARD)?.chain.head.number).to.be.above(0);
    expect(next.get(SHARD)?.chain.header(next.get(SHARD)?.chain.head.number ?? 0)?.generation).to.equal(1);
  });

  it("goes on with its other shards when the log of one is damaged", async () => {
    former.close();
    const log = path.join(folder, "former", `shard-${SHARD}`, "blocks.log");
    appendFileSync(log, new Uint8Array(64).fill(1));
    const again = startFormer();
    await nextEpoch(again);
    expect(again.ids()).to.deep.equal([1, 3, 4]);
    await nextEpoch(again);
    expect(crosslinks.map(({ shardId }) => shardId)).to.deep.equal([1, 3, 4]);
    expect(errors).to.have.length(1);
  });
});
