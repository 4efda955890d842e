import { type ByteReader, type ByteWriter, word, ZERO_HASH } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";
import { cachedTypeHash, type Domain, digest, hashStruct } from "./eip712.ts";

/** What a committee attests of a shard: blocks `firstBlock` to `lastBlock` on top of `parent` lead to `stateRoot`. */
export interface Crosslink {
  readonly shardId: number;
  readonly generation: number;
  /** The epoch whose committee attests it; no block is of a later one. */
  readonly epoch: number;
  /** Hash of the crosslink below. */
  readonly parent: Uint8Array;
  readonly firstBlock: number;
  readonly lastBlock: number;
  /** Padded tree over the block hashes. */
  readonly blocksRoot: Uint8Array;
  /** State root after `lastBlock`. */
  readonly stateRoot: Uint8Array;
}

const TYPE = cachedTypeHash(
  "Crosslink(uint32 shardId,uint32 generation,uint64 epoch,bytes32 parent,uint64 firstBlock,uint64 lastBlock,bytes32 blocksRoot,bytes32 stateRoot)",
);

/** The crosslink's identity: its entry in a checkpoint, and what operator and attesters sign. */
export function crosslinkHash(crypto: Crypto, domain: Domain, crosslink: Crosslink): Uint8Array {
  return digest(
    crypto,
    domain,
    hashStruct(crypto, TYPE(crypto), [
      word(crosslink.shardId),
      word(crosslink.generation),
      word(crosslink.epoch),
      crosslink.parent,
      word(crosslink.firstBlock),
      word(crosslink.lastBlock),
      crosslink.blocksRoot,
      crosslink.stateRoot,
    ]),
  );
}

/** Where a shard stands before its first entry. */
export function genesisCrosslink(shardId: number): Crosslink {
  return {
    shardId,
    generation: 0,
    epoch: 0,
    parent: ZERO_HASH,
    firstBlock: 0,
    lastBlock: 0,
    blocksRoot: ZERO_HASH,
    stateRoot: ZERO_HASH,
  };
}

export function writeCrosslink(writer: ByteWriter, crosslink: Crosslink): ByteWriter {
  return writer
    .u32(crosslink.shardId)
    .u32(crosslink.generation)
    .u64(crosslink.epoch)
    .fixed(crosslink.parent, 32)
    .u64(crosslink.firstBlock)
    .u64(crosslink.lastBlock)
    .fixed(crosslink.blocksRoot, 32)
    .fixed(crosslink.stateRoot, 32);
}

export function readCrosslink(reader: ByteReader): Crosslink {
  return {
    shardId: reader.u32(),
    generation: reader.u32(),
    epoch: reader.u64(),
    parent: reader.bytes(32),
    firstBlock: reader.u64(),
    lastBlock: reader.u64(),
    blocksRoot: reader.bytes(32),
    stateRoot: reader.bytes(32),
  };
}

/** A crosslink with its operator's signature: 65 bytes r ‖ s ‖ v. */
export interface SignedCrosslink {
  readonly crosslink: Crosslink;
  readonly operatorSignature: Uint8Array;
}

export function writeSignedCrosslink(writer: ByteWriter, signed: SignedCrosslink): ByteWriter {
  return writeCrosslink(writer, signed.crosslink).fixed(signed.operatorSignature, 65);
}

export function readSignedCrosslink(reader: ByteReader): SignedCrosslink {
  return { crosslink: readCrosslink(reader), operatorSignature: reader.bytes(65) };
}
