import { toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { blockVectors } from "./blocks.ts";
import { blsVectors } from "./bls.ts";
import {
  blockHeaderVector,
  domainVectors,
  randomnessVectors,
  systemAddresses,
  traceLeafVector,
  transactionVectors,
} from "./chain.ts";
import { evidenceVectors } from "./evidence.ts";
import { gossipVectors } from "./gossip.ts";
import { importMessageVector } from "./import-message.ts";
import { structureVectors } from "./structures.ts";
import { submissionVector } from "./submission.ts";
import { appendTreeVectors, checkpointVectors, paddedTreeVectors, stateVectors } from "./trees.ts";

/** The text of docs/formats.vectors.json. Bytes are hexadecimal; integers above 2^53 - 1, and all amounts, decimal strings. */
export function formatVectors(crypto: Crypto): string {
  const vectors = {
    domain: domainVectors(crypto),
    structures: structureVectors(crypto),
    bls: blsVectors(crypto),
    randomness: randomnessVectors(crypto),
    paddedTrees: paddedTreeVectors(crypto),
    appendTree: appendTreeVectors(crypto),
    state: stateVectors(crypto),
    checkpoint: checkpointVectors(crypto),
    systemAddresses: systemAddresses(),
    transactions: transactionVectors(crypto),
    traceLeaf: traceLeafVector(crypto),
    blockHeader: blockHeaderVector(crypto),
    importMessage: importMessageVector(crypto),
    blocks: blockVectors(crypto),
    gossip: gossipVectors(crypto),
    submission: submissionVector(crypto),
    evidence: evidenceVectors(crypto),
  };
  return `${JSON.stringify(vectors, replacer, 2)}\n`;
}

function replacer(_: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  return typeof value === "bigint" ? value.toString() : value;
}
