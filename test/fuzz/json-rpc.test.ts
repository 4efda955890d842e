import { expect } from "chai";
import fc from "fast-check";
import { createNativeCrypto } from "../../crypto/native.ts";
import { toHex } from "../../protocol/bytes.ts";
import { answerJsonRpc, type RpcContext } from "../../relayer/api/json-rpc.ts";
import { DEFAULT_API_LIMITS } from "../../relayer/api/server.ts";
import { createShardRpc } from "../../relayer/api/shard-rpc.ts";
import { mutated } from "../support/mutation.ts";
import { ETHER, OperatedShards, testAccount } from "../support/operated-shards.ts";
import { property } from "../support/property.ts";
import { RUNS } from "./decoded.ts";

const crypto = await createNativeCrypto();
const alice = testAccount(crypto, 1);

/** A few values of the kind that methods expect, and anything else. */
function parameter(hash: string): fc.Arbitrary<unknown> {
  const address = toHex(alice.address);
  const word = fc.constantFrom(
    address,
    hash,
    "latest",
    "safe",
    "pending",
    "0x0",
    "0x1",
    "0xffffffffffffffff",
    "0x",
    "0x0g",
  );
  const number = fc.constantFrom(0, 1, 2, -1, 1.5, 2 ** 53, Number.MAX_VALUE);
  const filter = fc.record(
    {
      address: word,
      topics: fc.array(fc.oneof(word, fc.array(word))),
      fromBlock: word,
      toBlock: word,
      blockHash: word,
    },
    { requiredKeys: [] },
  );
  const call = fc.record({ from: word, to: word, value: word, data: word, input: word }, { requiredKeys: [] });
  const block = fc.record({ blockHash: word, blockNumber: word }, { requiredKeys: [] });
  return fc.oneof(word, number, filter, call, block, fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(true, null));
}

describe("Fuzzed JSON-RPC", () => {
  let context: RpcContext;
  let requests: fc.Arbitrary<unknown>;
  let hash: string;
  const broken: unknown[] = [];

  before(async () => {
    const shards = new OperatedShards(crypto, 2);
    shards.parent.deposit(1, alice.address, ETHER);
    await shards.nextEpoch();
    const operator = shards.operator(1);
    hash = operator.mempool.add(shards.message(1, alice, 2, alice.address, 5n));
    await shards.nextSlot();
    const methods = createShardRpc(operator);
    context = { methods, limits: DEFAULT_API_LIMITS, onError: (error) => broken.push(error) };
    requests = fc.record(
      {
        jsonrpc: fc.oneof({ weight: 20, arbitrary: fc.constant("2.0") }, { weight: 1, arbitrary: fc.jsonValue() }),
        id: fc.oneof(fc.nat(), fc.string(), fc.constant(null), fc.jsonValue({ maxDepth: 1 })),
        method: fc.oneof(fc.constantFrom(...methods.keys()), fc.string(), fc.constantFrom("__proto__", "constructor")),
        params: fc.oneof(
          { weight: 9, arbitrary: fc.array(parameter(hash), { maxLength: 4 }) },
          { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
        ),
      },
      { requiredKeys: ["method"] },
    );
  });

  /** The answer is JSON-RPC, and nothing inside broke. */
  const check = async (body: string) => {
    const answer = await answerJsonRpc(context, body);
    expect(broken, body).to.deep.equal([]);
    if (answer === null) return;
    const parsed = JSON.parse(answer);
    for (const { jsonrpc, id, result, error } of Array.isArray(parsed) ? parsed : [parsed]) {
      expect(jsonrpc).to.equal("2.0");
      expect(id === null || typeof id === "string" || typeof id === "number").to.equal(true);
      expect(result === undefined).not.to.equal(error === undefined);
      if (error !== undefined) expect(error.code, body).to.be.a("number").that.is.not.equal(-32603);
    }
  };

  it("requests of every method with every kind of parameter get an answer", async function () {
    this.timeout(60_000);
    const cases = fc.asyncProperty(requests, (request) => check(JSON.stringify(request)));
    await fc.assert(cases, property(RUNS));
  });

  it("batches do", async function () {
    this.timeout(60_000);
    const batch = fc.array(fc.oneof(requests, fc.jsonValue({ maxDepth: 2 })), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(batch, (items) => check(JSON.stringify(items))),
      property(RUNS / 5),
    );
  });

  it("bodies that are hardly JSON do", async function () {
    this.timeout(60_000);
    const sound = [
      { jsonrpc: "2.0", id: 1, method: "eth_getTransactionReceipt", params: [hash] },
      [{ jsonrpc: "2.0", id: "a", method: "eth_getLogs", params: [{ fromBlock: "0x0", topics: [null, [hash]] }] }],
    ].map((body) => new TextEncoder().encode(JSON.stringify(body)));
    const cases = fc.asyncProperty(mutated(sound), (bytes) => check(new TextDecoder().decode(bytes)));
    await fc.assert(cases, property(RUNS));
  });
});
