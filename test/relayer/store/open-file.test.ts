import { closeSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { openDurably } from "../../../relayer/store/open-file.ts";

describe("openDurably", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "open-file-"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("creates a file that only its owner reads, with the folders above it", () => {
    const file = path.join(folder, "a", "b", "log");
    closeSync(openDurably(file, "a+"));
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it("appends to a file that is there", () => {
    const file = path.join(folder, "log");
    writeFileSync(file, "1");
    const descriptor = openDurably(file, "a");
    writeSync(descriptor, "2");
    closeSync(descriptor);
    expect(readFileSync(file, "utf8")).to.equal("12");
  });
});
