import { request } from "node:http";
import { expect } from "chai";
import { type AccessRules, DEFAULT_ACCESS, isAllowedHost } from "../../../relayer/api/access.ts";
import type { RpcMethod } from "../../../relayer/api/json-rpc.ts";
import { type ApiServer, createApiServer } from "../../../relayer/api/server.ts";
import { post, requestOf, SocketClient } from "../../support/rpc-client.ts";

const methods = new Map<string, RpcMethod>([["echo", (params) => params]]);
const DAPP = { origin: "https://dapp.example" };
const OTHER = { origin: "https://other.example" };

describe("Access to the API", () => {
  let server: ApiServer;

  const start = async (access: Partial<AccessRules>) => {
    server = await createApiServer({
      port: 0,
      handlers: {
        index: () => ({ hello: 1 }),
        shard: (id) => (id === 1 ? methods : undefined),
        onError: console.error,
      },
      access,
    });
    return `${server.url}/shards/1`;
  };
  afterEach(() => server.close());

  const preflight = (url: string, headers: Record<string, string>) =>
    fetch(url, { method: "OPTIONS", headers: { ...headers, "access-control-request-method": "POST" } });
  /** `fetch` sets the Host header itself. */
  const statusWithHost = (url: string, host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      request(url, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });

  it("is any page's by default", async () => {
    const url = await start({});
    for (const target of [url, server.url]) {
      const allowed = await preflight(target, DAPP);
      expect(allowed.status).to.equal(204);
      expect(allowed.headers.get("access-control-allow-origin")).to.equal("*");
      expect(allowed.headers.get("access-control-allow-headers")).to.equal("content-type");
      expect(allowed.headers.get("access-control-allow-credentials")).to.equal(null);
    }
    const answer = await post(url, requestOf("echo", [1]), DAPP);
    expect(answer.headers.get("access-control-allow-origin")).to.equal("*");
    expect(((await answer.json()) as { result: unknown }).result).to.deep.equal([1]);
    expect((await post(url, "", OTHER)).headers.get("access-control-allow-origin")).to.equal("*");
    (await SocketClient.open(url, DAPP)).close();
  });

  it("is the listed pages' when they are listed, and that of programs", async () => {
    const url = await start({ origins: [DAPP.origin] });
    const allowed = await preflight(url, DAPP);
    expect(allowed.headers.get("access-control-allow-origin")).to.equal(DAPP.origin);
    expect(allowed.headers.get("vary")).to.equal("origin");
    expect((await preflight(url, OTHER)).status).to.equal(403);
    expect((await post(url, requestOf("echo"), OTHER)).status).to.equal(403);
    expect((await post(url, requestOf("echo"), { origin: "null" })).status).to.equal(403);
    expect((await post(url, requestOf("echo"))).status).to.equal(200);
    expect(await SocketClient.refusedWith(url, OTHER)).to.equal(403);
    (await SocketClient.open(url, DAPP)).close();
  });

  it("is not that of names that others point at this machine", async () => {
    const url = await start({ hosts: ["shards.example"] });
    expect(await statusWithHost(server.url, "shards.example")).to.equal(200);
    expect(await statusWithHost(server.url, "evil.example:8645")).to.equal(403);
    expect(await SocketClient.refusedWith(url, { host: "evil.example" })).to.equal(403);
  });

  it("knows a name of this machine from another", async () => {
    await start({});
    const verdict = (host: string | undefined) => isAllowedHost({ ...DEFAULT_ACCESS, hosts: ["node.example"] }, host);
    for (const host of [undefined, "localhost", "LOCALHOST:8645", "127.0.0.1:1", "[::1]:8645", "node.example:80"]) {
      expect(verdict(host), host).to.equal(true);
    }
    for (const host of [
      "",
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example:1",
      "127.0.0.1@evil",
      ":1",
    ]) {
      expect(verdict(host), host).to.equal(false);
    }
  });
});
