import { MAX_BLOCK_BYTES } from "../../ledger/block.ts";
import { maxBlockBytes } from "../../ledger/block-bounds.ts";
import { BLOCK_HEADER_BYTES, type BlockHeader, blockHash, readBlockHeader } from "../../protocol/block-header.ts";
import { ByteReader, equal, toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Domain } from "../../protocol/eip712.ts";
import { operatorSigned } from "../../protocol/operator-signature.ts";

/** A block as published, with what its header says. */
export interface PublishedBlock {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  /** `block` of docs/formats.md, section 5. */
  readonly bytes: Uint8Array;
  /** The contents are known to hold. Until then another copy of the same block may take the place of this one. */
  readonly verified: boolean;
}

interface HeldBlock extends PublishedBlock {
  verified: boolean;
}

export interface PublishedBlocksOptions {
  readonly crypto: Crypto;
  readonly domain: Domain;
  /** Blocks of a shard that are kept; the lowest numbers go first. */
  readonly keptPerShard: number;
  /** Bytes of them that are kept, likewise; by default two crosslinks of 32 blocks of full size. */
  readonly keptBytesPerShard?: number;
  /** Who may publish blocks of the shard; null when there is no such shard. */
  readonly shard: (shardId: number) => { readonly operator: Uint8Array; readonly generation: number } | null;
  /** Told of every header that is taken: its operator's signature (65 bytes) has been verified. */
  readonly onSigned?: (signed: { readonly header: BlockHeader; readonly signature: Uint8Array }) => void;
  /** Told of each block, and each copy of one, that is taken. */
  readonly onAdd?: (block: PublishedBlock) => void;
}

const KEPT_BYTES_PER_SHARD = 64 * MAX_BLOCK_BYTES;
/** Different blocks of one number that are kept: an operator that signs two is slashable, and one is enough to go on. */
const MAX_RIVALS = 2;
/** Refused copies of the blocks of one number that are known again. */
const MAX_REFUSED = 16;

/** Blocks that operators have signed, by shard and number. Their contents are judged by whoever attests them. */
export class PublishedBlocks {
  readonly #options: PublishedBlocksOptions;
  readonly #shards = new Map<number, Map<number, HeldBlock[]>>();
  /** Hashes of copies that will never hold, by shard and number. */
  readonly #refused = new Map<number, Map<number, string[]>>();

  constructor(options: PublishedBlocksOptions) {
    this.#options = options;
  }

  /**
   * Keeps the block if its operator signed it, and its body is no longer than its steps can make it. False when it was not
   * taken.
   * @param replaced number of the block of which another copy gives way, unless it is verified: the signature covers the
   * header alone, so whoever passed a copy on may have changed its contents
   * @throws DecodeError
   */
  add(bytes: Uint8Array, replaced?: number): boolean {
    const { crypto, domain, keptPerShard, keptBytesPerShard = KEPT_BYTES_PER_SHARD, onAdd } = this.#options;
    const reader = new ByteReader(bytes.subarray(0, BLOCK_HEADER_BYTES + 65));
    const header = readBlockHeader(reader);
    const signature = reader.bytes(65);
    if (bytes.length > maxBlockBytes(header.stepCount)) return false;
    const { shardId, number } = header;
    const shard = this.#options.shard(shardId);
    if (shard === null || header.generation !== shard.generation) return false;
    const numbers = this.#shards.get(shardId) ?? new Map<number, HeldBlock[]>();
    const held = numbers.get(number) ?? [];
    const hash = blockHash(crypto, domain, header);
    const copy = held.find((block) => equal(block.hash, hash));
    if (copy === undefined ? held.length >= MAX_RIVALS : copy.verified || number !== replaced) return false;
    if (!operatorSigned(crypto, hash, signature, shard.operator)) return false;
    const others = held.filter((block) => block !== copy);
    const added = { header, hash, bytes: bytes.slice(), verified: false };
    numbers.set(number, [...others, added]);
    this.#shards.set(shardId, numbers);
    forgetLowest(numbers, keptPerShard);
    while (numbers.size > 1 && bytesOf(numbers) > keptBytesPerShard) forgetLowest(numbers, numbers.size - 1);
    this.#options.onSigned?.({ header, signature });
    onAdd?.(added);
    return true;
  }

  /** The contents hold: no other copy takes their place. */
  confirm({ header, bytes }: PublishedBlock): void {
    for (const block of this.#shards.get(header.shardId)?.get(header.number) ?? []) {
      if (block.bytes === bytes) block.verified = true;
    }
  }

  /** The parent chain was reorganised: what held on what it said before may not hold now. */
  doubtAll(): void {
    for (const numbers of this.#shards.values()) {
      for (const held of numbers.values()) for (const block of held) block.verified = false;
    }
  }

  /** Forgets a copy whose contents will never hold, and knows it again when it comes back: checking it is work. */
  refuse(block: PublishedBlock): void {
    const { shardId, number } = block.header;
    const numbers = this.#refused.get(shardId) ?? new Map<number, string[]>();
    const copies = numbers.get(number) ?? [];
    numbers.set(number, [...copies, this.#copyHash(block.bytes)].slice(-MAX_REFUSED));
    this.#refused.set(shardId, numbers);
    forgetLowest(numbers, this.#options.keptPerShard);
    this.discard(block);
  }

  /** Forgets a copy whose contents do not hold: the next one may be good. */
  discard({ header, bytes }: PublishedBlock): void {
    const numbers = this.#shards.get(header.shardId);
    const rivals = numbers?.get(header.number)?.filter((block) => block.bytes !== bytes) ?? [];
    if (rivals.length === 0) numbers?.delete(header.number);
    else numbers?.set(header.number, rivals);
  }

  /** The blocks from `first` to `last` on top of `parentHash`, or up to the first one that is missing. */
  chain(shardId: number, first: number, last: number, parentHash: Uint8Array): PublishedBlock[] {
    const numbers = this.#shards.get(shardId);
    const blocks: PublishedBlock[] = [];
    let parent = parentHash;
    for (let number = first; number <= last; number++) {
      const next = numbers?.get(number)?.find((block) => equal(block.header.parentHash, parent));
      if (next === undefined) break;
      blocks.push(next);
      parent = next.hash;
    }
    return blocks;
  }

  /** The blocks of one number. */
  numbered(shardId: number, number: number): readonly PublishedBlock[] {
    return this.#shards.get(shardId)?.get(number) ?? [];
  }

  /** Whether this very copy was refused of late. */
  isRefused({ header, bytes }: PublishedBlock): boolean {
    const copies = this.#refused.get(header.shardId)?.get(header.number);
    return copies?.includes(this.#copyHash(bytes)) ?? false;
  }

  #copyHash(bytes: Uint8Array): string {
    return toHex(this.#options.crypto.keccak256(bytes));
  }
}

function bytesOf(numbers: ReadonlyMap<number, readonly HeldBlock[]>): number {
  let sum = 0;
  for (const held of numbers.values()) for (const { bytes } of held) sum += bytes.length;
  return sum;
}

function forgetLowest(numbers: Map<number, unknown>, kept: number): void {
  if (numbers.size > kept) numbers.delete(Math.min(...numbers.keys()));
}
