import assert from "node:assert/strict";
import { WebSocket } from "ws";
import { type ConformanceClient, type Target, webSocketUrl } from "./capabilities.ts";

/** Stands for the page of a dapp somewhere on the web. */
const ORIGIN = "https://dapp.example";

const body = (method: string, params: readonly unknown[] = [], id = 1) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });

/** What a page in a browser does, without a library: HTTP as it stands. */
export async function startPage({ url }: Target): Promise<ConformanceClient> {
  const post = async (text: string) => {
    const headers = { "content-type": "application/json", origin: ORIGIN };
    const answer = await fetch(url, { method: "POST", headers, body: text });
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, whose fields the checks name
    return (await answer.json()) as any;
  };

  return {
    name: "page",
    checks: {
      network: async () => {
        const [chainId, version] = [await post(body("eth_chainId")), await post(body("net_version"))];
        assert.equal(BigInt(chainId.result), BigInt(version.result));
        // EIP-3085: a chain id that JavaScript can hold.
        assert.ok(Number.isSafeInteger(Number(version.result)));
      },
      creation: async () => {
        const { error } = await post(body("eth_estimateGas", [{ data: "0x6000" }]));
        assert.equal(error.code, 3);
      },
      unknown: async () => {
        assert.equal((await post(body("eth_mine"))).error.code, -32601);
      },
      batch: async () => {
        const answers = await post(`[${body("eth_blockNumber", [], 1)},${body("eth_mine", [], 2)}]`);
        assert.deepEqual(
          answers.map(({ id, error }: { id: number; error?: { code: number } }) => [id, error?.code]),
          [
            [1, undefined],
            [2, -32601],
          ],
        );
      },
      heads: async () => {
        const socket = new WebSocket(webSocketUrl(url), { origin: ORIGIN });
        try {
          const answer = await new Promise<string>((resolve, reject) => {
            socket.on("open", () => socket.send(body("eth_subscribe", ["newHeads"])));
            socket.on("message", (data) => resolve(data.toString()));
            socket.on("error", reject);
          });
          assert.match(JSON.parse(answer).result, /^0x[0-9a-f]+$/);
        } finally {
          socket.terminate();
        }
      },
      page: async () => {
        const asked = { "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
        const leave = await fetch(url, { method: "OPTIONS", headers: { origin: ORIGIN, ...asked } });
        assert.equal(leave.status, 204);
        assert.equal(leave.headers.get("access-control-allow-origin"), "*");
        assert.equal(leave.headers.get("access-control-allow-headers"), "content-type");
      },
    },
    close: async () => {},
  };
}
