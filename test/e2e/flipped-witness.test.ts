import { expect } from "chai";
import { decodeBlock } from "../../ledger/block.ts";
import { epochOfSlot } from "../../protocol/clock.ts";
import { decodeAnswer, encodeAnswer, encodeGossip, MAX_REQUESTED_BLOCKS } from "../../protocol/gossip.ts";
import { requestedBlocksOf, shardOf } from "./support/messages.ts";
import { sharedNetwork } from "./support/shared-network.ts";

const SHARD = 2;

describe("a witness with one flipped byte", () => {
  const network = sharedNetwork();

  it("is attested by nobody; its shard's entry stays while the others advance, and then catches up", async function () {
    this.timeout(180_000);
    const { view, sent } = network();
    const operator = network().operatorOf(SHARD);
    // What the others hold and hand on is what the operator's node has sent them.
    operator.transport.outgoing = (message, bytes) =>
      message.kind === "block" && shardOf(message) === SHARD
        ? encodeGossip({ kind: "block", block: withFlippedWitness(message.block) })
        : bytes;
    operator.transport.answering = (request, answer) =>
      requestedBlocksOf(request) === SHARD
        ? encodeAnswer(decodeAnswer(answer, MAX_REQUESTED_BLOCKS).map(withFlippedWitness))
        : answer;
    // Blocks of this epoch may be out already.
    const flipped = view.epoch() + 1;
    await network().until("epochs with flipped witnesses", () => view.justified.epoch > flipped + 1, 8);

    const attesters = sent.flatMap(({ from, message }) =>
      message.kind === "attestation" && message.shardId === SHARD && message.epoch >= flipped ? [from] : [],
    );
    // The operator's own node has the block as it was built.
    expect(
      attesters.filter((name) => name !== operator.keys.name),
      "nodes that attested",
    ).to.deep.equal([]);
    expect(sent.some(({ message }) => message.kind === "crosslink" && message.crosslink.shardId === SHARD)).to.equal(
      true,
    );
    expect(network().anchoredAfter(flipped - 1, SHARD), "crosslinks of the shard").to.deep.equal([]);
    for (const { id } of view.shards().filter(({ id }) => id !== SHARD)) {
      expect(network().anchoredAfter(flipped - 1, id), `crosslinks of shard ${id}`).to.have.length.greaterThan(0);
    }

    await network().restore();
    const healed = view.justified.epoch;
    const first = () => network().anchoredAfter(healed, SHARD)[0];
    await network().until("the shard's return", () => first() !== undefined, 6);
    const epochs = (await network().headersOf(first() as NonNullable<ReturnType<typeof first>>)).map(({ slot }) =>
      epochOfSlot(view.parameters, slot),
    );
    expect(epochs, "epochs of the blocks it anchors on its return").to.include(flipped);
  });
});

/** One byte in the middle of the witness is another; header and signature are as they were. */
function withFlippedWitness(block: Uint8Array): Uint8Array {
  const { witness } = decodeBlock(block);
  const flipped = block.slice();
  const at = block.length - witness.length + (witness.length >> 1);
  flipped[at] = (flipped[at] as number) ^ 1;
  return flipped;
}
