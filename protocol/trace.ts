import type { Crypto } from "./crypto.ts";

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

/** SHA-256( SHA-256( w ‖ payloadHash ) ‖ stateRoot ) */
export function traceLeafHash(crypto: Crypto, leaf: TraceLeaf): Uint8Array {
  const pair = new Uint8Array(64);
  writeTraceWord(pair, 0, leaf);
  pair.set(leaf.payloadHash, 32);
  const node = new Uint8Array(64);
  crypto.sha256Pairs(pair, node.subarray(0, 32));
  node.set(leaf.stateRoot, 32);
  const out = new Uint8Array(32);
  crypto.sha256Pairs(node, out);
  return out;
}
