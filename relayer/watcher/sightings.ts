import { readBlockHeader, writeBlockHeader } from "../../protocol/block-header.ts";
import { ByteReader, ByteWriter, DecodeError } from "../../protocol/bytes.ts";
import { type Crosslink, readCrosslink, writeCrosslink } from "../../protocol/crosslink.ts";
import type { SignedHeader, SignedProposal, SignedVote, Signers } from "../../protocol/evidence.ts";
import type { HashAttestation } from "./attestation-histories.ts";

/** Something that a key has signed, verified. */
export type Sighting =
  | { readonly kind: "vote"; readonly signed: SignedVote }
  | {
      readonly kind: "attestation";
      readonly shardId: number;
      readonly epoch: number;
      readonly attestation: HashAttestation;
    }
  /** What attestations are about. */
  | { readonly kind: "crosslink"; readonly crosslink: Crosslink }
  | { readonly kind: "proposal"; readonly validator: number; readonly signed: SignedProposal }
  | { readonly kind: "header"; readonly signed: SignedHeader };

const KIND = { vote: 1, attestation: 2, crosslink: 3, proposal: 4, header: 5 } as const;
const FORM = { validators: 0, absent: 1 } as const;

/** For a watcher's own disk: nobody else reads it. */
export function encodeSighting(sighting: Sighting): Uint8Array {
  const writer = new ByteWriter().u8(KIND[sighting.kind]);
  switch (sighting.kind) {
    case "vote": {
      const { vote, signers, signature } = sighting.signed;
      writer.u64(vote.sourceEpoch).fixed(vote.sourceRoot, 32).u64(vote.targetEpoch).fixed(vote.targetRoot, 32);
      return writeSigners(writer, signers).fixed(signature, 96).finish();
    }
    case "attestation": {
      const { hash, validators, signature } = sighting.attestation;
      writer.u32(sighting.shardId).u64(sighting.epoch).fixed(hash, 32);
      return writeNumbers(writer, validators).fixed(signature, 96).finish();
    }
    case "crosslink":
      return writeCrosslink(writer, sighting.crosslink).finish();
    case "proposal": {
      const { epoch, checkpointRoot, signature } = sighting.signed;
      return writer.u32(sighting.validator).u64(epoch).fixed(checkpointRoot, 32).fixed(signature, 96).finish();
    }
    case "header":
      return writeBlockHeader(writer, sighting.signed.header).fixed(sighting.signed.signature, 65).finish();
  }
}

/** @throws DecodeError */
export function decodeSighting(bytes: Uint8Array): Sighting {
  // A copy: what is kept for long must not hold the whole file in memory.
  const reader = new ByteReader(bytes.slice());
  const sighting = readSighting(reader.u8(), reader);
  reader.end();
  return sighting;
}

function readSighting(kind: number, reader: ByteReader): Sighting {
  switch (kind) {
    case KIND.vote: {
      const vote = {
        sourceEpoch: reader.u64(),
        sourceRoot: reader.bytes(32),
        targetEpoch: reader.u64(),
        targetRoot: reader.bytes(32),
      };
      return { kind: "vote", signed: { vote, signers: readSigners(reader), signature: reader.bytes(96) } };
    }
    case KIND.attestation: {
      const duty = { shardId: reader.u32(), epoch: reader.u64() };
      const attestation = { hash: reader.bytes(32), validators: readNumbers(reader), signature: reader.bytes(96) };
      return { kind: "attestation", ...duty, attestation };
    }
    case KIND.crosslink:
      return { kind: "crosslink", crosslink: readCrosslink(reader) };
    case KIND.proposal: {
      const validator = reader.u32();
      const signed = { epoch: reader.u64(), checkpointRoot: reader.bytes(32), signature: reader.bytes(96) };
      return { kind: "proposal", validator, signed };
    }
    case KIND.header:
      return { kind: "header", signed: { header: readBlockHeader(reader), signature: reader.bytes(65) } };
    default:
      throw new DecodeError(`sighting of kind ${kind}`);
  }
}

function writeSigners(writer: ByteWriter, { validators, absent }: Signers): ByteWriter {
  if (validators !== undefined) return writeNumbers(writer.u8(FORM.validators), validators);
  return writer.u8(FORM.absent).u32(absent.length).bytes(absent);
}

function readSigners(reader: ByteReader): Signers {
  if (reader.u8() === FORM.validators) return { validators: readNumbers(reader) };
  return { absent: reader.bytes(reader.u32()) };
}

function writeNumbers(writer: ByteWriter, numbers: readonly number[]): ByteWriter {
  writer.u32(numbers.length);
  for (const number of numbers) writer.u32(number);
  return writer;
}

function readNumbers(reader: ByteReader): number[] {
  return Array.from({ length: reader.u32() }, () => reader.u32());
}
