import { ByteReader } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";
import { hashNode } from "./padded-tree.ts";

/** Trace leaves (docs/formats.md, section 5): what a block claims of each step. */

export interface TraceLeaf {
  readonly index: number;
  /** A step kind. */
  readonly kind: number;
  /** Payload length in bytes. */
  readonly length: number;
  /** keccak256 of the payload */
  readonly payloadHash: Uint8Array;
  /** State root after the step. */
  readonly stateRoot: Uint8Array;
  /** Fees of the block up to and including the step, wei. */
  readonly fees: bigint;
}

/** The first word: u64 index ‖ u8 kind ‖ u32 length ‖ u128 fees ‖ 3 zero bytes, written at `offset` of `out`. */
export function writeTraceWord(
  out: Uint8Array,
  offset: number,
  leaf: Omit<TraceLeaf, "payloadHash" | "stateRoot">,
): void {
  const view = new DataView(out.buffer, out.byteOffset + offset, 32);
  view.setUint32(0, Math.floor(leaf.index / 2 ** 32));
  view.setUint32(4, leaf.index >>> 0);
  view.setUint8(8, leaf.kind);
  view.setUint32(9, leaf.length);
  view.setBigUint64(13, leaf.fees >> 64n);
  view.setBigUint64(21, leaf.fees & 0xffff_ffff_ffff_ffffn);
  out.fill(0, offset + 29, offset + 32);
}

/** A leaf of a trace as it is claimed: a lying one need not be any `TraceLeaf`. Words of 32 bytes. */
export interface RawTraceLeaf {
  /** u64 index ‖ u8 kind ‖ u32 payload length ‖ u128 fees ‖ 3 bytes, which are zero in a sound leaf */
  readonly word: Uint8Array;
  readonly payloadHash: Uint8Array;
  readonly stateRoot: Uint8Array;
}

export function rawTraceLeaf(leaf: TraceLeaf): RawTraceLeaf {
  const word = new Uint8Array(32);
  writeTraceWord(word, 0, leaf);
  return { word, payloadHash: leaf.payloadHash, stateRoot: leaf.stateRoot };
}

/** What the word of a leaf claims. */
export function readTraceWord(word: Uint8Array): Pick<TraceLeaf, "index" | "kind" | "length" | "fees"> & {
  /** The last 3 bytes are zero. */
  readonly isPadded: boolean;
} {
  const reader = new ByteReader(word);
  // An index is compared with small ones: more than 53 bits of it need not be exact.
  const index = Number(new DataView(word.buffer, word.byteOffset).getBigUint64(0));
  reader.bytes(8);
  const [kind, length, fees] = [reader.u8(), reader.u32(), reader.u128()];
  return { index, kind, length, fees, isPadded: reader.rest().every((byte) => byte === 0) };
}

export function rawTraceLeafHash(crypto: Crypto, leaf: RawTraceLeaf): Uint8Array {
  return hashNode(crypto, hashNode(crypto, leaf.word, leaf.payloadHash), leaf.stateRoot);
}

/** SHA-256( SHA-256( w ‖ payloadHash ) ‖ stateRoot ) */
export function traceLeafHash(crypto: Crypto, leaf: TraceLeaf): Uint8Array {
  return rawTraceLeafHash(crypto, rawTraceLeaf(leaf));
}
