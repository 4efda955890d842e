import { ByteReader, ByteWriter, DecodeError } from "../protocol/bytes.ts";
import type { Crosslink } from "../protocol/crosslink.ts";
import { INBOX_DEPOSIT, INBOX_FORCED_TRANSACTION, type InboxEntry } from "../protocol/inbox-entry.ts";
import type { Message } from "../protocol/message.ts";
import { paddedTreeDepth } from "../protocol/padded-tree.ts";
import { MAX_MESSAGE_DATA_BYTES } from "../protocol/presets.ts";

/** Steps of a block and their payloads (docs/formats.md, section 5). */

export const STEP_KIND = { blockStart: 0, transaction: 1, importInbox: 2, importMessage: 3 } as const;

export interface Step {
  /** One of STEP_KIND; others are inadmissible. */
  readonly kind: number;
  readonly payload: Uint8Array;
}

export interface BlockStart {
  readonly slot: number;
  /** 32 bytes */
  readonly seed: Uint8Array;
  readonly shardCount: number;
}

export function encodeBlockStart(start: BlockStart): Uint8Array {
  return new ByteWriter().u64(start.slot).fixed(start.seed, 32).u32(start.shardCount).finish();
}

/** @throws DecodeError */
export function decodeBlockStart(payload: Uint8Array): BlockStart {
  const reader = new ByteReader(payload);
  const start = { slot: reader.u64(), seed: reader.bytes(32), shardCount: reader.u32() };
  reader.end();
  return start;
}

/** Payload of ImportInbox; the shard is the block's. */
export function encodeImportInbox(entry: InboxEntry): Uint8Array {
  return new ByteWriter()
    .u64(entry.index)
    .u64(entry.epoch)
    .u8(entry.kind)
    .fixed(entry.sender, 20)
    .fixed(entry.recipient, 20)
    .u128(entry.value)
    .bytes(entry.data)
    .finish();
}

/** @throws DecodeError when malformed, of unknown kind, or with fields that its kind does not have */
export function decodeImportInbox(shardId: number, payload: Uint8Array): InboxEntry {
  const reader = new ByteReader(payload);
  const entry = {
    shardId,
    index: reader.u64(),
    epoch: reader.u64(),
    kind: reader.u8(),
    sender: reader.bytes(20),
    recipient: reader.bytes(20),
    value: reader.u128(),
    data: reader.rest(),
  };
  if (entry.kind === INBOX_DEPOSIT) {
    if (entry.data.length > 0) throw new DecodeError("a deposit with data");
  } else if (entry.kind === INBOX_FORCED_TRANSACTION) {
    if (entry.value !== 0n || entry.recipient.some((byte) => byte !== 0)) {
      throw new DecodeError("a forced transaction with value or recipient");
    }
  } else {
    throw new DecodeError(`inbox entry of unknown kind ${entry.kind}`);
  }
  return entry;
}

/** A message with the proof that the source's settled state sent it. */
export interface ImportMessage {
  readonly message: Message;
  /** The settled checkpoint. */
  readonly checkpointEpoch: number;
  /** 32 bytes */
  readonly bodyRoot: Uint8Array;
  /** Of the source's entry in the checkpoint. */
  readonly position: number;
  /** In the entries tree, log2(SHARD_COUNT) hashes. */
  readonly entrySiblings: readonly Uint8Array[];
  /** Of the source shard. */
  readonly crosslink: Crosslink;
  /** Of leaf `outbox[destination]` in the crosslink's state, bottom up. */
  readonly stateSiblings: readonly Uint8Array[];
  /** Messages in that outbox. */
  readonly count: number;
  /** Of the message in the outbox: ceil(log2(count)) hashes. */
  readonly outboxSiblings: readonly Uint8Array[];
}

export function encodeImportMessage(step: ImportMessage): Uint8Array {
  const { message, crosslink } = step;
  const writer = new ByteWriter()
    .u32(message.source)
    .u64(message.index)
    .fixed(message.sender, 20)
    .fixed(message.recipient, 20)
    .u128(message.value)
    .u16(message.data.length)
    .bytes(message.data)
    .u64(step.checkpointEpoch)
    .fixed(step.bodyRoot, 32)
    .u16(step.position);
  for (const sibling of step.entrySiblings) writer.fixed(sibling, 32);
  writer
    .u32(crosslink.generation)
    .u64(crosslink.epoch)
    .fixed(crosslink.parent, 32)
    .u64(crosslink.firstBlock)
    .u64(crosslink.lastBlock)
    .fixed(crosslink.blocksRoot, 32)
    .fixed(crosslink.stateRoot, 32)
    .u8(step.stateSiblings.length);
  for (const sibling of step.stateSiblings) writer.fixed(sibling, 32);
  writer.u64(step.count);
  for (const sibling of step.outboxSiblings) writer.fixed(sibling, 32);
  return writer.finish();
}

function readHashes(reader: ByteReader, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => reader.bytes(32));
}

/**
 * @param shardId the importing shard: the message's destination
 * @param shardCount SHARD_COUNT
 * @throws DecodeError
 */
export function decodeImportMessage(shardId: number, shardCount: number, payload: Uint8Array): ImportMessage {
  const reader = new ByteReader(payload);
  const source = reader.u32();
  const head = { index: reader.u64(), sender: reader.bytes(20), recipient: reader.bytes(20), value: reader.u128() };
  const length = reader.u16();
  if (length > MAX_MESSAGE_DATA_BYTES) throw new DecodeError(`a message with ${length} bytes of data`);
  const message: Message = { source, destination: shardId, ...head, data: reader.bytes(length) };
  const checkpointEpoch = reader.u64();
  const bodyRoot = reader.bytes(32);
  const position = reader.u16();
  if (position >= shardCount) throw new DecodeError(`position ${position} of ${shardCount}`);
  const entrySiblings = readHashes(reader, paddedTreeDepth(shardCount));
  const crosslink: Crosslink = {
    shardId: source,
    generation: reader.u32(),
    epoch: reader.u64(),
    parent: reader.bytes(32),
    firstBlock: reader.u64(),
    lastBlock: reader.u64(),
    blocksRoot: reader.bytes(32),
    stateRoot: reader.bytes(32),
  };
  const stateSiblings = readHashes(reader, reader.u8());
  const count = reader.u64();
  if (count >= 2 ** 32) throw new DecodeError(`an outbox of ${count} messages`);
  const outboxSiblings = readHashes(reader, paddedTreeDepth(count));
  reader.end();
  return {
    message,
    checkpointEpoch,
    bodyRoot,
    position,
    entrySiblings,
    crosslink,
    stateSiblings,
    count,
    outboxSiblings,
  };
}
