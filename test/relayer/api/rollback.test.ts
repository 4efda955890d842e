import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { MESSENGER_ADDRESS } from "../../../protocol/system-contracts.ts";
import { testAccount } from "../../support/operated-shards.ts";
import { call, type Json, SocketClient } from "../../support/rpc-client.ts";
import { ServedShard } from "../../support/served-shard.ts";

const crypto = await createNativeCrypto();
const alice = testAccount(crypto, 1);
const bob = testAccount(crypto, 2);

describe("JSON-RPC of a shard whose blocks are void", () => {
  let shard: ServedShard;
  /** Of a message in a block that is anchored, then void. */
  let hash: string;

  const ask = async (method: string, ...params: unknown[]): Promise<Json> =>
    (await call(shard.url, method, ...params)).result;

  /** The void is known to the parent chain; the operator learns of it now. */
  function goBack(): void {
    const { parent } = shard.shards;
    parent.voidEntry(1, parent.justified.epoch);
    shard.operator.follow();
  }

  beforeEach(async () => {
    shard = await ServedShard.start(crypto, [alice]);
    const { shards } = shard;
    await shards.nextEpoch();
    shards.anchor();
    hash = shard.operator.mempool.add(shards.message(1, alice, 2, bob.address, 5n));
    await shards.nextSlot();
    await shards.nextEpoch();
    shards.anchor();
  });

  afterEach(() => shard.close());

  it("has an earlier latest block, and nothing of those after it", async () => {
    const before = await ask("eth_getBlockByNumber", "latest", false);
    const receipt = await ask("eth_getTransactionReceipt", hash);
    const sender = toHex(alice.address);
    const balance = await ask("eth_getBalance", sender, "latest");
    goBack();
    const latest = Number(await ask("eth_blockNumber"));
    expect(latest).to.equal(shard.operator.standing("justified").lastBlock);
    expect(latest).to.be.below(Number(receipt.blockNumber));
    expect(await ask("eth_getBlockByNumber", before.number, false)).to.equal(null);
    expect(await ask("eth_getBlockByHash", before.hash, false)).to.equal(null);
    expect(await ask("eth_getTransactionReceipt", hash)).to.equal(null);
    expect(await ask("eth_getTransactionByHash", hash), "it is pending again").to.include({ hash, blockNumber: null });
    expect(await ask("eth_getTransactionCount", sender, "latest")).to.equal("0x0");
    expect(await ask("eth_getTransactionCount", sender, "pending")).to.equal("0x1");
    expect(BigInt(await ask("eth_getBalance", sender, "latest"))).to.be.above(BigInt(balance));
    expect((await ask("eth_getBlockByNumber", "safe", false)).number).to.equal(`0x${latest.toString(16)}`);
    expect(await ask("eth_getLogs", { fromBlock: "earliest", address: toHex(MESSENGER_ADDRESS) })).to.deep.equal([]);
    expect(await ask("watchfire_getBlocks", 1, 9)).to.have.length(latest);
    expect(await ask("watchfire_status")).to.include({ generation: 1, pendingTransactions: 1 });
  });

  it("has the transaction in a block of the next generation, with another hash", async () => {
    const before = await ask("eth_getTransactionReceipt", hash);
    goBack();
    await shard.shards.nextSlot();
    const after = await ask("eth_getTransactionReceipt", hash);
    expect(after).to.include({ transactionHash: hash, status: "0x1" });
    expect(after.blockHash).to.not.equal(before.blockHash);
    const [block] = await ask("watchfire_getBlocks", Number(after.blockNumber), Number(after.blockNumber));
    expect(Number(`0x${block.slice(2 + 8, 2 + 16)}`), "its generation").to.equal(1);
    expect(await ask("eth_getLogs", { fromBlock: "earliest", address: toHex(MESSENGER_ADDRESS) })).to.have.length(1);
  });

  it("tells subscribers of logs that are gone, and of those that come in their place", async () => {
    const client = await SocketClient.open(shard.url);
    await client.call("eth_subscribe", "logs", { address: toHex(MESSENGER_ADDRESS) });
    goBack();
    const gone = (await client.next()).params.result;
    expect(gone).to.include({ transactionHash: hash, removed: true });
    await shard.shards.nextSlot();
    const again = (await client.next()).params.result;
    expect(again).to.include({ transactionHash: hash, removed: false });
    expect(again.blockHash).to.not.equal(gone.blockHash);
    client.close();
  });
});
