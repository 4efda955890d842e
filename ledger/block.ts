import { type BlockHeader, readBlockHeader, writeBlockHeader } from "../protocol/block-header.ts";
import { ByteReader, ByteWriter, DecodeError } from "../protocol/bytes.ts";
import { MAX_PAYLOAD_BYTES, MAX_STEPS } from "../protocol/presets.ts";
import { LedgerError } from "./errors.ts";
import type { Step } from "./step.ts";

/** A block on the wire (docs/formats.md, section 5). */
export interface Block {
  readonly header: BlockHeader;
  /** 65 bytes r ‖ s ‖ v over the block hash */
  readonly operatorSignature: Uint8Array;
  readonly steps: readonly Step[];
  /** Encoded; `decodeWitness` reads it. */
  readonly witness: Uint8Array;
}

/** A message between nodes has 16 MiB, two bytes of them version and type. */
export const MAX_BLOCK_BYTES = 16 * 1024 * 1024 - 2;

export function encodeBlock({ header, operatorSignature, steps, witness }: Block): Uint8Array {
  const writer = writeBlockHeader(new ByteWriter(), header).fixed(operatorSignature, 65);
  for (const { kind, payload } of steps) writer.u8(kind).u32(payload.length).bytes(payload);
  return writer.bytes(witness).finish();
}

/**
 * Byte fields are views of `bytes`.
 * @throws LedgerError Malformed, NoSteps, TooManySteps, BlockTooLong, PayloadTooLong
 */
export function decodeBlock(bytes: Uint8Array): Block {
  if (bytes.length > MAX_BLOCK_BYTES) throw new LedgerError("BlockTooLong", { length: bytes.length });
  try {
    const reader = new ByteReader(bytes);
    const header = readBlockHeader(reader);
    const operatorSignature = reader.bytes(65);
    if (header.stepCount === 0) throw new LedgerError("NoSteps");
    if (header.stepCount > MAX_STEPS) throw new LedgerError("TooManySteps", { stepCount: header.stepCount });
    const steps: Step[] = [];
    for (let i = 0; i < header.stepCount; i++) {
      const kind = reader.u8();
      const length = reader.u32();
      if (length > MAX_PAYLOAD_BYTES) throw new LedgerError("PayloadTooLong", { length });
      steps.push({ kind, payload: reader.bytes(length) });
    }
    return { header, operatorSignature, steps, witness: reader.rest() };
  } catch (error) {
    if (error instanceof DecodeError) throw new LedgerError("Malformed", { reason: error.message });
    throw error;
  }
}
