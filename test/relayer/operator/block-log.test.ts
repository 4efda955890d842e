import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { type BlockHeader, blockHash, writeBlockHeader } from "../../../protocol/block-header.ts";
import { ByteWriter, toHex } from "../../../protocol/bytes.ts";
import { firstSlotOf } from "../../../protocol/clock.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink } from "../../../protocol/crosslink.ts";
import { createDomain } from "../../../protocol/eip712.ts";
import { paddedTreeRoot } from "../../../protocol/padded-tree.ts";
import { BlockLog, BlockLogError } from "../../../relayer/operator/block-log.ts";
import { FileRecordLog, MemoryRecordLog, type RecordLog } from "../../../relayer/store/record-log.ts";
import { ETHER, OperatedShards, testAccount } from "../../support/operated-shards.ts";

const crypto = await createNativeCrypto();
const domain = createDomain(crypto, 1n, new Uint8Array(20));
const GENESIS = crosslinkHash(crypto, domain, genesisCrosslink(1));

interface Made {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

/** A block that nobody executes; `slot` tells it from its rivals. */
function make(number: number, parentHash: Uint8Array, generation = 0, slot = number): Made {
  const roots = { traceRoot: GENESIS, stateRoot: GENESIS };
  const header = { shardId: 1, generation, number, parentHash, slot, stepCount: 1, ...roots, fees: 0n };
  const bytes = writeBlockHeader(new ByteWriter(), header).fixed(new Uint8Array(65), 65).finish();
  return { header, hash: blockHash(crypto, domain, header), bytes };
}

function makeChain(count: number, on: Made | null = null, generation = 0): Made[] {
  const made: Made[] = [];
  let below = on;
  for (let i = 0; i < count; i++) {
    below = make((below?.header.number ?? 0) + 1, below?.hash ?? GENESIS, generation, 100 * generation + i);
    made.push(below);
  }
  return made;
}

function crosslinkOver(blocks: readonly Made[]): Crosslink {
  const [first, last] = [blocks[0], blocks.at(-1)] as [Made, Made];
  return {
    ...genesisCrosslink(1),
    generation: first.header.generation,
    firstBlock: first.header.number,
    lastBlock: last.header.number,
    blocksRoot: paddedTreeRoot(
      crypto,
      blocks.map(({ hash }) => hash),
    ),
  };
}

describe("BlockLog", () => {
  const open = (records: RecordLog) => new BlockLog(crypto, domain, 1, records);
  const hashes = (log: BlockLog) => Array.from({ length: log.last }, (_, i) => toHex(log.hashOf(i + 1)));
  const ofMade = (blocks: readonly Made[]) => blocks.map(({ hash }) => toHex(hash));

  it("appends to its chain what names its last block, and nothing else", () => {
    const records = new MemoryRecordLog();
    const log = open(records);
    const [first, second, third] = makeChain(3) as [Made, Made, Made];
    expect(() => log.append(second.bytes)).to.throw(BlockLogError, "not in the log");
    log.append(first.bytes);
    log.append(second.bytes);
    expect(() => log.append(first.bytes)).to.throw(BlockLogError, "does not fit");
    expect(() => log.append(make(1, first.hash).bytes)).to.throw(BlockLogError);
    log.append(third.bytes);
    expect(hashes(log)).to.deep.equal(ofMade([first, second, third]));
    expect([log.last, log.read(3)?.length, log.read(4), records.last]).to.deep.equal([3, third.bytes.length, null, 3]);
    expect(() => log.hashOf(4)).to.throw(RangeError);
    expect(toHex(log.hashOf(0))).to.equal(toHex(GENESIS));
  });

  it("refuses the records of another shard", () => {
    const records = new MemoryRecordLog();
    records.append(make(1, new Uint8Array(32).fill(1)).bytes);
    expect(() => open(records)).to.throw(BlockLogError);
  });

  it("goes on from an earlier block, and keeps what is left behind", () => {
    const records = new MemoryRecordLog();
    const log = open(records);
    const old = makeChain(4);
    for (const { bytes } of old) log.append(bytes);
    log.select(log.chain.slice(0, 2));
    const young = makeChain(3, old[1], 1);
    for (const { bytes } of young) log.append(bytes);
    for (const again of [log, open(records)]) {
      again.select(again.latest);
      expect(hashes(again)).to.deep.equal(ofMade([...old.slice(0, 2), ...young]));
      expect(again.numbered(3).map(toHex)).to.deep.equal(
        [young[0], old[2]].map((made) => toHex(made?.bytes as Uint8Array)),
      );
      expect([again.lastOf(0), again.lastOf(1), again.lastOf(2)]).to.deep.equal([4, 5, 0]);
    }
  });

  it("holds one copy of a block that comes again", () => {
    const records = new MemoryRecordLog();
    const log = open(records);
    const blocks = makeChain(3);
    for (const { bytes } of blocks) log.append(bytes);
    log.select([]);
    for (const { bytes } of blocks) log.append(bytes);
    expect([log.last, records.last]).to.deep.equal([3, 3]);
  });

  it("finds the branch of a crosslink, and what of a generation is on top of it", () => {
    const log = open(new MemoryRecordLog());
    const old = makeChain(5);
    for (const { bytes } of old) log.append(bytes);
    const resume = crosslinkOver(old.slice(0, 2));
    log.select(log.chain.slice(0, 2));
    const young = makeChain(2, old[1], 1);
    for (const { bytes } of young) log.append(bytes);

    expect(log.branchOf(genesisCrosslink(1))).to.deep.equal([]);
    const branch = log.branchOf(resume) as readonly number[];
    expect(branch).to.deep.equal([1, 2]);
    expect(log.extended(branch, 0)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(log.extended(branch, 1)).to.deep.equal([1, 2, 6, 7]);
    expect(log.extended(branch, 2)).to.deep.equal([1, 2]);
    expect(log.branchOf(crosslinkOver(old.slice(2, 4)))).to.deep.equal([1, 2, 3, 4]);
    expect(log.branchOf(crosslinkOver(young))).to.deep.equal([1, 2, 6, 7]);
    expect(log.branchOf({ ...resume, blocksRoot: GENESIS })).to.equal(null);
    expect(log.branchOf({ ...resume, generation: 1 })).to.equal(null);
    expect(log.branchOf({ ...resume, lastBlock: 9 })).to.equal(null);

    expect(log.follows(resume, 1)).to.equal(true);
    expect(log.follows(resume, 0)).to.equal(false);
    expect(log.follows(crosslinkOver(young), 2)).to.equal(true);
    expect(log.follows(crosslinkOver(old.slice(2, 4)), 0)).to.equal(false);
  });

  describe("in a file that a crash has cut", () => {
    const alice = testAccount(crypto, 1);
    let folder: string;

    before(() => {
      folder = mkdtempSync(path.join(tmpdir(), "block-log-"));
    });
    after(() => rmSync(folder, { recursive: true }));

    it("leads to one chain wherever it is cut, and no block of a generation is signed twice", async () => {
      const file = path.join(folder, "blocks.log");
      const shards = new OperatedShards(crypto, 1);
      const records = new FileRecordLog(file);
      shards.restart(1, { blocks: records });
      shards.parent.deposit(1, alice.address, ETHER);
      for (let i = 0; i < 3; i++) await shards.nextEpoch();
      shards.anchor();
      for (let i = 0; i < 2; i++) await shards.nextEpoch();
      shards.anchor();
      shards.parent.voidEntry(1, shards.parent.justified.epoch);
      const { lastBlock } = shards.operator(1).standing("justified");
      const resume = toHex(shards.operator(1).chain.hashOf(lastBlock));
      for (let i = 0; i < 3; i++) await shards.nextEpoch();
      const before = Array.from({ length: 3 }, (_, i) => toHex(shards.operator(1).chain.hashOf(lastBlock + 1 + i)));
      records.close();

      const whole = readFileSync(file);
      const slot = firstSlotOf(shards.parent.parameters, ++shards.parent.epoch);
      const kept = new Set<number>();
      const lengths = Array.from({ length: Math.ceil(whole.length / 37) }, (_, i) => 37 * i);
      for (const length of [...lengths, whole.length]) {
        const cut = path.join(folder, `cut-${length}.log`);
        writeFileSync(cut, whole.subarray(0, length));
        const log = new FileRecordLog(cut);
        const operator = shards.restart(1, { blocks: log });
        const { chain } = operator;
        const follows = operator.follow();
        expect(follows, "what is anchored is there, or nothing is built").to.equal(
          chain.head.number >= lastBlock && log.last >= lastBlock,
        );
        expect(operator.onSlot(slot)).to.equal(follows);
        if (follows) {
          const young = chain.head.number - 1 - lastBlock;
          kept.add(young);
          expect(toHex(chain.hashOf(lastBlock))).to.equal(resume);
          const signed = Array.from({ length: young }, (_, i) => toHex(chain.hashOf(lastBlock + 1 + i)));
          expect(signed).to.deep.equal(before.slice(0, young));
          expect(chain.header(chain.head.number)).to.deep.include({ generation: 1, slot: slot });
        }
        log.close();
        rmSync(cut);
      }
      expect([...kept]).to.deep.equal([0, 1, 2, 3]);
    });
  });
});
