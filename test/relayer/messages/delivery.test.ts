import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { encodeAnswer } from "../../../protocol/gossip.ts";
import { type DemandedMessages, MessageDelivery } from "../../../relayer/messages/delivery.ts";
import { RecordingTransport } from "../../support/recording-transport.ts";

const payload = (n: number) => Uint8Array.of(n);

describe("MessageDelivery", () => {
  let errors: unknown[];
  const delivery = (
    transport: RecordingTransport,
    own: readonly Uint8Array[] | null = null,
    demanded: DemandedMessages = async () => [],
  ) => {
    errors = [];
    return new MessageDelivery({ transport, own: () => own, demanded, onError: (error) => errors.push(error) });
  };

  it("asks nobody for what this node's own shard has sent", async () => {
    const transport = new RecordingTransport({ a: async () => encodeAnswer([payload(9)]) });
    expect(await delivery(transport, [payload(1)]).fetch(2, 1, 0, 3)).to.deep.equal([payload(1)]);
    expect(await delivery(transport, []).fetch(2, 1, 0, 3)).to.deep.equal([]);
    expect(transport.asked).to.deep.equal([]);
  });

  it("brings what was demanded on the parent chain before what anybody hands out", async () => {
    const transport = new RecordingTransport({ operator: async () => encodeAnswer([payload(1)]) });
    const demands: number[][] = [];
    const demanded: DemandedMessages = async (...message) => {
      demands.push(message);
      return [payload(7), payload(8)];
    };
    expect(await delivery(transport, [payload(2)], demanded).fetch(2, 1, 5, 3)).to.deep.equal([payload(7), payload(8)]);
    expect(demands).to.deep.equal([[1, 2, 5, 3]]);
    const failing: DemandedMessages = () => Promise.reject(new Error("no parent chain"));
    expect(await delivery(transport, null, failing).fetch(2, 1, 5, 3)).to.deep.equal([payload(1)]);
    expect(errors).to.have.length(1);
  });

  it("collects what peers have, whoever of them fails", async () => {
    const transport = new RecordingTransport({
      refuses: () => Promise.reject(new Error("no")),
      rubbish: async () => Uint8Array.of(255, 255),
      nothing: async () => encodeAnswer([]),
      operator: async () => encodeAnswer([payload(1), payload(2)]),
    });
    expect(await delivery(transport).fetch(2, 1, 0, 3)).to.deep.equal([payload(1), payload(2)]);
    expect(errors).to.have.length(2);
  });

  it("takes no more than an answer may hold from one peer", async () => {
    const many = Array.from({ length: 65 }, (_, i) => payload(i));
    const transport = new RecordingTransport({ a: async () => encodeAnswer(many) });
    expect(await delivery(transport).fetch(2, 1, 0, 3)).to.deep.equal([]);
    expect(String(errors[0])).to.include("65 items");
  });

  it("puts the first payloads of every peer before the second of any: rubbish cannot crowd out what holds", async () => {
    const flood = async () => encodeAnswer(Array.from({ length: 64 }, () => payload(0xff)));
    const transport = new RecordingTransport({
      a: flood,
      b: flood,
      c: flood,
      d: flood,
      e: flood,
      operator: async () => encodeAnswer([payload(1), payload(2)]),
    });
    const payloads = await delivery(transport).fetch(2, 1, 0, 3);
    expect(
      payloads
        .slice(0, 12)
        .map(([byte]) => byte)
        .filter((byte) => byte !== 0xff),
    ).to.deep.equal([1, 2]);
  });

  it("does not wait for a silent peer longer than a second", async () => {
    const transport = new RecordingTransport({
      silent: () => new Promise(() => {}),
      operator: async () => encodeAnswer([payload(1)]),
    });
    const before = performance.now();
    expect(await delivery(transport).fetch(2, 1, 0, 3)).to.deep.equal([payload(1)]);
    expect(performance.now() - before).to.be.below(3_000);
  });

  it("waits on when nobody had any in that time", async () => {
    const transport = new RecordingTransport({
      silent: () => new Promise(() => {}),
      nothing: async () => encodeAnswer([]),
      slow: async () => {
        await sleep(1_200);
        return encodeAnswer([payload(1)]);
      },
    });
    expect(await delivery(transport).fetch(2, 1, 0, 3)).to.deep.equal([payload(1)]);
  });

  it("has nothing where there are no peers", async () => {
    expect(await delivery(new RecordingTransport()).fetch(2, 1, 0, 3)).to.deep.equal([]);
  });
});
