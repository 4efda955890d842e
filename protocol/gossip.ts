import { type BitField, readBits, writeBits } from "./bits.ts";
import { ByteReader, ByteWriter, DecodeError } from "./bytes.ts";
import { readSignedCrosslink, type SignedCrosslink, writeSignedCrosslink } from "./crosslink.ts";

/** What nodes send to each other (docs/formats.md, section 6). */

/** Committee members' signature on a crosslink, before two thirds are together. */
export interface Attestation {
  readonly kind: "attestation";
  readonly shardId: number;
  readonly epoch: number;
  readonly crosslinkHash: Uint8Array;
  /** By position in the committee. */
  readonly members: BitField;
  /** 96 bytes */
  readonly signature: Uint8Array;
}

/** A crosslink that two thirds of its committee have signed. */
export interface Certificate {
  readonly signed: SignedCrosslink;
  readonly members: BitField;
  readonly signature: Uint8Array;
}

export interface ProposedEntry {
  readonly position: number;
  readonly certificate: Certificate;
}

/** What the proposer of an epoch puts to the vote. */
export interface Proposal {
  readonly kind: "proposal";
  readonly epoch: number;
  readonly sourceEpoch: number;
  readonly sourceRoot: Uint8Array;
  readonly rewardsRoot: Uint8Array;
  readonly reveal: Uint8Array;
  readonly proposerSignature: Uint8Array;
  /** Ascending by position. */
  readonly entries: readonly ProposedEntry[];
}

/** Validators' signature on a Casper vote, by seat. Whole, so that whoever gets it can verify it without its proposal. */
export interface SeatVote {
  readonly kind: "vote";
  readonly sourceEpoch: number;
  readonly sourceRoot: Uint8Array;
  readonly targetEpoch: number;
  readonly checkpointRoot: Uint8Array;
  readonly seats: BitField;
  readonly signature: Uint8Array;
}

/** Validators' answer to the roll that was called in an epoch, by seat of that epoch. */
export interface RollAnswer {
  readonly kind: "rollAnswer";
  readonly epoch: number;
  readonly seats: BitField;
  readonly signature: Uint8Array;
}

/** A block as its operator published it: `block` of docs/formats.md, decoded by the ledger. */
export interface BlockMessage {
  readonly kind: "block";
  readonly block: Uint8Array;
}

export interface CrosslinkMessage extends SignedCrosslink {
  readonly kind: "crosslink";
}

export interface CertificateMessage extends Certificate {
  readonly kind: "certificate";
}

export type GossipMessage =
  | BlockMessage
  | CrosslinkMessage
  | Attestation
  | CertificateMessage
  | Proposal
  | SeatVote
  | RollAnswer;

const VERSION = 1;
const TYPE = { block: 1, crosslink: 2, attestation: 3, certificate: 4, proposal: 5, vote: 6, rollAnswer: 7 } as const;

const MAX_BYTES: Readonly<Record<number, number>> = {
  [TYPE.block]: 16 * 1024 * 1024,
  [TYPE.crosslink]: 256,
  [TYPE.attestation]: 4096,
  [TYPE.certificate]: 4096,
  [TYPE.proposal]: 512 * 1024,
  [TYPE.vote]: 16 * 1024,
  [TYPE.rollAnswer]: 16 * 1024,
};

/** The longest message of any type, in bytes: what a transport has to carry and may refuse beyond. */
export const MAX_GOSSIP_BYTES = Math.max(...Object.values(MAX_BYTES));

function writeCertificate(writer: ByteWriter, certificate: Certificate): ByteWriter {
  writeSignedCrosslink(writer, certificate.signed);
  return writeBits(writer, certificate.members).fixed(certificate.signature, 96);
}

function readCertificate(reader: ByteReader): Certificate {
  return { signed: readSignedCrosslink(reader), members: readBits(reader), signature: reader.bytes(96) };
}

export function encodeGossip(message: GossipMessage): Uint8Array {
  const writer = new ByteWriter().u8(VERSION).u8(TYPE[message.kind]);
  switch (message.kind) {
    case "block":
      return writer.bytes(message.block).finish();
    case "crosslink":
      return writeSignedCrosslink(writer, message).finish();
    case "attestation":
      writer.u32(message.shardId).u64(message.epoch).fixed(message.crosslinkHash, 32);
      return writeBits(writer, message.members).fixed(message.signature, 96).finish();
    case "certificate":
      return writeCertificate(writer, message).finish();
    case "proposal":
      writer.u64(message.epoch).u64(message.sourceEpoch).fixed(message.sourceRoot, 32).fixed(message.rewardsRoot, 32);
      writer.fixed(message.reveal, 96).fixed(message.proposerSignature, 96).u16(message.entries.length);
      for (const { position, certificate } of message.entries) {
        const encoded = writeCertificate(new ByteWriter(), certificate).finish();
        writer.u16(position).u16(encoded.length).bytes(encoded);
      }
      return writer.finish();
    case "vote":
      writer.u64(message.sourceEpoch).fixed(message.sourceRoot, 32);
      writer.u64(message.targetEpoch).fixed(message.checkpointRoot, 32);
      return writeBits(writer, message.seats).fixed(message.signature, 96).finish();
    case "rollAnswer":
      return writeBits(writer.u64(message.epoch), message.seats).fixed(message.signature, 96).finish();
  }
}

function readProposal(reader: ByteReader): Proposal {
  const head = {
    kind: "proposal" as const,
    epoch: reader.u64(),
    sourceEpoch: reader.u64(),
    sourceRoot: reader.bytes(32),
    rewardsRoot: reader.bytes(32),
    reveal: reader.bytes(96),
    proposerSignature: reader.bytes(96),
  };
  const count = reader.u16();
  const entries: ProposedEntry[] = [];
  let last = -1;
  for (let i = 0; i < count; i++) {
    const position = reader.u16();
    if (position <= last) throw new DecodeError("proposed entries are not ascending by position");
    last = position;
    const inner = new ByteReader(reader.bytes(reader.u16()));
    entries.push({ position, certificate: readCertificate(inner) });
    inner.end();
  }
  return { ...head, entries };
}

function readBody(type: number, reader: ByteReader): GossipMessage {
  switch (type) {
    case TYPE.block:
      return { kind: "block", block: reader.rest() };
    case TYPE.crosslink:
      return { kind: "crosslink", ...readSignedCrosslink(reader) };
    case TYPE.attestation:
      return {
        kind: "attestation",
        shardId: reader.u32(),
        epoch: reader.u64(),
        crosslinkHash: reader.bytes(32),
        members: readBits(reader),
        signature: reader.bytes(96),
      };
    case TYPE.certificate:
      return { kind: "certificate", ...readCertificate(reader) };
    case TYPE.proposal:
      return readProposal(reader);
    case TYPE.rollAnswer:
      return { kind: "rollAnswer", epoch: reader.u64(), seats: readBits(reader), signature: reader.bytes(96) };
    default:
      return {
        kind: "vote",
        sourceEpoch: reader.u64(),
        sourceRoot: reader.bytes(32),
        targetEpoch: reader.u64(),
        checkpointRoot: reader.bytes(32),
        seats: readBits(reader),
        signature: reader.bytes(96),
      };
  }
}

/** @throws DecodeError on anything but exactly one well-formed message within its size */
export function decodeGossip(bytes: Uint8Array): GossipMessage {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== VERSION) throw new DecodeError(`message version ${version} is unknown`);
  const type = reader.u8();
  const limit = MAX_BYTES[type];
  if (limit === undefined) throw new DecodeError(`message type ${type} is unknown`);
  if (bytes.length > limit) throw new DecodeError(`${bytes.length} bytes in a message of at most ${limit}`);
  const message = readBody(type, reader);
  reader.end();
  return message;
}

/** Blocks wanted from a peer, at most 32. */
export interface BlocksRequest {
  readonly shardId: number;
  readonly first: number;
  readonly last: number;
}

const BLOCKS_REQUEST = 0x81;
export const MAX_REQUESTED_BLOCKS = 32;

export function encodeBlocksRequest(request: BlocksRequest): Uint8Array {
  const writer = new ByteWriter().u8(VERSION).u8(BLOCKS_REQUEST);
  return writer.u32(request.shardId).u64(request.first).u64(request.last).finish();
}

/** @throws DecodeError */
export function decodeBlocksRequest(bytes: Uint8Array): BlocksRequest {
  if (requestKind(bytes) !== "blocks") throw new DecodeError("not a request for blocks");
  const reader = new ByteReader(bytes.subarray(2));
  const request = { shardId: reader.u32(), first: reader.u64(), last: reader.u64() };
  reader.end();
  const count = request.last - request.first + 1;
  if (count < 1 || count > MAX_REQUESTED_BLOCKS) {
    throw new DecodeError(`${count} blocks requested; 1 to ${MAX_REQUESTED_BLOCKS} are served`);
  }
  return request;
}

/** Messages wanted from the operator of their source, as ImportMessage payloads. */
export interface MessagesRequest {
  readonly source: number;
  readonly destination: number;
  /** Index of the first message wanted. */
  readonly first: number;
  /** Proven against what was settled in an epoch up to this one. */
  readonly asOfEpoch: number;
}

const MESSAGES_REQUEST = 0x82;
export const MAX_ANSWERED_MESSAGES = 64;

/** Which request it is. @throws DecodeError */
export function requestKind(bytes: Uint8Array): "blocks" | "messages" {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  const type = reader.u8();
  if (version === VERSION && type === BLOCKS_REQUEST) return "blocks";
  if (version === VERSION && type === MESSAGES_REQUEST) return "messages";
  throw new DecodeError(`request type ${type} of version ${version} is unknown`);
}

export function encodeMessagesRequest(request: MessagesRequest): Uint8Array {
  const writer = new ByteWriter().u8(VERSION).u8(MESSAGES_REQUEST).u32(request.source).u32(request.destination);
  return writer.u64(request.first).u64(request.asOfEpoch).finish();
}

/** @throws DecodeError */
export function decodeMessagesRequest(bytes: Uint8Array): MessagesRequest {
  if (requestKind(bytes) !== "messages") throw new DecodeError("not a request for messages");
  const reader = new ByteReader(bytes.subarray(2));
  const request = { source: reader.u32(), destination: reader.u32(), first: reader.u64(), asOfEpoch: reader.u64() };
  reader.end();
  return request;
}

/** The longest answer: two blocks that differ in one number, and the lengths around its items. */
export const MAX_ANSWER_BYTES = 2 * MAX_GOSSIP_BYTES + 4096;

/** The answer to either request: encoded blocks, or ImportMessage payloads. */
export function encodeAnswer(items: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter().u16(items.length);
  for (const item of items) writer.u32(item.length).bytes(item);
  return writer.finish();
}

/** @throws DecodeError when malformed or with more than `most` items */
export function decodeAnswer(bytes: Uint8Array, most: number): Uint8Array[] {
  const reader = new ByteReader(bytes);
  const count = reader.u16();
  if (count > most) throw new DecodeError(`${count} items in an answer of at most ${most}`);
  const items: Uint8Array[] = [];
  for (let i = 0; i < count; i++) items.push(reader.bytes(reader.u32()));
  reader.end();
  return items;
}
