import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { MAX_ANSWER_BYTES, MAX_GOSSIP_BYTES } from "../../../protocol/gossip.ts";
import { LocalHub } from "../../../relayer/network/local-hub.ts";
import type { Transport } from "../../../relayer/network/transport.ts";
import { eventually } from "../../support/eventually.ts";

describe("LocalHub", () => {
  let hub: LocalHub;
  let errors: unknown[];
  let got: Map<string, { message: Uint8Array; from: string }[]>;

  function join(name: string): Transport {
    const transport = hub.connect(name, (error) => errors.push(error));
    const messages: { message: Uint8Array; from: string }[] = [];
    got.set(name, messages);
    transport.onMessage((message, from) => messages.push({ message, from }));
    return transport;
  }
  const received = (name: string) => (got.get(name) ?? []).map(({ message, from }) => `${from}:${message[0]}`);

  beforeEach(() => {
    hub = new LocalHub();
    errors = [];
    got = new Map();
  });

  it("delivers to all others, not to the sender, and not within the call", async () => {
    const a = join("a");
    join("b");
    join("c");
    a.publish(Uint8Array.of(1));
    expect(received("b")).to.deep.equal([]);
    await eventually(() => received("b").length + received("c").length === 2);
    expect([received("a"), received("b"), received("c")]).to.deep.equal([[], ["a:1"], ["a:1"]]);
  });

  it("gives everybody a copy of its own", async () => {
    const a = join("a");
    join("b");
    join("c");
    const sent = Uint8Array.of(1);
    a.publish(sent);
    sent[0] = 9;
    await eventually(() => received("c").length === 1);
    (got.get("b")?.[0]?.message as Uint8Array)[0] = 7;
    expect(received("c")).to.deep.equal(["a:1"]);
  });

  it("copies requests and answers", async () => {
    const a = join("a");
    const kept: Uint8Array[] = [];
    const answer = Uint8Array.of(5);
    join("b").onRequest(async (request, from) => {
      expect(from).to.equal("a");
      kept.push(request);
      return answer;
    });
    const request = Uint8Array.of(4);
    const first = await a.request("b", request);
    request[0] = 9;
    first[0] = 9;
    expect([...(kept[0] as Uint8Array)]).to.deep.equal([4]);
    expect([...(await a.request("b", Uint8Array.of(4)))]).to.deep.equal([5]);
  });

  it("cuts off who is unreachable, in both directions, and lets it back", async () => {
    const [a, b] = [join("a"), join("b"), join("c")];
    hub.setReachable("b", false);
    a.publish(Uint8Array.of(1));
    b.publish(Uint8Array.of(2));
    expect(a.peers()).to.deep.equal(["c"]);
    expect(b.peers()).to.deep.equal([]);
    await refused(a.request("b", Uint8Array.of(1)), "b is not reachable");
    await refused(b.request("a", Uint8Array.of(1)), "a is not reachable");
    await eventually(() => received("c").length === 1);
    hub.setReachable("b", true);
    b.publish(Uint8Array.of(3));
    await eventually(() => received("c").length === 2);
    expect([received("a"), received("b"), received("c")]).to.deep.equal([["b:3"], [], ["a:1", "b:3"]]);
  });

  it("takes no name twice, until it is free again", () => {
    const a = join("a");
    expect(() => join("a")).to.throw("taken");
    a.close();
    expect(() => join("a")).not.to.throw();
  });

  it("delivers nothing after close", async () => {
    const [a, b] = [join("a"), join("b")];
    a.publish(Uint8Array.of(1));
    b.close();
    b.publish(Uint8Array.of(2));
    await sleep(20);
    expect([received("a"), received("b")]).to.deep.equal([[], []]);
    expect(a.peers()).to.deep.equal([]);
    await refused(a.request("b", Uint8Array.of(1)), "b is not reachable");
  });

  it("gives up on a peer that does not answer", async function () {
    this.timeout(20_000);
    const a = join("a");
    join("b").onRequest(() => new Promise(() => {}));
    await refused(a.request("b", Uint8Array.of(1)), "b did not answer");
    join("c");
    await refused(a.request("c", Uint8Array.of(1)), "c answers no requests");
  });

  it("reports what a handler throws, and goes on", async () => {
    const a = join("a");
    const seen: number[] = [];
    join("b").onMessage((message) => {
      seen.push(message[0] as number);
      if (message[0] === 1) throw new Error("rubbish");
    });
    a.publish(Uint8Array.of(1));
    a.publish(Uint8Array.of(2));
    await eventually(() => seen.length === 2);
    expect(errors.map(String)).to.deep.equal(["Error: rubbish"]);
  });

  it("refuses messages that are too long", () => {
    expect(() => join("a").publish(new Uint8Array(MAX_GOSSIP_BYTES + 1))).to.throw(RangeError);
  });

  it("refuses answers that are too long", async () => {
    const a = join("a");
    join("b").onRequest(async () => new Uint8Array(MAX_ANSWER_BYTES + 1));
    await refused(a.request("b", Uint8Array.of(1)), `b answered ${MAX_ANSWER_BYTES + 1} bytes`);
  });

  it("does not let one peer's flood push out, or hold up, another one's messages", async () => {
    const [flood, quiet] = [join("flood"), join("quiet"), join("b")];
    for (let i = 0; i < 20_000; i++) flood.publish(Uint8Array.of(1));
    quiet.publish(Uint8Array.of(2));
    for (let i = 0; i < 20_000; i++) flood.publish(Uint8Array.of(3));
    await eventually(() => received("b").includes("quiet:2"));
    expect(received("b").indexOf("quiet:2")).to.be.below(3);
    await eventually(() => received("b").length > 1000);
    expect(received("b").length).to.be.below(3_000);
  });
});

async function refused(attempt: Promise<unknown>, why: string): Promise<void> {
  const error = await attempt.then(
    () => null,
    (reason: unknown) => reason as Error,
  );
  expect(error?.message).to.include(why);
}
