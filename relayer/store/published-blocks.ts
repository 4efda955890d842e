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
  /** Blocks of each generation of a shard that are kept; the lowest numbers go first. */
  readonly keptPerGeneration: number;
  /** Bytes of them that are kept, likewise; by default two crosslinks of 32 blocks of full size. */
  readonly keptBytesPerGeneration?: number;
  /** Who may publish blocks of that generation of the shard; null when there is or was no such generation. */
  readonly operatorOf: (shardId: number, generation: number) => Uint8Array | null;
  /** Told of every header that is taken: its operator's signature (65 bytes) has been verified. */
  readonly onSigned?: (signed: { readonly header: BlockHeader; readonly signature: Uint8Array }) => void;
  /** Told of each block, and each copy of one, that is taken. */
  readonly onAdd?: (block: PublishedBlock) => void;
}

const KEPT_BYTES_PER_GENERATION = 64 * MAX_BLOCK_BYTES;
/**
 * Generations of a shard of which blocks are kept, the latest ones: what was anchored in one that is dead can be disputed
 * until it has settled. Each has its own room, so that an operator that has lost the shard takes none from its successor.
 */
const MAX_GENERATIONS = 4;
/** Different blocks of one number that are kept: an operator that signs two is slashable, and one is enough to go on. */
const MAX_RIVALS = 2;
/** Refused copies of the blocks of one number that are known again. */
const MAX_REFUSED = 16;

/** The blocks of one generation of a shard, by number. */
interface Generation {
  readonly blocks: Map<number, HeldBlock[]>;
  /** Hashes of copies that will never hold. */
  readonly refused: Map<number, string[]>;
}

/** Blocks that operators have signed, by shard, generation and number. Their contents are judged by whoever attests them. */
export class PublishedBlocks {
  readonly #options: PublishedBlocksOptions;
  readonly #shards = new Map<number, Map<number, Generation>>();

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
    const { crypto, domain, operatorOf, onSigned, onAdd } = this.#options;
    const reader = new ByteReader(bytes.subarray(0, BLOCK_HEADER_BYTES + 65));
    const header = readBlockHeader(reader);
    const signature = reader.bytes(65);
    if (bytes.length > maxBlockBytes(header.stepCount)) return false;
    const { shardId, generation, number } = header;
    const operator = operatorOf(shardId, generation);
    if (operator === null) return false;
    const held = this.#of(shardId, generation)?.blocks.get(number) ?? [];
    const hash = blockHash(crypto, domain, header);
    const copy = held.find((block) => equal(block.hash, hash));
    if (copy === undefined ? held.length >= MAX_RIVALS : copy.verified || number !== replaced) return false;
    if (!operatorSigned(crypto, hash, signature, operator)) return false;
    const blocks = this.#roomFor(shardId, generation)?.blocks;
    if (blocks === undefined) return false;
    const others = held.filter((block) => block !== copy);
    const added = { header, hash, bytes: bytes.slice(), verified: false };
    blocks.set(number, [...others, added]);
    const { keptPerGeneration, keptBytesPerGeneration = KEPT_BYTES_PER_GENERATION } = this.#options;
    forgetLowest(blocks, keptPerGeneration);
    for (let sum = bytesOf(blocks); blocks.size > 1 && sum > keptBytesPerGeneration; sum = bytesOf(blocks)) {
      forgetLowest(blocks, blocks.size - 1);
    }
    onSigned?.({ header, signature });
    onAdd?.(added);
    return true;
  }

  /** The contents hold: no other copy takes their place. */
  confirm({ header, bytes }: PublishedBlock): void {
    for (const block of this.#heldWith(header)) if (block.bytes === bytes) block.verified = true;
  }

  /** The parent chain was reorganised: what held on what it said before may not hold now. */
  doubtAll(): void {
    for (const generations of this.#shards.values()) {
      for (const { blocks } of generations.values()) {
        for (const held of blocks.values()) for (const block of held) block.verified = false;
      }
    }
  }

  /** Forgets a copy whose contents will never hold, and knows it again when it comes back: checking it is work. */
  refuse(block: PublishedBlock): void {
    const { shardId, generation, number } = block.header;
    const refused = this.#roomFor(shardId, generation)?.refused;
    if (refused !== undefined) {
      const copies = refused.get(number) ?? [];
      refused.set(number, [...copies, this.#copyHash(block.bytes)].slice(-MAX_REFUSED));
      forgetLowest(refused, this.#options.keptPerGeneration);
    }
    this.discard(block);
  }

  /** Forgets a copy whose contents do not hold: the next one may be good. */
  discard({ header, bytes }: PublishedBlock): void {
    const blocks = this.#of(header.shardId, header.generation)?.blocks;
    const rivals = this.#heldWith(header).filter((block) => block.bytes !== bytes);
    if (rivals.length === 0) blocks?.delete(header.number);
    else blocks?.set(header.number, rivals);
  }

  /** The blocks from `first` to `last` on top of `parentHash`, or up to the first one that is missing. */
  chain(shardId: number, first: number, last: number, parentHash: Uint8Array): PublishedBlock[] {
    const blocks: PublishedBlock[] = [];
    let parent = parentHash;
    for (let number = first; number <= last; number++) {
      const next = this.numbered(shardId, number).find((block) => equal(block.header.parentHash, parent));
      if (next === undefined) break;
      blocks.push(next);
      parent = next.hash;
    }
    return blocks;
  }

  /** The blocks of one number, of all generations, those of the latest first. */
  numbered(shardId: number, number: number): readonly PublishedBlock[] {
    const generations = [...(this.#shards.get(shardId) ?? [])].sort(([a], [b]) => b - a);
    return generations.flatMap(([, { blocks }]) => blocks.get(number) ?? []);
  }

  /** Whether this very copy was refused of late. */
  isRefused({ header, bytes }: PublishedBlock): boolean {
    const copies = this.#of(header.shardId, header.generation)?.refused.get(header.number);
    return copies?.includes(this.#copyHash(bytes)) ?? false;
  }

  #of(shardId: number, generation: number): Generation | undefined {
    return this.#shards.get(shardId)?.get(generation);
  }

  #heldWith({ shardId, generation, number }: BlockHeader): readonly HeldBlock[] {
    return this.#of(shardId, generation)?.blocks.get(number) ?? [];
  }

  /** Undefined for a generation that is too old to be kept. */
  #roomFor(shardId: number, generation: number): Generation | undefined {
    const generations = this.#shards.get(shardId) ?? new Map<number, Generation>();
    this.#shards.set(shardId, generations);
    if (!generations.has(generation)) {
      generations.set(generation, { blocks: new Map(), refused: new Map() });
      forgetLowest(generations, MAX_GENERATIONS);
    }
    return generations.get(generation);
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
  if (numbers.size <= kept) return;
  let lowest = Number.POSITIVE_INFINITY;
  for (const number of numbers.keys()) if (number < lowest) lowest = number;
  numbers.delete(lowest);
}
