import { bitsFrom } from "../../protocol/bits.ts";
import { crosslinkHash } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import {
  type Certificate,
  encodeAnswer,
  encodeBlocksRequest,
  encodeGossip,
  encodeMessagesRequest,
  type GossipMessage,
} from "../../protocol/gossip.ts";
import { operatorSignature, sampleDomain, sampleHash } from "./samples.ts";

/** Messages between nodes, docs/formats.md, section 6. Signatures and blocks are placeholders: no decoder looks into them. */

function placeholder(crypto: Crypto, name: string, length: number): Uint8Array {
  const out = new Uint8Array(length);
  const hash = sampleHash(crypto, name);
  for (let i = 0; i < length; i++) out[i] = hash[i % 32] as number;
  return out;
}

export function sampleGossip(crypto: Crypto): GossipMessage[] {
  const domain = sampleDomain(crypto);
  const crosslink = {
    shardId: 1,
    generation: 0,
    epoch: 6,
    parent: sampleHash(crypto, "parent"),
    firstBlock: 10,
    lastBlock: 25,
    blocksRoot: sampleHash(crypto, "blocksRoot"),
    stateRoot: sampleHash(crypto, "stateRoot"),
  };
  const hash = crosslinkHash(crypto, domain, crosslink);
  const signed = { crosslink, operatorSignature: operatorSignature(crypto, hash) };
  const signature = placeholder(crypto, "signature", 96);
  const members = { count: 9, bits: bitsFrom([0, 3, 8], 9) };
  const certificate: Certificate = { signed, members, signature };
  return [
    { kind: "block", block: Uint8Array.of(0xde, 0xad, 0xbe, 0xef) },
    { kind: "crosslink", ...signed },
    { kind: "attestation", shardId: 1, epoch: 6, crosslinkHash: hash, members, signature },
    { kind: "certificate", ...certificate },
    {
      kind: "proposal",
      epoch: 6,
      sourceEpoch: 5,
      sourceRoot: sampleHash(crypto, "sourceRoot"),
      rewardsRoot: new Uint8Array(32),
      reveal: placeholder(crypto, "reveal", 96),
      proposerSignature: placeholder(crypto, "proposer", 96),
      entries: [
        { position: 0, certificate },
        { position: 3, certificate },
      ],
    },
    {
      kind: "vote",
      sourceEpoch: 5,
      sourceRoot: sampleHash(crypto, "sourceRoot"),
      targetEpoch: 6,
      checkpointRoot: sampleHash(crypto, "checkpointRoot"),
      seats: { count: 37, bits: bitsFrom([1, 2, 36], 37) },
      signature,
    },
    { kind: "rollAnswer", epoch: 24, seats: { count: 37, bits: bitsFrom([0, 2, 36], 37) }, signature },
  ];
}

export function gossipVectors(crypto: Crypto): object {
  const request = { shardId: 1, first: 10, last: 41 };
  const wanted = { source: 1, destination: 3, first: 7, asOfEpoch: 6 };
  const items = [Uint8Array.of(1, 2, 3), new Uint8Array(0)];
  return {
    messages: sampleGossip(crypto).map((message) => ({ message, encoding: encodeGossip(message) })),
    blocksRequest: { request, encoding: encodeBlocksRequest(request) },
    messagesRequest: { request: wanted, encoding: encodeMessagesRequest(wanted) },
    answer: { items, encoding: encodeAnswer(items) },
  };
}
