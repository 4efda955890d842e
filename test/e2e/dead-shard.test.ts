import { expect } from "chai";
import { epochOfSlot } from "../../protocol/clock.ts";
import { encodeAnswer } from "../../protocol/gossip.ts";
import { requestedBlocksOf, shardOf } from "./support/messages.ts";
import { sharedNetwork } from "./support/shared-network.ts";

const DEAD = 3;

describe("a dead shard", () => {
  const network = sharedNetwork();

  it("does not delay the others, and catches up", async function () {
    this.timeout(180_000);
    const { view } = network();
    const { transport } = network().operatorOf(DEAD);
    transport.outgoing = (message, bytes) => (shardOf(message) === DEAD ? null : bytes);
    transport.answering = (request, answer) => (requestedBlocksOf(request) === DEAD ? encodeAnswer([]) : answer);
    // What was out before may still be anchored.
    const died = view.epoch() + 1;
    await network().until("epochs without the shard", () => view.justified.epoch > died + 2, 9);

    expect(network().anchoredAfter(died, DEAD), "crosslinks of the dead shard").to.deep.equal([]);
    const checkpoints = network().checkpointsAfter(died);
    expect(checkpoints.length, "checkpoints without it").to.be.at.least(2);
    for (const { id } of view.shards().filter(({ id }) => id !== DEAD)) {
      expect(network().anchoredAfter(died, id).length, `crosslinks of shard ${id}`).to.be.at.least(2);
    }
    await network().until("finality without it", () => view.finalized.epoch > died, 6);

    transport.restore();
    const returned = view.justified.epoch;
    const first = () => network().anchoredAfter(returned, DEAD)[0];
    await network().until("the shard's return", () => first() !== undefined, 6);
    const epochs = (await network().headersOf(first() as NonNullable<ReturnType<typeof first>>)).map(({ slot }) =>
      epochOfSlot(view.parameters, slot),
    );
    expect(epochs, "epochs of the blocks it anchors on its return").to.include(died + 1);
  });
});
