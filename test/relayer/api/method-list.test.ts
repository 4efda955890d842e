import { readFileSync } from "node:fs";
import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { createShardRpc } from "../../../relayer/api/shard-rpc.ts";
import { OperatedShards } from "../../support/operated-shards.ts";

describe("docs/json-rpc.md", () => {
  it("lists every method, and no other", async () => {
    const page = readFileSync(new URL("../../../docs/json-rpc.md", import.meta.url), "utf8");
    const listed = [...page.matchAll(/^\| `([a-z0-9]+_[A-Za-z0-9]+)` \|/gm)].map(([, name]) => name);
    const shards = new OperatedShards(await createNativeCrypto(), 1);
    expect(listed.toSorted()).to.deep.equal([...createShardRpc(shards.operator(1)).keys()].toSorted());
  });
});
