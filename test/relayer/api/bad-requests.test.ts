import { expect } from "chai";
import type { RpcMethod } from "../../../relayer/api/json-rpc.ts";
import { type ApiServer, createApiServer } from "../../../relayer/api/server.ts";
import { type Json, post, requestOf } from "../../support/rpc-client.ts";

const MEGABYTE = 1024 * 1024;
const methods = new Map<string, RpcMethod>([["echo", (params) => params.length]]);

/** Against the limits that a node has. */
describe("Bad requests", () => {
  let server: ApiServer;
  const broken: unknown[] = [];

  before(async () => {
    const shard = (id: number) => (id === 1 ? methods : undefined);
    server = await createApiServer({
      port: 0,
      handlers: { index: () => ({}), shard, onError: (error) => broken.push(error) },
    });
  });
  after(() => server.close());

  const batchOf = (count: number) => `[${new Array(count).fill(requestOf("echo")).join(",")}]`;
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

  /** Code of the JSON-RPC error, or the HTTP status when it is not even read. */
  const rows: readonly [name: string, body: () => string | Uint8Array, expected: number][] = [
    ["nothing", () => "", -32700],
    ["half of it", () => requestOf("echo").slice(0, -5), -32700],
    ["two requests without a batch", () => requestOf("echo").repeat(2), -32700],
    ["bytes that are no text", () => Uint8Array.of(0xff, 0xfe, 0x00, 0xc0), -32700],
    ["a number", () => "1", -32600],
    ["a text", () => '"eth_chainId"', -32600],
    ["null", () => "null", -32600],
    ["an empty batch", () => "[]", -32600],
    ["another version", () => '{"jsonrpc":"1.0","id":1,"method":"echo"}', -32600],
    ["no method", () => '{"jsonrpc":"2.0","id":1}', -32600],
    ["a method that is no text", () => '{"jsonrpc":"2.0","id":1,"method":{}}', -32600],
    ["an id that is a list", () => '{"jsonrpc":"2.0","id":[],"method":"echo"}', -32600],
    ["named parameters", () => '{"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":1}}', -32602],
    ["an unknown method", () => requestOf("eth_mine"), -32601],
    ["a method of every object", () => requestOf("toString"), -32601],
    ["a method with a name of half a megabyte", () => requestOf("x".repeat(MEGABYTE / 2)), -32601],
    ["a batch of too many", () => batchOf(1001), -32600],
    ["a batch of half a million nothings", () => `[${"0,".repeat(500_000)}0]`, -32600],
    ["lists in lists, a thousand deep", () => `[${nested(1000)}]`, -32600],
    ["lists in lists, as deep as a body is long", () => nested(MEGABYTE / 2), -32600],
    ["lists that are not closed, as deep as a body is long", () => "[".repeat(MEGABYTE), -32700],
    ["objects in objects", () => '{"a":'.repeat(150_000), -32700],
    ["parameters as deep as a body is long", () => requestOf("echo").replace("[]", nested(MEGABYTE / 2 - 50)), 0],
    ["a prototype", () => '{"jsonrpc":"2.0","id":1,"__proto__":{"method":"echo"}}', -32600],
    ["more than a body may have", () => " ".repeat(MEGABYTE + 1), 413],
  ];

  for (const [name, body, expected] of rows) {
    it(`${name}: ${expected === 0 ? "an answer" : expected}`, async () => {
      const response = await post(`${server.url}/shards/1`, body());
      if (expected > 0) {
        expect(response.status).to.equal(expected);
      } else {
        expect(response.status).to.equal(200);
        const answer = (await response.json()) as Json;
        const { error } = Array.isArray(answer) ? answer[0] : answer;
        expect(error?.code ?? 0).to.equal(expected);
        expect(JSON.stringify(answer).length).to.be.lessThan(300);
      }
      expect(broken).to.deep.equal([]);
    });
  }
});
