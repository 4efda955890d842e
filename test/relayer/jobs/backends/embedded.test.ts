import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { JobDirectoryError } from "../../../../relayer/jobs/backends/data-directory.ts";
import { Bench, eventually, never, Recorder } from "../harness.ts";

describe("the embedded queue's directory", function () {
  this.timeout(60_000);
  const bench = new Bench();
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "watchfire-jobs-"));
  });
  afterEach(async () => {
    await bench.clear();
    rmSync(directory, { recursive: true, force: true });
  });

  it("loses nothing when its data are deleted between two starts", async () => {
    const backend = { kind: "embedded", directory } as const;
    const before = new Recorder();
    before.onCall = (job, signal) => (job === "checkpoint 1" ? never(job, signal) : Promise.resolve());
    const first = await bench.start(before, backend);
    await first.schedule(1, [1, 2]);
    await eventually(() => before.called.includes("checkpoint 1"));
    await first.close();
    rmSync(directory, { recursive: true });

    const after = new Recorder();
    const second = await bench.start(after, backend);
    await second.schedule(1, [1, 2]);
    await eventually(() => after.hasEnded("submission 1"));
  });

  const damages: Record<string, (database: string) => void> = {
    "a truncated control file": (database) => truncateSync(join(database, "global/pg_control"), 0),
    "a lost catalogue": (database) => rmSync(join(database, "base"), { recursive: true }),
    "a lost log": (database) => rmSync(join(database, "pg_wal"), { recursive: true }),
  };
  for (const [damage, inflict] of Object.entries(damages)) {
    it(`starts empty, with a warning, after ${damage}`, async () => {
      const backend = { kind: "embedded", directory } as const;
      await (await bench.start(new Recorder(), backend)).close();
      inflict(join(directory, "database"));

      const recorder = new Recorder();
      const jobs = await bench.start(recorder, backend);
      expect(bench.warnings).to.have.length(1);
      expect(bench.warnings[0]).to.contain(directory);
      expect(existsSync(join(directory, "damaged"))).to.equal(true);
      await jobs.schedule(1, [1]);
      await eventually(() => recorder.hasEnded("submission 1"));
    });
  }

  it("starts anew, without a warning, after a creation that was cut short", async () => {
    mkdirSync(join(directory, "database/global"), { recursive: true });
    writeFileSync(join(directory, "database/PG_VERSION"), "18\n");
    const recorder = new Recorder();
    const jobs = await bench.start(recorder, { kind: "embedded", directory });
    await jobs.schedule(1, [1]);
    await eventually(() => recorder.hasEnded("submission 1"));
    expect(bench.warnings).to.deep.equal([]);
  });

  it("names a directory that cannot be used", async () => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    const refusal = await bench
      .start(new Recorder(), { kind: "embedded", directory: file })
      .catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(JobDirectoryError);
    expect(refusal).to.include({ code: "UNUSABLE", directory: file });
  });
});
