import { expect } from "chai";
import fc from "fast-check";
import { createNativeCrypto } from "../../crypto/native.ts";
import { bitsFrom } from "../../protocol/bits.ts";
import { concat, DecodeError, toHex } from "../../protocol/bytes.ts";
import {
  type Certificate,
  decodeAnswer,
  decodeBlocksRequest,
  decodeGossip,
  decodeMessagesRequest,
  encodeAnswer,
  encodeBlocksRequest,
  encodeGossip,
  encodeMessagesRequest,
  type GossipMessage,
  MAX_GOSSIP_BYTES,
  MAX_REQUESTED_BLOCKS,
  requestKind,
} from "../../protocol/gossip.ts";
import { sampleGossip } from "../../scripts/vectors/gossip.ts";
import { property } from "../support/property.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const u16 = fc.nat({ max: 65_535 });
const u32 = fc.nat({ max: 2 ** 32 - 1 });
const u64 = fc.maxSafeNat();

const bitField = fc
  .nat({ max: 70 })
  .chain((count) =>
    fc.tuple(fc.constant(count), count === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat({ max: count - 1 }))),
  )
  .map(([count, indices]) => ({ count, bits: bitsFrom(indices, count) }));

const signed = fc.record({
  crosslink: fc.record({
    shardId: u32,
    generation: u32,
    epoch: u64,
    parent: bytes(32),
    firstBlock: u64,
    lastBlock: u64,
    blocksRoot: bytes(32),
    stateRoot: bytes(32),
  }),
  operatorSignature: bytes(65),
});

const certificate: fc.Arbitrary<Certificate> = fc.record({ signed, members: bitField, signature: bytes(96) });

const kind = <K extends GossipMessage["kind"]>(name: K) => fc.constant(name);

const message: fc.Arbitrary<GossipMessage> = fc.oneof(
  fc.record({ kind: kind("block"), block: fc.uint8Array({ maxLength: 500 }) }),
  signed.map((value) => ({ kind: "crosslink" as const, ...value })),
  fc.record({
    kind: kind("attestation"),
    shardId: u32,
    epoch: u64,
    crosslinkHash: bytes(32),
    members: bitField,
    signature: bytes(96),
  }),
  certificate.map((value) => ({ kind: "certificate" as const, ...value })),
  fc.record({
    kind: kind("proposal"),
    epoch: u64,
    sourceEpoch: u64,
    sourceRoot: bytes(32),
    rewardsRoot: bytes(32),
    reveal: bytes(96),
    proposerSignature: bytes(96),
    entries: fc
      .uniqueArray(fc.record({ position: u16, certificate }), { selector: (entry) => entry.position, maxLength: 4 })
      .map((entries) => entries.sort((a, b) => a.position - b.position)),
  }),
  fc.record({
    kind: kind("vote"),
    sourceEpoch: u64,
    sourceRoot: bytes(32),
    targetEpoch: u64,
    checkpointRoot: bytes(32),
    seats: bitField,
    signature: bytes(96),
  }),
  fc.record({ kind: kind("rollAnswer"), epoch: u64, seats: bitField, signature: bytes(96) }),
);

/** One byte changed, taken out, put in, or everything after it cut off. */
const mutation = fc.record({
  at: fc.nat(),
  byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 255)),
  how: fc.constantFrom("change", "take", "put", "cut"),
});

function mutate(encoded: Uint8Array, { at, byte, how }: { at: number; byte: number; how: string }): Uint8Array {
  const index = at % (encoded.length + 1);
  const head = encoded.subarray(0, index);
  if (how === "cut") return head;
  if (how === "take") return concat(head, encoded.subarray(index + 1));
  return concat(head, Uint8Array.of(byte), encoded.subarray(how === "put" ? index : index + 1));
}

/** Whatever is accepted has been the one encoding of what it says. */
function expectCanonical(encoded: Uint8Array): boolean {
  let decoded: GossipMessage;
  try {
    decoded = decodeGossip(encoded);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return false;
  }
  expect(toHex(encodeGossip(decoded))).to.equal(toHex(encoded));
  return true;
}

describe("messages between nodes", () => {
  it("are decoded to what was encoded", () => {
    fc.assert(
      fc.property(message, (value) => {
        expect(decodeGossip(encodeGossip(value))).to.deep.equal(value);
      }),
      property(200),
    );
  });

  it("are accepted in their one encoding only", () => {
    let accepted = 0;
    fc.assert(
      fc.property(message, fc.array(mutation, { minLength: 1, maxLength: 3 }), (value, mutations) => {
        if (expectCanonical(mutations.reduce(mutate, encodeGossip(value)))) accepted++;
      }),
      property(2000),
    );
    expect(accepted).to.be.greaterThan(0);
  });

  it("refuse any other bytes without any other error", () => {
    fc.assert(
      fc.property(fc.nat({ max: 8 }), fc.uint8Array({ maxLength: 400 }), (type, body) => {
        expectCanonical(concat(Uint8Array.of(1, type), body));
      }),
      property(2000),
    );
  });

  describe("of every type", () => {
    let samples: GossipMessage[];

    before(async () => {
      samples = sampleGossip(await createNativeCrypto());
    });

    it("are refused when cut anywhere, or with a byte more", () => {
      // The body of a block is whatever follows; the ledger decodes it.
      for (const sample of samples.filter((each) => each.kind !== "block")) {
        const encoded = encodeGossip(sample);
        for (let length = 0; length < encoded.length; length++) {
          expect(() => decodeGossip(encoded.subarray(0, length)), `${sample.kind} of ${length}`).to.throw(DecodeError);
        }
        expect(() => decodeGossip(concat(encoded, Uint8Array.of(0))), sample.kind).to.throw(DecodeError);
      }
    });

    it("are refused in another version, or as an unknown type", () => {
      for (const sample of samples) {
        const encoded = encodeGossip(sample);
        expect(() => decodeGossip(encoded.with(0, 2))).to.throw(DecodeError);
        for (const type of [0, 8, 0x81, 255]) expect(() => decodeGossip(encoded.with(1, type))).to.throw(DecodeError);
      }
    });

    it("are refused above their size, before anything is parsed", () => {
      const limits = [MAX_GOSSIP_BYTES, 256, 4096, 4096, 512 * 1024, 16 * 1024, 16 * 1024];
      limits.forEach((limit, i) => {
        const tooLong = new Uint8Array(limit + 1);
        tooLong.set([1, i + 1]);
        expect(() => decodeGossip(tooLong)).to.throw(DecodeError, "at most");
      });
      const largest = new Uint8Array(MAX_GOSSIP_BYTES);
      largest.set([1, 1]);
      expect(decodeGossip(largest).kind).to.equal("block");
    });

    it("are refused as proposals whose entries are not ascending", () => {
      const proposal = samples.find((each) => each.kind === "proposal");
      if (proposal === undefined) throw new Error("no sample of a proposal");
      const [first, second] = proposal.entries;
      if (first === undefined || second === undefined) throw new Error("a sample with two entries is needed");
      for (const entries of [
        [second, first],
        [first, first],
      ]) {
        expect(() => decodeGossip(encodeGossip({ ...proposal, entries }))).to.throw(DecodeError);
      }
    });
  });
});

describe("requests and answers", () => {
  it("for blocks are decoded to what was encoded, at most 32 of them", () => {
    const request = { shardId: 3, first: 10, last: 10 + MAX_REQUESTED_BLOCKS - 1 };
    const encoded = encodeBlocksRequest(request);
    expect(requestKind(encoded)).to.equal("blocks");
    expect(decodeBlocksRequest(encoded)).to.deep.equal(request);
    for (const wrong of [
      { ...request, last: request.last + 1 },
      { ...request, first: 11, last: 10 },
    ]) {
      expect(() => decodeBlocksRequest(encodeBlocksRequest(wrong))).to.throw(DecodeError);
    }
    expect(() => decodeBlocksRequest(encoded.subarray(1))).to.throw(DecodeError);
    expect(() => decodeBlocksRequest(concat(encoded, Uint8Array.of(0)))).to.throw(DecodeError);
  });

  it("for messages are decoded to what was encoded", () => {
    const request = { source: 1, destination: 2, first: 77, asOfEpoch: 9 };
    const encoded = encodeMessagesRequest(request);
    expect(requestKind(encoded)).to.equal("messages");
    expect(decodeMessagesRequest(encoded)).to.deep.equal(request);
    expect(() => decodeBlocksRequest(encoded)).to.throw(DecodeError);
    expect(() => decodeMessagesRequest(encoded.subarray(0, -1))).to.throw(DecodeError);
  });

  it("of another kind are refused", () => {
    for (const wrong of [[], [1], [1, 0x80], [2, 0x81]]) {
      expect(() => requestKind(Uint8Array.from(wrong))).to.throw(DecodeError);
    }
  });

  it("are answered with a bounded list", () => {
    const items = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 5 });
    fc.assert(
      fc.property(items, (list) => {
        const encoded = encodeAnswer(list);
        expect(decodeAnswer(encoded, 5)).to.deep.equal(list);
        expect(() => decodeAnswer(concat(encoded, Uint8Array.of(0)), 5)).to.throw(DecodeError);
        expect(() => decodeAnswer(encoded.subarray(0, -1), 5)).to.throw(DecodeError);
        if (list.length > 0) expect(() => decodeAnswer(encoded, list.length - 1)).to.throw(DecodeError);
      }),
      property(100),
    );
  });
});
