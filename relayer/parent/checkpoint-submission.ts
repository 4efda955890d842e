import { ByteReader, ByteWriter, DecodeError } from "../../protocol/bytes.ts";
import { ENTRY_RECORD_BYTES, type EntryRecord } from "../../protocol/checkpoint.ts";

/** The vote of an epoch as it goes to CrosslinkAnchors (docs/formats.md, section 7). */
export interface CheckpointSubmission {
  readonly targetEpoch: number;
  readonly sourceEpoch: number;
  /** Opens the source together with `previousEntries`. */
  readonly sourceRoot: Uint8Array;
  /** All SHARD_COUNT entries of the source, by position. */
  readonly previousEntries: readonly Uint8Array[];
  /** Ascending by position. */
  readonly changed: readonly ChangedRecord[];
  /** zero until rewards exist */
  readonly rewardsRoot: Uint8Array;
  /** Empty when nobody is absent, else one bit per seat. */
  readonly absent: Uint8Array;
  /** 256 bytes, EIP-2537 */
  readonly signature: Uint8Array;
  /** 256 bytes, EIP-2537 */
  readonly reveal: Uint8Array;
}

export interface ChangedRecord {
  readonly position: number;
  readonly record: EntryRecord;
}

/** The `changed` and `entries` fields of the Solidity struct. */
export interface PackedRecords {
  /** Bit p is set for each position p that changes. */
  readonly changed: bigint;
  /** One record of 84 bytes per set bit, ascending. */
  readonly entries: Uint8Array;
}

/** @throws RangeError when the positions are not ascending */
export function packRecords(records: readonly ChangedRecord[]): PackedRecords {
  const writer = new ByteWriter();
  let changed = 0n;
  let last = -1;
  for (const { position, record } of records) {
    if (position <= last) throw new RangeError("changed entries are not ascending by position");
    last = position;
    changed |= 1n << BigInt(position);
    writer.u32(record.generation).u64(record.firstBlock).u64(record.lastBlock);
    writer.fixed(record.blocksRoot, 32).fixed(record.stateRoot, 32);
  }
  return { changed, entries: writer.finish() };
}

/** @throws DecodeError unless there is exactly one record for each set bit */
export function unpackRecords({ changed, entries }: PackedRecords): ChangedRecord[] {
  const positions: number[] = [];
  for (let p = 0; p < 256; p++) if ((changed >> BigInt(p)) & 1n) positions.push(p);
  if (entries.length !== positions.length * ENTRY_RECORD_BYTES) {
    throw new DecodeError(`${entries.length} bytes of entries for ${positions.length} changed positions`);
  }
  const reader = new ByteReader(entries);
  return positions.map((position) => ({
    position,
    record: {
      generation: reader.u32(),
      firstBlock: reader.u64(),
      lastBlock: reader.u64(),
      blocksRoot: reader.bytes(32).slice(),
      stateRoot: reader.bytes(32).slice(),
    },
  }));
}
