import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import type { RpcMethod } from "../../../relayer/api/json-rpc.ts";
import { type ApiServer, createApiServer } from "../../../relayer/api/server.ts";
import { testAccount } from "../../support/operated-shards.ts";
import { call, post, requestOf } from "../../support/rpc-client.ts";
import { ServedShard } from "../../support/served-shard.ts";

const crypto = await createNativeCrypto();
const alice = testAccount(crypto, 1);

function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe("Floods", () => {
  const methods = new Map<string, RpcMethod>([
    ["echo", (params) => params],
    ["work", () => work(20)],
  ]);
  let server: ApiServer | undefined;

  const start = async (limits: object) => {
    const handlers = { index: () => ({}), shard: () => methods, onError: console.error };
    server = await createApiServer({ port: 0, handlers, limits });
    return `${server.url}/shards/1`;
  };
  afterEach(() => server?.close());

  /** The longest time between two looks at the timers while something goes on. */
  const longestDelay = async (during: Promise<unknown>) => {
    let last = performance.now();
    let longest = 0;
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    await during;
    clearInterval(timer);
    return longest;
  };

  it("of connections: no more than the limit are held, and others get in when they are gone", async () => {
    const url = await start({ connections: 50 });
    const sockets: Socket[] = [];
    let closed = 0;
    for (let i = 0; i < 300; i++) {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.on("error", () => {});
      socket.on("close", () => closed++);
      sockets.push(socket);
    }
    while (closed < 250) await sleep(10);
    expect(closed).to.equal(250);
    for (const socket of sockets) socket.destroy();
    await sleep(50);
    expect((await call(url, "echo", 1)).result).to.deep.equal([1]);
  });

  it("of dear requests: timers have their turn between any two of them", async () => {
    const url = await start({});
    const flood = Promise.all(Array.from({ length: 100 }, () => call(url, "work")));
    expect(await longestDelay(flood)).to.be.lessThan(400);
  });

  it("of dear requests in one batch: others have their turn, and the rest is refused after a time", async () => {
    const url = await start({ batchTime: 300 });
    const body = `[${new Array(1000).fill(requestOf("work")).join(",")}]`;
    const batch = post(url, body).then((answer) => answer.json() as Promise<{ error?: { code: number } }[]>);
    expect(await longestDelay(call(url, "echo"))).to.be.lessThan(400);
    const answers = await batch;
    expect(answers).to.have.length(1000);
    expect(answers.at(0)?.error).to.equal(undefined);
    expect(answers.at(-1)?.error?.code).to.equal(-32002);
  });

  it("of everything at once: the shard goes on, and honest transactions get in within two blocks", async function () {
    this.timeout(60_000);
    const shard = await ServedShard.start(crypto, [alice]);
    try {
      const bad = (i: number) => requestOf("eth_sendRawTransaction", [`0x02${"ab".repeat(i % 200)}`], i);
      const scan = requestOf("eth_getLogs", [{ fromBlock: "0x0", toBlock: "latest" }]);
      const bodies = [
        `[${Array.from({ length: 1000 }, (_, i) => bad(i)).join(",")}]`,
        `[${new Array(1000).fill(scan).join(",")}]`,
        "[".repeat(1_000_000),
      ];
      let isOver = false;
      const flood = Array.from({ length: 30 }, async (_, i) => {
        while (!isOver) await (await post(shard.url, bodies[i % bodies.length] as string)).text();
      });
      await sleep(300);
      const payload = `0x${Buffer.from(shard.shards.transfer(1, alice, {})).toString("hex")}`;
      const { result: hash } = await call(shard.url, "eth_sendRawTransaction", payload);
      const { number } = shard.operator.chain.head;
      await shard.shards.nextSlot();
      const { result: receipt } = await call(shard.url, "eth_getTransactionReceipt", hash);
      isOver = true;
      await Promise.all(flood);
      expect(Number(receipt.blockNumber)).to.equal(number + 1);
    } finally {
      await shard.close();
    }
  });
});
