import { expect } from "chai";
import { getAddress, WebSocketProvider } from "ethers";
import { createPublicClient, webSocket } from "viem";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { MESSAGE_SENT_TOPIC, MESSENGER_ADDRESS } from "../../../protocol/system-contracts.ts";
import type { RpcMethod } from "../../../relayer/api/json-rpc.ts";
import { type ApiServer, createApiServer } from "../../../relayer/api/server.ts";
import { testAccount } from "../../support/operated-shards.ts";
import { call, requestOf, SocketClient } from "../../support/rpc-client.ts";
import { ServedShard } from "../../support/served-shard.ts";

const crypto = await createNativeCrypto();
const alice = testAccount(crypto, 1);
const bob = testAccount(crypto, 2);

describe("WebSocket of a shard", () => {
  let shard: ServedShard;

  beforeEach(async () => {
    shard = await ServedShard.start(crypto, [alice]);
  });

  afterEach(() => shard.close());

  it("answers requests and batches, on the path of the shard alone", async () => {
    const client = await SocketClient.open(shard.url);
    expect((await client.call("net_version")).result).to.equal(String(shard.operator.chainId));
    expect((await client.call("eth_mine")).error.code).to.equal(-32601);
    client.send(`[${requestOf("eth_chainId", [], 1)},${requestOf("eth_blockNumber", [], 2)}]`);
    expect((await client.next()).map(({ id }: { id: number }) => id)).to.deep.equal([1, 2]);
    client.close();
    expect(await SocketClient.refusedWith(shard.url.replace("/shards/1", "/shards/7"))).to.equal(404);
    expect(await SocketClient.refusedWith(`${shard.url}/x`)).to.equal(404);
  });

  it("answers many requests in their order", async () => {
    const client = await SocketClient.open(shard.url);
    for (let id = 0; id < 200; id++) client.send(requestOf("eth_blockNumber", [], id));
    for (let id = 0; id < 200; id++) expect((await client.next()).id).to.equal(id);
    client.close();
  });

  it("tells of new heads until it is told not to", async () => {
    const client = await SocketClient.open(shard.url);
    const { result: subscription } = await client.call("eth_subscribe", "newHeads");
    await shard.shards.nextEpoch();
    const { method, params } = await client.next();
    expect(method).to.equal("eth_subscription");
    expect(params.subscription).to.equal(subscription);
    const {
      transactions: _,
      uncles: __,
      size: ___,
      ...header
    } = (await call(shard.url, "eth_getBlockByNumber", "latest", false)).result;
    expect(params.result).to.deep.equal(header);

    expect((await client.call("eth_unsubscribe", subscription)).result).to.equal(true);
    await shard.shards.nextEpoch();
    expect((await client.call("eth_unsubscribe", subscription)).error.code).to.equal(-32602);
    client.close();
  });

  it("tells of logs that fit", async () => {
    const client = await SocketClient.open(shard.url);
    const filter = { address: toHex(MESSENGER_ADDRESS), topics: [toHex(MESSAGE_SENT_TOPIC)] };
    const { result: fits } = await client.call("eth_subscribe", "logs", filter);
    await client.call("eth_subscribe", "logs", { address: toHex(bob.address) });
    const hash = shard.operator.mempool.add(shard.shards.message(1, alice, 2, bob.address, 5n));
    await shard.shards.nextSlot();
    const { params } = await client.next();
    expect(params.subscription).to.equal(fits);
    expect(params.result).to.include({ transactionHash: hash, removed: false });
    expect((await client.call("eth_blockNumber")).result).to.equal(params.result.blockNumber);
    client.close();
  });

  it("refuses other subscriptions, and any over HTTP", async () => {
    const client = await SocketClient.open(shard.url);
    const refused = await client.call("eth_subscribe", "newPendingTransactions");
    expect(refused.error).to.deep.equal({
      code: -32601,
      message: 'no "newPendingTransactions" subscription in eth namespace',
    });
    expect((await client.call("eth_subscribe", "logs", { address: "0x1" })).error.code).to.equal(-32602);
    client.close();
    const { error } = await call(shard.url, "eth_subscribe", "newHeads");
    expect(error.message).to.equal("notifications not supported: connect by WebSocket");
    expect(error.code).to.equal(-32601);
  });

  it("serves ethers and viem", async () => {
    const ws = shard.url.replace("http", "ws");
    const provider = new WebSocketProvider(ws);
    const reader = createPublicClient({ transport: webSocket(ws, { reconnect: false, keepAlive: false }) });
    const toEthers = new Promise<number>((resolve) => void provider.on("block", resolve));
    const toViem = new Promise<bigint | null>((resolve, reject) => {
      const stop = reader.watchBlocks({
        onBlock: ({ number }) => {
          stop();
          resolve(number);
        },
        onError: reject,
      });
    });
    await Promise.all([provider.getBalance(getAddress(toHex(alice.address))), reader.getChainId()]);
    shard.run(50);
    shard.operator.mempool.add(shard.shards.transfer(1, alice, {}));
    expect(await toEthers).to.be.greaterThan(1);
    expect(Number(await toViem)).to.be.greaterThan(1);
    await provider.off("block");
    // Answered after its eth_unsubscribe, without whose answer ethers does not end in peace.
    await provider.getBlockNumber();
    await provider.destroy();
    (await (await reader.transport.getRpcClient()).socket).close();
  });
});

describe("WebSocket bounds", () => {
  const notifiers = new Set<(result: unknown) => void>();
  const methods = new Map<string, RpcMethod>([
    ["echo", (params) => params],
    [
      "eth_subscribe",
      (_params, session) =>
        session?.subscribe((notify) => {
          notifiers.add(notify);
          return () => notifiers.delete(notify);
        }),
    ],
  ]);
  let server: ApiServer;
  let url: string;

  beforeEach(async () => {
    server = await createApiServer({
      port: 0,
      handlers: { index: () => ({}), shard: () => methods, onError: console.error },
      limits: { body: 2000, sockets: 2, subscriptions: 3, unsent: 1_000_000, pingInterval: 100 },
    });
    url = `${server.url}/shards/1`;
  });

  afterEach(() => server.close());

  it("connections", async () => {
    const first = await SocketClient.open(url);
    const second = await SocketClient.open(url);
    expect(await SocketClient.refusedWith(url)).to.equal(503);
    first.close();
    second.close();
  });

  it("subscriptions, which end with their connection", async () => {
    const client = await SocketClient.open(url);
    for (let i = 0; i < 3; i++) expect((await client.call("eth_subscribe")).result).to.match(/^0x[0-9a-f]{32}$/);
    expect((await client.call("eth_subscribe")).error.code).to.equal(-32000);
    client.close();
    while (notifiers.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it("messages, in length and kind", async () => {
    const long = await SocketClient.open(url);
    long.send(" ".repeat(2001));
    expect(await long.closed()).to.equal(1009);
    const binary = await SocketClient.open(url);
    binary.socket.send(Uint8Array.of(1));
    expect(await binary.closed()).to.equal(1003);
  });

  it("what a client does not read", async () => {
    const client = await SocketClient.open(url);
    await client.call("eth_subscribe");
    client.socket.pause();
    const text = "x".repeat(100_000);
    for (let i = 0; i < 1000 && notifiers.size > 0; i++) {
      for (const notify of notifiers) notify(text);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(notifiers.size).to.equal(0);
    client.close();
  });

  it("the time without an answer to a ping", async () => {
    const client = await SocketClient.open(url);
    await client.call("eth_subscribe");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(notifiers.size).to.equal(1);
    client.socket.pause();
    while (notifiers.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    client.close();
  });
});
