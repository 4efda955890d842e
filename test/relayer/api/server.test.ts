import { expect } from "chai";
import { JsonRpcError, type RpcMethod } from "../../../relayer/api/json-rpc.ts";
import { type ApiServer, createApiServer } from "../../../relayer/api/server.ts";

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, whose fields the assertions name
type Answer = any;

describe("API server", () => {
  const errors: unknown[] = [];
  const methods = new Map<string, RpcMethod>([
    ["echo", (params: readonly unknown[]) => params],
    ["nothing", () => undefined],
    ["long", () => "x".repeat(300)],
    [
      "refuse",
      () => {
        throw new JsonRpcError(-32000, "no", "0x01");
      },
    ],
    [
      "break",
      () => {
        throw new Error("a secret");
      },
    ],
  ]);
  let server: ApiServer;

  before(async () => {
    server = await createApiServer({
      port: 0,
      handlers: {
        index: () => ({ parentChainId: 1 }),
        shard: (id) => (id === 7 ? methods : undefined),
        onError: (error) => errors.push(error),
      },
      limits: { body: 2000, batch: 4, answer: 500 },
    });
  });

  after(() => server.close());

  const post = (body: string, path = "/shards/7", type = "application/json") =>
    fetch(server.url + path, { method: "POST", headers: { "content-type": type }, body });
  const answerTo = async (body: string) => (await (await post(body)).json()) as Answer;
  const request = (method: string, fields: object = {}) => ({ jsonrpc: "2.0", id: 1, method, ...fields });
  const codeOf = async (body: unknown) => (await answerTo(JSON.stringify(body))).error.code;

  it("listens on the loopback interface", () => {
    expect(server.url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it("answers its index, and nothing else to GET", async () => {
    expect(await (await fetch(server.url)).json()).to.deep.equal({ parentChainId: 1 });
    expect((await fetch(`${server.url}/shards/7`)).status).to.equal(404);
  });

  it("answers requests", async () => {
    expect(await answerTo(JSON.stringify(request("echo", { params: [1, "a"] })))).to.deep.equal({
      jsonrpc: "2.0",
      id: 1,
      result: [1, "a"],
    });
    expect(await answerTo(JSON.stringify(request("nothing", { id: "a" })))).to.deep.equal({
      jsonrpc: "2.0",
      id: "a",
      result: null,
    });
  });

  it("answers batches in order, without notifications", async () => {
    const batch = [
      request("echo", { params: [1] }),
      request("echo", { id: undefined }),
      request("refuse", { id: 2 }),
      null,
    ];
    const answers = await answerTo(JSON.stringify(batch));
    expect(answers).to.have.length(3);
    expect(answers[0]).to.deep.include({ id: 1, result: [1] });
    expect(answers[1]).to.deep.include({ id: 2, error: { code: -32000, message: "no", data: "0x01" } });
    expect(answers[2].error.code).to.equal(-32600);
  });

  it("has nothing to say to notifications", async () => {
    expect((await post(JSON.stringify(request("echo", { id: undefined })))).status).to.equal(204);
    expect((await post(JSON.stringify([request("refuse", { id: undefined })]))).status).to.equal(204);
  });

  it("tells what is wrong with a request", async () => {
    expect((await answerTo("{")).error.code).to.equal(-32700);
    expect((await answerTo("")).error.code).to.equal(-32700);
    expect(await codeOf([])).to.equal(-32600);
    expect(await codeOf(1)).to.equal(-32600);
    expect(await codeOf({ id: 1, method: "echo" })).to.equal(-32600);
    expect(await codeOf(request("echo", { id: {} }))).to.equal(-32600);
    expect(await codeOf(request("echo", { params: {} }))).to.equal(-32602);
    expect(await codeOf(request("missing"))).to.equal(-32601);
  });

  it("bounds batches, their answers and bodies", async () => {
    const long = request("long");
    expect(await codeOf([long, long, long, long, long])).to.equal(-32600);
    const answers = await answerTo(JSON.stringify([long, long, long]));
    expect(answers.map((answer: Answer) => answer.error?.code)).to.deep.equal([undefined, undefined, -32003]);
    expect((await post(" ".repeat(2001))).status).to.equal(413);
  });

  it("keeps what went wrong inside to itself", async () => {
    errors.length = 0;
    const { error } = await answerTo(JSON.stringify(request("break")));
    expect(error).to.deep.equal({ code: -32603, message: "internal error" });
    expect(errors).to.have.length(1);
  });

  it("takes JSON alone, so that no form on a web page can send to it", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
      expect((await post(JSON.stringify(request("echo")), "/shards/7", type)).status).to.equal(415);
    }
  });

  it("knows no other shard", async () => {
    for (const id of ["8", "07", "x", "-1", "99999999999"]) {
      expect((await post(JSON.stringify(request("echo")), `/shards/${id}`)).status).to.equal(404);
    }
  });
});
