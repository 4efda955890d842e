import { BLOCK_HEADER_BYTES, blockHash, readBlockHeader } from "../../protocol/block-header.ts";
import { ByteReader, equal } from "../../protocol/bytes.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Domain } from "../../protocol/eip712.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import type { RecordLog } from "../store/record-log.ts";

/** What a block log holds is no chain of this shard, or cannot be executed: it belongs to another shard or deployment, or the parent chain disagrees. */
export class BlockLogError extends Error {
  override readonly name = "BlockLogError";
}

interface Logged {
  readonly number: number;
  readonly generation: number;
  readonly hash: Uint8Array;
  /** Record of the block below; 0 below block 1. */
  readonly below: number;
}

/** Records of the blocks 1, 2, ... of a chain. */
export type Branch = readonly number[];

/**
 * Every block of a shard that its operator has signed or executed, of all generations, in the order in which they came. Each
 * names the one below it, so the log is a tree; one branch of it is the chain, and which one follows from the parent chain
 * alone. So to go back to an earlier block writes nothing: the first block of the new generation is the cut, and whatever a
 * crash leaves of the log leads to one chain. Blocks that are left behind stay readable.
 */
export class BlockLog {
  readonly #crypto: Crypto;
  readonly #domain: Domain;
  readonly #genesisHash: Uint8Array;
  readonly #records: RecordLog;
  /** Record i is at i - 1. */
  readonly #blocks: Logged[] = [];
  readonly #byNumber = new Map<number, number[]>();
  /** The last number of each generation. */
  readonly #lastOf = new Map<number, number>();
  #chain: number[] = [];

  /** @throws BlockLogError */
  constructor(crypto: Crypto, domain: Domain, shardId: number, records: RecordLog) {
    this.#crypto = crypto;
    this.#domain = domain;
    this.#genesisHash = crosslinkHash(crypto, domain, genesisCrosslink(shardId));
    this.#records = records;
    for (let record = 1; record <= records.last; record++) this.#index(records.read(record) as Uint8Array);
  }

  /** Number of the chain's last block; 0 when there is none. */
  get last(): number {
    return this.#chain.length;
  }

  get chain(): Branch {
    return this.#chain;
  }

  /** The branch that ends with the last block that was written. */
  get latest(): Branch {
    return this.#branchTo(this.#blocks.length);
  }

  /** As published; null when the chain has no such block. */
  read(number: number): Uint8Array | null {
    const record = this.#chain[number - 1];
    return record === undefined ? null : this.#records.read(record);
  }

  /** Of the genesis crosslink for 0. @throws RangeError when the chain has no such block */
  hashOf(number: number): Uint8Array {
    if (number === 0) return this.#genesisHash;
    const record = this.#chain[number - 1];
    if (record === undefined) throw new RangeError(`block ${number} does not exist`);
    return this.#at(record).hash;
  }

  /** Blocks of that number, of all generations, those that came last first. */
  numbered(number: number): Uint8Array[] {
    return (this.#byNumber.get(number) ?? []).toReversed().map((record) => this.#records.read(record) as Uint8Array);
  }

  /** The last number of a generation that is in the log, on whatever branch; 0 when there is none. */
  lastOf(generation: number): number {
    return this.#lastOf.get(generation) ?? 0;
  }

  /** Puts a block on top of the chain; it is on disk when this returns, one copy of it. @throws BlockLogError when it does not fit there */
  append(encoded: Uint8Array): void {
    const block = this.#parse(encoded);
    if (block.below !== (this.#chain.at(-1) ?? 0)) {
      throw new BlockLogError(`block ${block.number} does not fit on block ${this.last}`);
    }
    const known = this.#byNumber.get(block.number)?.find((record) => equal(this.#at(record).hash, block.hash));
    if (known === undefined) this.#records.append(encoded);
    this.#chain.push(known ?? this.#add(block));
  }

  /** Whether the chain holds the crosslink's blocks, and above them only blocks of that generation. */
  follows(crosslink: Crosslink, generation: number): boolean {
    return (
      this.last >= crosslink.lastBlock &&
      this.#holds(this.#chain, crosslink) &&
      this.#chain.slice(crosslink.lastBlock).every((record) => this.#at(record).generation === generation)
    );
  }

  /** The branch that ends with the crosslink's last block; null when its blocks are not all there. */
  branchOf(crosslink: Crosslink): Branch | null {
    const { lastBlock } = crosslink;
    if (lastBlock === 0) return [];
    const ends = (this.#byNumber.get(lastBlock) ?? []).map((record) => this.#branchTo(record));
    return ends.find((branch) => this.#holds(branch, crosslink)) ?? null;
  }

  /** The branch with the blocks of a generation that are on top of it. */
  extended(branch: Branch, generation: number): Branch {
    const whole = [...branch];
    for (;;) {
      const below = whole.at(-1) ?? 0;
      const above = this.#byNumber.get(whole.length + 1)?.findLast((record) => {
        const block = this.#at(record);
        return block.below === below && block.generation === generation;
      });
      if (above === undefined) return whole;
      whole.push(above);
    }
  }

  /** Makes a branch of this log the chain. */
  select(branch: Branch): void {
    this.#chain = [...branch];
  }

  #holds(branch: Branch, { generation, firstBlock, lastBlock, blocksRoot }: Crosslink): boolean {
    if (lastBlock === 0) return true;
    const blocks = branch.slice(firstBlock - 1, lastBlock).map((record) => this.#at(record));
    if (blocks.some((block) => block.generation !== generation)) return false;
    const hashes = blocks.map(({ hash }) => hash);
    return equal(paddedTreeRoot(this.#crypto, hashes), blocksRoot);
  }

  #branchTo(record: number): Branch {
    const branch: number[] = [];
    for (let at = record; at > 0; at = this.#at(at).below) branch.push(at);
    return branch.reverse();
  }

  #at(record: number): Logged {
    return this.#blocks[record - 1] as Logged;
  }

  #index(encoded: Uint8Array): void {
    this.#add(this.#parse(encoded));
  }

  #add(block: Logged): number {
    const { number, generation } = block;
    const record = this.#blocks.push(block);
    const rivals = this.#byNumber.get(number) ?? [];
    this.#byNumber.set(number, rivals);
    rivals.push(record);
    this.#lastOf.set(generation, Math.max(number, this.lastOf(generation)));
    return record;
  }

  /** @throws BlockLogError */
  #parse(encoded: Uint8Array): Logged {
    const header = readBlockHeader(new ByteReader(encoded.subarray(0, BLOCK_HEADER_BYTES)));
    const { number, generation, parentHash } = header;
    const hash = blockHash(this.#crypto, this.#domain, header);
    if (number === 1 && equal(parentHash, this.#genesisHash)) return { number, generation, hash, below: 0 };
    const below = this.#byNumber.get(number - 1)?.findLast((record) => equal(this.#at(record).hash, parentHash));
    if (below === undefined) throw new BlockLogError(`block ${number} stands on a block that is not in the log`);
    return { number, generation, hash, below };
  }
}
