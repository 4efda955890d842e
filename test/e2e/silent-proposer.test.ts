import { expect } from "chai";
import { equal } from "../../protocol/bytes.ts";
import { epochOfSlot } from "../../protocol/clock.ts";
import { sharedNetwork } from "./support/shared-network.ts";

describe("a silent proposer", () => {
  const network = sharedNetwork();

  it("costs its epoch and nothing else", async function () {
    this.timeout(180_000);
    const { view, crypto, members } = network();
    // Its proposal is due in the epoch that follows.
    const silent = view.epoch();
    const key = view.proposer(silent)?.validator?.publicKey as Uint8Array;
    const proposer = members.find(({ keys }) =>
      keys.validatorKeys.some((secret) => equal(crypto.bls.publicKey(secret), key)),
    );
    const held: number[] = [];
    if (proposer === undefined) throw new Error("nobody proposes");
    proposer.transport.outgoing = (message, bytes) => {
      if (message.kind !== "proposal" || message.epoch !== silent) return bytes;
      held.push(message.entries.length);
      return null;
    };

    await network().until("a checkpoint after the lost one", () => view.justified.epoch > silent, 6);
    expect(held, "entries of the proposal that was held back").to.have.length.greaterThan(0);
    expect(view.checkpoint(silent), "the checkpoint of the silent proposer").to.equal(null);
    for (const { id } of view.shards()) {
      const anchored = () => network().anchoredAfter(silent, id)[0];
      await network().until(`shard ${id} after the lost epoch`, () => anchored() !== undefined, 4);
      const epochs = (await network().headersOf(anchored() as NonNullable<ReturnType<typeof anchored>>)).map(
        ({ slot }) => epochOfSlot(view.parameters, slot),
      );
      expect(epochs, `epochs of the blocks that shard ${id} anchors next`).to.include(silent);
    }
    await network().until("finality", () => view.finalized.epoch > silent, 8);
  });
});
