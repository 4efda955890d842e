import { expect } from "chai";
import { shardChainId } from "../../protocol/eip712.ts";
import { deployBeacon, openShards } from "../support/beacon.ts";

describe("chain ids of shards", () => {
  it("are the same for the registry and for wallets", async () => {
    const beacon = await deployBeacon();
    await openShards(beacon, 3);
    for (const shardId of [1, 2, 3]) {
      const { chainId } = await beacon.shards.shard(shardId);
      expect(chainId).to.equal(BigInt(shardChainId(beacon.crypto, beacon.domain, shardId)));
    }
  });
});
