import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import type { Crosslink } from "../../../protocol/crosslink.ts";
import { explainUndelivered } from "../../../scripts/devnet/undelivered.ts";
import { HandFedParent } from "../../support/hand-fed-parent.ts";

describe("explainUndelivered", () => {
  it("says of every message how far it has come", async () => {
    const parent = new HandFedParent(await createNativeCrypto());
    const accept = (epoch: number, shardIds: readonly number[]) => {
      parent.moveToEpoch(epoch + 1);
      const crosslinks: Crosslink[] = shardIds.map((shardId) => parent.crosslink(shardId, epoch).crosslink);
      parent.accept(epoch, crosslinks);
    };
    // Two blocks with every crosslink.
    accept(1, [1, 2]);
    parent.settle(1);
    accept(2, [2]);
    const lines = explainUndelivered(parent.view, [
      { from: 1, to: 2, block: 3 },
      { from: 2, to: 3, block: 4 },
      { from: 1, to: 3, block: 2 },
      { from: 1, to: 0, block: 1 },
      ...Array.from({ length: 6 }, () => ({ from: 3, to: 4, block: 1 })),
    ]);
    expect(lines).to.have.length(4);
    expect(lines[0]).to.match(/^7 messages wait for a crosslink .*shard 1 to shard 2, block 3, justified up to 2;/);
    expect(lines[0]).to.match(/shard 3 to shard 4, block 1, justified up to 0, and 3 more\)$/);
    expect(lines[1]).to.match(/^1 messages wait .* to settle \(shard 2 to shard 3, block 4, justified up to 4\)$/);
    expect(lines[2]).to.match(/^1 messages wait for their destination .*\(shard 1 to shard 3/);
    expect(lines[3]).to.match(/^1 messages wait for their withdrawal.*\(shard 1 to the parent chain/);
    expect(explainUndelivered(parent.view, [])).to.deep.equal([]);
  });
});
