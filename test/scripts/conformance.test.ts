import { expect } from "chai";
import { createNativeCrypto } from "../../crypto/native.ts";
import { toHex } from "../../protocol/bytes.ts";
import { CAPABILITIES } from "../../scripts/conformance/capabilities.ts";
import { conformanceTable, runConformance } from "../../scripts/conformance/run.ts";
import { testAccount } from "../support/operated-shards.ts";
import { ServedShard } from "../support/served-shard.ts";

const crypto = await createNativeCrypto();

/** The same checks as `npm run conformance`, against a shard without the parent chain and the nodes around it. */
describe("Stock clients", () => {
  const alice = testAccount(crypto, 1);
  let shard: ServedShard;

  before(async () => {
    shard = await ServedShard.start(crypto, [alice]);
    shard.run(50);
  });

  after(() => shard.close());

  it("do everything with a shard that applies to them", async function () {
    this.timeout(120_000);
    const outcomes = await runConformance({ url: shard.url, privateKey: toHex(alice.key) }, () => {});
    expect(outcomes.filter(({ failure }) => failure !== null)).to.deep.equal([]);
    const table = conformanceTable(outcomes);
    for (const client of ["ethers", "viem", "cast", "page"]) expect(table).to.contain(client);
    const tried = new Set(outcomes.map(({ capability }) => capability));
    expect(tried).to.deep.equal(new Set(Object.keys(CAPABILITIES)));
    expect(outcomes).to.have.length(14 + 14 + 13 + 6);
  });
});
