import type { ByteReader, ByteWriter } from "./bytes.ts";
import { word } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";
import { cachedTypeHash, type Domain, digest, hashStruct, u128Word } from "./eip712.ts";

export interface BlockHeader {
  readonly shardId: number;
  readonly generation: number;
  readonly number: number;
  /** Hash of the block below; of the genesis crosslink for block 1. */
  readonly parentHash: Uint8Array;
  readonly slot: number;
  readonly stepCount: number;
  /** Padded tree over the trace leaves. */
  readonly traceRoot: Uint8Array;
  /** State root after the last step. */
  readonly stateRoot: Uint8Array;
  /** Fees of the block in wei of the shard; credited by the next block's first step. */
  readonly fees: bigint;
}

const TYPE = cachedTypeHash(
  "BlockHeader(uint32 shardId,uint32 generation,uint64 number,bytes32 parentHash,uint64 slot,uint32 stepCount,bytes32 traceRoot,bytes32 stateRoot,uint128 fees)",
);

/** The block hash, and what the operator signs. */
export function blockHash(crypto: Crypto, domain: Domain, header: BlockHeader): Uint8Array {
  return digest(
    crypto,
    domain,
    hashStruct(crypto, TYPE(crypto), [
      word(header.shardId),
      word(header.generation),
      word(header.number),
      header.parentHash,
      word(header.slot),
      word(header.stepCount),
      header.traceRoot,
      header.stateRoot,
      u128Word(header.fees),
    ]),
  );
}

/** Length of an encoded header in bytes. */
export const BLOCK_HEADER_BYTES = 4 + 4 + 8 + 32 + 8 + 4 + 32 + 32 + 16;

export function writeBlockHeader(writer: ByteWriter, header: BlockHeader): ByteWriter {
  return writer
    .u32(header.shardId)
    .u32(header.generation)
    .u64(header.number)
    .fixed(header.parentHash, 32)
    .u64(header.slot)
    .u32(header.stepCount)
    .fixed(header.traceRoot, 32)
    .fixed(header.stateRoot, 32)
    .u128(header.fees);
}

export function readBlockHeader(reader: ByteReader): BlockHeader {
  return {
    shardId: reader.u32(),
    generation: reader.u32(),
    number: reader.u64(),
    parentHash: reader.bytes(32),
    slot: reader.u64(),
    stepCount: reader.u32(),
    traceRoot: reader.bytes(32),
    stateRoot: reader.bytes(32),
    fees: reader.u128(),
  };
}
