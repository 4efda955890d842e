import { expect } from "chai";
import { BLOCK_HEADER_BYTES } from "../../../protocol/block-header.ts";
import { encodeAnswer } from "../../../protocol/gossip.ts";
import { BlockExchange } from "../../../relayer/node/block-exchange.ts";
import type { PublishedBlock, PublishedBlocks } from "../../../relayer/store/published-blocks.ts";
import { RecordingTransport } from "../../support/recording-transport.ts";

/** Told from others by its header, which is all of one value. @param copy what follows the header */
const block = (n: number, length = BLOCK_HEADER_BYTES + 1, copy = n) =>
  new Uint8Array(length).fill(n, 0, BLOCK_HEADER_BYTES).fill(copy, BLOCK_HEADER_BYTES);

describe("BlockExchange", () => {
  const errors: unknown[] = [];

  function exchange(
    transport: RecordingTransport,
    own: ReadonlyMap<number, readonly Uint8Array[]> = new Map(),
    received: ReadonlyMap<number, Uint8Array> = new Map(),
  ): BlockExchange {
    errors.length = 0;
    const numbered = (_shardId: number, number: number): readonly PublishedBlock[] => {
      const bytes = received.get(number);
      return bytes === undefined ? [] : [{ bytes } as PublishedBlock];
    };
    return new BlockExchange({
      transport,
      published: { numbered } as unknown as PublishedBlocks,
      own: (_shardId, number) => own.get(number) ?? [],
      onError: (error) => errors.push(error),
    });
  }

  it("answers from its logs before what it has received, and with each block once", () => {
    const own = new Map([1, 2].map((n) => [n, [block(n)]]));
    const received = new Map([
      [1, block(1, BLOCK_HEADER_BYTES + 1, 99)],
      [2, block(12)],
      [3, block(13)],
    ]);
    const answer = exchange(new RecordingTransport(), own, received).answer(1, 1, 4);
    expect(answer.map((bytes) => [bytes[0], bytes.at(-1)])).to.deep.equal([
      [1, 1],
      [2, 2],
      [13, 13],
      [12, 12],
    ]);
  });

  it("keeps the number of blocks in an answer below its limit, of however many generations they are", () => {
    const own = new Map(
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [n, Array.from({ length: 9 }, (_, i) => block(9 * n + i))]),
    );
    const numbers = exchange(new RecordingTransport(), own)
      .answer(1, 1, 9)
      .map((bytes) => Math.floor((bytes[0] as number) / 9));
    expect(numbers.slice(0, 9), "one of each number first").to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(numbers).to.have.length(64);
    expect(numbers.filter((number) => number === 1)).to.have.length(8);
  });

  it("keeps an answer below its limit, but for a first block that is longer", () => {
    const answered = (mebibytes: number) => {
      const received = new Map([1, 2, 3, 4].map((n) => [n, block(n, mebibytes * 1024 * 1024)]));
      return exchange(new RecordingTransport(), new Map(), received).answer(1, 1, 4).length;
    };
    expect([answered(6), answered(17)]).to.deep.equal([2, 1]);
  });

  it("gives what it has itself first, then every peer's answer as it comes, and reports those that fail", async () => {
    const transport = new RecordingTransport({
      refuses: () => Promise.reject(new Error("no")),
      rubbish: async () => Uint8Array.of(0, 9),
      empty: async () => encodeAnswer([]),
      good: async () => encodeAnswer([block(7)]),
      other: async () => encodeAnswer([block(8)]),
    });
    const answers: number[] = [];
    for await (const blocks of exchange(transport, new Map([[1, [block(1)]]])).fetch(1, 1, 2)) {
      answers.push(...blocks.map((bytes) => bytes[0] as number));
    }
    expect(answers[0]).to.equal(1);
    expect(answers.slice(1).sort()).to.deep.equal([7, 8]);
    expect(errors).to.have.length(2);
    expect([...transport.asked].sort()).to.deep.equal([...transport.peers()].sort());
  });

  it("is not held up by peers that do not answer", async () => {
    const silent = () => new Promise<Uint8Array>(() => {});
    const transport = new RecordingTransport({ a: silent, b: silent, good: async () => encodeAnswer([block(7)]) });
    for await (const [first] of exchange(transport).fetch(1, 1, 1)) {
      expect(first?.[0]).to.equal(7);
      return;
    }
    throw new Error("nothing came");
  });

  it("asks nobody further once it has what it wants", async () => {
    const answers = Array.from({ length: 20 }, (_, i) => [`peer-${i}`, async () => encodeAnswer([block(i)])] as const);
    const transport = new RecordingTransport(Object.fromEntries(answers));
    for await (const _ of exchange(transport).fetch(1, 1, 1)) break;
    expect(transport.asked.length).to.be.below(6);
  });
});
