import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { FileRecordLog, RecordLogError } from "../../../relayer/store/record-log.ts";

describe("FileRecordLog", () => {
  let folder: string;
  let file: string;
  const records = [Uint8Array.of(1), new Uint8Array(0), new Uint8Array(1000).fill(3)];

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "record-log-"));
    file = path.join(folder, "shard-1", "blocks.log");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const withLog = <T>(use: (log: FileRecordLog) => T): T => {
    const log = new FileRecordLog(file);
    try {
      return use(log);
    } finally {
      log.close();
    }
  };
  const write = () =>
    withLog((log) => {
      for (const record of records) log.append(record);
    });
  const contents = (log: FileRecordLog) =>
    Array.from({ length: log.last }, (_, i) => Uint8Array.from(log.read(i + 1)!));

  it("keeps records across restarts", () => {
    write();
    withLog((log) => {
      expect(log.last).to.equal(3);
      expect(contents(log)).to.deep.equal(records);
      expect(log.read(0)).to.equal(null);
      expect(log.read(4)).to.equal(null);
      log.append(Uint8Array.of(9));
    });
    expect(withLog(contents)).to.deep.equal([...records, Uint8Array.of(9)]);
  });

  it("cuts off a record that was being written, at whatever byte", () => {
    write();
    const { length } = readFileSync(file);
    for (const cut of [1, 500, 1000, 1005, 1011]) {
      truncateSync(file, length - cut);
      withLog((log) => {
        expect(contents(log)).to.deep.equal(records.slice(0, 2));
        log.append(records[2] as Uint8Array);
      });
      expect(withLog(contents)).to.deep.equal(records);
    }
  });

  it("cuts off a last record whose bytes are not all there, and a file grown ahead of them", () => {
    write();
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = 0;
    writeFileSync(file, bytes);
    expect(withLog(contents)).to.deep.equal(records.slice(0, 2));
    appendFileSync(file, new Uint8Array(50));
    expect(withLog(contents)).to.deep.equal(records.slice(0, 2));
  });

  it("does not forget records behind damage", () => {
    write();
    const sound = readFileSync(file);
    for (const at of [0, 5, 12]) {
      const damaged = Buffer.from(sound);
      damaged[at] = (damaged[at] as number) ^ 0xff;
      writeFileSync(file, damaged);
      expect(() => withLog(contents)).to.throw(RecordLogError, "record 1");
    }
  });
});
