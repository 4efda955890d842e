import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { maxBlockBytes } from "../../../ledger/block-bounds.ts";
import { type BlockHeader, blockHash, writeBlockHeader } from "../../../protocol/block-header.ts";
import { ByteWriter, concat, DecodeError } from "../../../protocol/bytes.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { createDomain, type Domain } from "../../../protocol/eip712.ts";
import { addressOfKey, signAsOperator } from "../../../protocol/operator-signature.ts";
import { type PublishedBlock, PublishedBlocks } from "../../../relayer/store/published-blocks.ts";

const KEY = new Uint8Array(32).fill(3);
const ROOT = new Uint8Array(32);

describe("PublishedBlocks", () => {
  let crypto: Crypto;
  let domain: Domain;
  let published: PublishedBlocks;

  before(async () => {
    crypto = await createNativeCrypto();
    domain = createDomain(crypto, 1n, new Uint8Array(20));
  });

  beforeEach(() => {
    const operator = addressOfKey(crypto, KEY);
    const operatorOf = (id: number, generation: number) => (id === 1 && generation === 0 ? operator : null);
    published = new PublishedBlocks({ crypto, domain, keptPerGeneration: 4, operatorOf });
  });

  const headerOf = (number: number, fields: Partial<BlockHeader> = {}): BlockHeader => ({
    shardId: 1,
    generation: 0,
    number,
    parentHash: ROOT,
    slot: number,
    stepCount: 1,
    traceRoot: ROOT,
    stateRoot: ROOT,
    fees: 0n,
    ...fields,
  });
  const hashOf = (header: BlockHeader) => blockHash(crypto, domain, header);
  /** @param body what follows the signed header; nobody has signed it */
  const block = (header: BlockHeader, body = 0, key = KEY) => {
    const signature = signAsOperator(crypto, hashOf(header), key);
    return writeBlockHeader(new ByteWriter(), header).fixed(signature, 65).u8(body).finish();
  };
  const bodies = (number: number) => published.numbered(1, number).map(({ bytes }) => bytes.at(-1));

  it("keeps what its operator has signed, and nothing else", () => {
    expect(published.add(block(headerOf(1)))).to.equal(true);
    expect(published.add(block(headerOf(2), 0, new Uint8Array(32).fill(4)))).to.equal(false);
    expect(published.add(block(headerOf(2, { shardId: 2 })))).to.equal(false);
    expect(published.add(block(headerOf(2, { generation: 1 })))).to.equal(false);
    const unsigned = block(headerOf(2));
    expect(published.add(unsigned.with(150, (unsigned[150] as number) ^ 1))).to.equal(false);
    expect([published.numbered(1, 1).length, published.numbered(1, 2).length]).to.deep.equal([1, 0]);
    expect(() => published.add(new Uint8Array(100))).to.throw(DecodeError);
  });

  it("keeps a copy of its own", () => {
    const bytes = block(headerOf(1), 7);
    published.add(bytes);
    bytes.fill(0);
    expect(bodies(1)).to.deep.equal([7]);
  });

  it("keeps the first copy of a block, until it is discarded", () => {
    expect(published.add(block(headerOf(1), 1))).to.equal(true);
    expect(published.add(block(headerOf(1), 2))).to.equal(false);
    published.discard(published.numbered(1, 1)[0] as PublishedBlock);
    expect(bodies(1)).to.deep.equal([]);
    expect(published.add(block(headerOf(1), 2))).to.equal(true);
    expect(bodies(1)).to.deep.equal([2]);
  });

  it("tells of what it takes, and of nothing else", () => {
    const told: number[] = [];
    const operator = addressOfKey(crypto, KEY);
    const operatorOf = () => operator;
    const onAdd = ({ header }: PublishedBlock) => told.push(header.number);
    published = new PublishedBlocks({ crypto, domain, keptPerGeneration: 4, operatorOf, onAdd });
    published.add(block(headerOf(1), 1));
    published.add(block(headerOf(1), 2));
    published.add(block(headerOf(2), 0, new Uint8Array(32).fill(4)));
    published.add(block(headerOf(3)));
    expect(told).to.deep.equal([1, 3]);
  });

  it("keeps a copy that is known to be good, until everything is in doubt", () => {
    const held = () => published.numbered(1, 1)[0] as PublishedBlock;
    published.add(block(headerOf(1), 1));
    expect(held().verified).to.equal(false);
    published.confirm(held());
    expect(held().verified).to.equal(true);
    expect(published.add(block(headerOf(1), 2), 1)).to.equal(false);
    published.doubtAll();
    expect(held().verified).to.equal(false);
    expect(published.add(block(headerOf(1), 2), 1)).to.equal(true);
    expect(bodies(1)).to.deep.equal([2]);
  });

  it("knows a refused copy again, and a bounded number of them", () => {
    const isRefused = (body: number) => {
      published.add(block(headerOf(1), body));
      const [copy] = published.numbered(1, 1) as [PublishedBlock];
      const known = published.isRefused(copy);
      published.discard(copy);
      return known;
    };
    for (let body = 0; body < 40; body++) {
      expect(isRefused(body)).to.equal(false);
      published.add(block(headerOf(1), body));
      published.refuse(published.numbered(1, 1)[0] as PublishedBlock);
      expect(bodies(1)).to.deep.equal([]);
      expect(isRefused(body)).to.equal(true);
    }
    expect(isRefused(0)).to.equal(false);
  });

  it("lets another copy of a wanted block take the place of one that is not verified", () => {
    published.add(block(headerOf(1), 1));
    published.add(block(headerOf(2), 1));
    expect(published.add(block(headerOf(2), 2), 1), "not the wanted one").to.equal(false);
    expect(published.add(block(headerOf(1), 2, new Uint8Array(32).fill(4)), 1), "not signed").to.equal(false);
    expect(published.add(block(headerOf(1), 2), 1)).to.equal(true);
    published.confirm(published.numbered(1, 1)[0] as PublishedBlock);
    expect(published.add(block(headerOf(1), 3), 1), "verified").to.equal(false);
    expect([bodies(1), bodies(2)]).to.deep.equal([[2], [1]]);
  });

  it("keeps two different blocks of one number", () => {
    const rivals = [1, 2, 3].map((slot) => block(headerOf(1, { slot: 10 * slot }), slot));
    expect(rivals.map((rival) => published.add(rival))).to.deep.equal([true, true, false]);
    published.discard(published.numbered(1, 1)[0] as PublishedBlock);
    expect(bodies(1)).to.deep.equal([2]);
  });

  it("follows a chain by its hashes, up to what is missing", () => {
    const first = headerOf(1);
    const second = headerOf(2, { parentHash: hashOf(first) });
    const third = headerOf(3, { parentHash: hashOf(second) });
    const stray = headerOf(2, { parentHash: hashOf(third) });
    for (const header of [stray, third, first]) published.add(block(header));
    const chain = (last: number) => published.chain(1, 1, last, ROOT).map(({ header }) => header.number);
    expect(chain(3)).to.deep.equal([1]);
    published.add(block(second));
    expect([chain(3), chain(2)]).to.deep.equal([
      [1, 2, 3],
      [1, 2],
    ]);
    expect(published.chain(1, 1, 3, hashOf(first))).to.deep.equal([]);
  });

  it("keeps no body that is longer than the signed number of steps allows", () => {
    const header = headerOf(1, { stepCount: 2 });
    const longest = maxBlockBytes(2);
    const padded = (length: number) => concat(block(header), new Uint8Array(length - block(header).length));
    expect(published.add(padded(longest + 1))).to.equal(false);
    expect(published.add(padded(longest))).to.equal(true);
  });

  it("forgets the lowest numbers when their blocks are too long together", () => {
    const operator = addressOfKey(crypto, KEY);
    const keptBytesPerGeneration = 3 * block(headerOf(1)).length;
    published = new PublishedBlocks({
      crypto,
      domain,
      keptPerGeneration: 100,
      keptBytesPerGeneration,
      operatorOf: () => operator,
    });
    for (const number of [1, 2, 3, 4, 5]) published.add(block(headerOf(number)));
    expect([1, 2, 3, 4, 5].map((number) => published.numbered(1, number).length)).to.deep.equal([0, 0, 1, 1, 1]);
  });

  describe("of several generations", () => {
    const OTHER_KEY = new Uint8Array(32).fill(4);

    beforeEach(() => {
      // Generation 3 is another operator's, and the last one.
      const operatorOf = (_id: number, generation: number) =>
        generation > 5 ? null : addressOfKey(crypto, generation < 3 ? KEY : OTHER_KEY);
      published = new PublishedBlocks({ crypto, domain, keptPerGeneration: 2, operatorOf });
    });

    const add = (number: number, generation: number, key = generation < 3 ? KEY : OTHER_KEY) =>
      published.add(block(headerOf(number, { generation }), generation, key));

    it("keeps blocks of one number beside each other, those of the latest first", () => {
      expect([add(1, 0), add(1, 2), add(1, 1)]).to.deep.equal([true, true, true]);
      expect(bodies(1)).to.deep.equal([2, 1, 0]);
      const [latest] = published.numbered(1, 1) as [PublishedBlock];
      published.confirm(latest);
      expect(published.numbered(1, 1).map(({ verified }) => verified)).to.deep.equal([true, false, false]);
      published.discard(latest);
      expect(bodies(1)).to.deep.equal([1, 0]);
    });

    it("takes from each operator those of its generations, and of none that is to come", () => {
      expect([add(1, 3), add(1, 3, KEY), add(2, 2, OTHER_KEY), add(2, 6)]).to.deep.equal([true, false, false, false]);
    });

    it("lets nobody who has lost the shard push out what its successor publishes", () => {
      add(1, 3);
      for (let number = 1; number <= 40; number++) add(number, 2);
      expect([bodies(1), bodies(40)]).to.deep.equal([[3], [2]]);
      expect(bodies(38)).to.deep.equal([]);
    });

    it("forgets the oldest generations", () => {
      for (const generation of [0, 1, 2, 3]) add(1, generation);
      expect(bodies(1)).to.deep.equal([3, 2, 1, 0]);
      expect([add(1, 5), add(2, 0)]).to.deep.equal([true, false]);
      expect(bodies(1)).to.deep.equal([5, 3, 2, 1]);
    });

    it("follows a chain from one generation into the next", () => {
      const first = headerOf(1);
      const second = headerOf(2, { generation: 1, parentHash: hashOf(first) });
      for (const header of [first, second]) published.add(block(header));
      expect(published.chain(1, 1, 2, ROOT).map(({ header }) => header.generation)).to.deep.equal([0, 1]);
    });
  });

  it("forgets the lowest numbers when there are too many", () => {
    for (const number of [5, 2, 3, 4, 1, 6]) published.add(block(headerOf(number)));
    expect([1, 2, 3, 4, 5, 6].map((number) => published.numbered(1, number).length)).to.deep.equal([0, 0, 1, 1, 1, 1]);
  });
});
