import { expect } from "chai";
import fc from "fast-check";
import {
  decodeBlockStart,
  decodeImportInbox,
  decodeImportMessage,
  encodeBlockStart,
  encodeImportInbox,
  encodeImportMessage,
  STEP_KIND,
} from "../../ledger/step.ts";
import { toHex } from "../../protocol/bytes.ts";
import { exampleBlocks } from "../ledger/example-blocks.ts";
import { mutated } from "../support/mutation.ts";
import { property } from "../support/property.ts";
import { decoded, RUNS } from "./decoded.ts";

const SHARD = 2;
const SHARD_COUNT = 4;

/** Payloads of that kind in sound blocks. */
function samples(kind: number): Uint8Array[] {
  return exampleBlocks().flatMap(({ block }) =>
    block.steps.filter((step) => step.kind === kind).map((step) => step.payload),
  );
}

/** Decodes and encodes again. */
const PARSERS = [
  {
    name: "starts of blocks",
    samples: samples(STEP_KIND.blockStart),
    again: (bytes: Uint8Array) => encodeBlockStart(decodeBlockStart(bytes)),
  },
  {
    name: "imports of inbox entries",
    samples: samples(STEP_KIND.importInbox),
    again: (bytes: Uint8Array) => encodeImportInbox(decodeImportInbox(SHARD, bytes)),
  },
  {
    name: "imports of messages",
    samples: samples(STEP_KIND.importMessage),
    again: (bytes: Uint8Array) => encodeImportMessage(decodeImportMessage(SHARD, SHARD_COUNT, bytes)),
  },
];

describe("Fuzzed payloads of steps", () => {
  for (const { name, samples: sound, again } of PARSERS) {
    it(`${name} decode to what encodes to the same bytes, or not at all`, () => {
      expect(sound).not.to.have.length(0);
      for (const sample of sound) expect(toHex(again(sample))).to.equal(toHex(sample));
      const cases = fc.property(mutated(sound), (bytes) => {
        const encoded = decoded(() => again(bytes));
        if (encoded !== null) expect(toHex(encoded)).to.equal(toHex(bytes));
      });
      fc.assert(cases, property(RUNS));
    });
  }
});
