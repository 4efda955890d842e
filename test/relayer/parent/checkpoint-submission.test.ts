import { expect } from "chai";
import { DecodeError } from "../../../protocol/bytes.ts";
import { ENTRY_RECORD_BYTES } from "../../../protocol/checkpoint.ts";
import { type ChangedRecord, packRecords, unpackRecords } from "../../../relayer/parent/checkpoint-submission.ts";

function record(position: number): ChangedRecord {
  const blocksRoot = new Uint8Array(32).fill(position + 1);
  const stateRoot = new Uint8Array(32).fill(position + 2);
  return { position, record: { generation: 3, firstBlock: 4, lastBlock: 2 ** 40, blocksRoot, stateRoot } };
}

describe("Records of changed entries", () => {
  it("come back from the fields of the contract's struct", () => {
    const records = [record(0), record(5), record(127)];
    const packed = packRecords(records);
    expect(packed.changed).to.equal(1n | (1n << 5n) | (1n << 127n));
    expect(packed.entries).to.have.length(3 * ENTRY_RECORD_BYTES);
    expect(unpackRecords(packed)).to.deep.equal(records);
    expect(packRecords([])).to.deep.equal({ changed: 0n, entries: new Uint8Array() });
  });

  it("are refused out of order, or in another number than the set bits", () => {
    expect(() => packRecords([record(5), record(0)])).to.throw(RangeError);
    expect(() => packRecords([record(5), record(5)])).to.throw(RangeError);
    const { entries } = packRecords([record(5)]);
    expect(() => unpackRecords({ changed: 3n, entries })).to.throw(DecodeError);
    expect(() => unpackRecords({ changed: 0n, entries })).to.throw(DecodeError);
  });
});
