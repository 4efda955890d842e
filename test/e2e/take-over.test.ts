import { expect } from "chai";
import { BLOCK_HEADER_BYTES, blockHash, readBlockHeader, writeBlockHeader } from "../../protocol/block-header.ts";
import { ByteReader, ByteWriter, concat } from "../../protocol/bytes.ts";
import { encodeGossip } from "../../protocol/gossip.ts";
import { addressOfKey, signAsOperator } from "../../protocol/operator-signature.ts";
import { vaultTotals } from "../../relayer/parent/vault-totals.ts";
import { audit } from "../../relayer/watcher/audit.ts";
import { Network } from "./support/network.ts";

const SHARD = 3;

describe("a shard that has lost its operator", () => {
  let network: Network;

  before(async function () {
    this.timeout(180_000);
    network = await Network.start({ watchers: 1 });
  });

  after(async function () {
    this.timeout(60_000);
    await network?.close();
  });

  const generationsOf = async (first: number, last: number) =>
    (await network.publishedBlocks(SHARD, first, last)).map(
      (block) => readBlockHeader(new ByteReader(block.subarray(0, BLOCK_HEADER_BYTES))).generation,
    );

  it("stands still, is taken over by another node that never had it, and goes on from what was anchored", async function () {
    this.timeout(300_000);
    const { crypto, view } = network;
    await network.until("anchored blocks", () => network.anchored(SHARD) >= 3, 8);
    const former = network.operatorOf(SHARD);
    const [block] = await network.publishedBlocks(SHARD, 2, 2);
    const header = {
      ...readBlockHeader(new ByteReader(block as Uint8Array)),
      traceRoot: new Uint8Array(32).fill(0xee),
    };
    const signature = signAsOperator(crypto, blockHash(crypto, view.domain, header), former.keys.accountKey);
    const rest = (block as Uint8Array).subarray(BLOCK_HEADER_BYTES + 65);
    const stranger = network.hub.connect("stranger", () => {});
    const twice = concat(writeBlockHeader(new ByteWriter(), header).finish(), signature, rest);
    stranger.publish(encodeGossip({ kind: "block", block: twice }));
    stranger.close();
    const operator = () => view.shard(SHARD)?.operator ?? new Uint8Array();
    await network.until("the loss of the bond", () => operator().every((byte) => byte === 0), 16);
    expect(view.shard(SHARD)?.generation).to.equal(1);
    const lost = view.justified.epoch;
    await network.until("checkpoints without the shard", () => view.justified.epoch > lost + 2, 8);
    expect(network.anchoredAfter(lost + 1, SHARD), "crosslinks without an operator").to.deep.equal([]);
    const standing = network.anchored(SHARD);

    const successor = network.member("operator-1");
    expect(successor).to.not.equal(former);
    await network.takeOver(SHARD, successor);
    await network.until(
      "the shard's first crosslink in the new generation",
      () => network.anchored(SHARD) > standing,
      8,
    );
    expect(operator()).to.deep.equal(addressOfKey(crypto, successor.keys.accountKey));
    expect(view.parentOf(SHARD)).to.include({ generation: 1, firstBlock: standing + 1 });
    expect(network.operatorOf(SHARD)).to.equal(successor);
    expect(former.node?.shardRpc(SHARD)).to.equal(undefined);
    expect(await generationsOf(standing, standing + 1)).to.deep.equal([0, 1]);
    const { balance, paid } = await vaultTotals(network.provider, network.deployment, view.head.number);
    await audit({
      crypto,
      view,
      source: network.publishedBlocks,
      vaultBalance: balance,
      paidWithdrawals: paid,
    });

    await network.stopMember(successor);
    await network.restartMember(successor);
    const restarted = network.anchored(SHARD);
    await network.until("crosslinks after its restart", () => network.anchored(SHARD) > restarted, 8);
    expect(view.isBonded(SHARD, 1)).to.equal(true);
  });
});
