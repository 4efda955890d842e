import { expect } from "chai";
import fc from "fast-check";
import { createNativeCrypto } from "../../crypto/native.ts";
import { toHex } from "../../protocol/bytes.ts";
import {
  decodeAnswer,
  decodeBlocksRequest,
  decodeGossip,
  decodeMessagesRequest,
  encodeAnswer,
  encodeBlocksRequest,
  encodeGossip,
  encodeMessagesRequest,
} from "../../protocol/gossip.ts";
import { sampleGossip } from "../../scripts/vectors/gossip.ts";
import { mutated } from "../support/mutation.ts";
import { property } from "../support/property.ts";
import { decoded, RUNS } from "./decoded.ts";

const crypto = await createNativeCrypto();

interface Parser<T> {
  readonly name: string;
  readonly samples: readonly Uint8Array[];
  readonly decode: (bytes: Uint8Array) => T;
  readonly encode: (value: T) => Uint8Array;
}

function parser<T>(parts: Parser<T>): Parser<unknown> {
  return parts as Parser<unknown>;
}

const PARSERS = [
  parser({
    name: "gossip",
    samples: sampleGossip(crypto).map(encodeGossip),
    decode: decodeGossip,
    encode: encodeGossip,
  }),
  parser({
    name: "requests for blocks",
    samples: [encodeBlocksRequest({ shardId: 3, first: 5, last: 9 })],
    decode: decodeBlocksRequest,
    encode: encodeBlocksRequest,
  }),
  parser({
    name: "requests for messages",
    samples: [encodeMessagesRequest({ source: 1, destination: 2, first: 3, asOfEpoch: 4 })],
    decode: decodeMessagesRequest,
    encode: encodeMessagesRequest,
  }),
  parser({
    name: "answers",
    samples: [encodeAnswer([]), encodeAnswer([new Uint8Array(40), new Uint8Array(0), new Uint8Array(200)])],
    decode: (bytes) => decodeAnswer(bytes, 64),
    encode: encodeAnswer,
  }),
];

describe("Fuzzed messages between nodes", () => {
  for (const { name, samples, decode, encode } of PARSERS) {
    it(`${name} decode to what encodes to the same bytes, or not at all`, () => {
      const cases = fc.property(mutated(samples), (bytes) => {
        const value = decoded(() => decode(bytes));
        if (value !== null) expect(toHex(encode(value))).to.equal(toHex(bytes));
      });
      fc.assert(cases, property(RUNS));
    });
  }
});
