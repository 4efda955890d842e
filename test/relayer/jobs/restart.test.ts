import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { JobDirectoryError } from "../../../relayer/jobs/backends/data-directory.ts";
import { Bench, eventually, never, Recorder } from "./harness.ts";

const CRASHING_NODE = fileURLToPath(new URL("./crashing-node.ts", import.meta.url));

describe("the embedded queue across restarts", function () {
  this.timeout(60_000);
  const bench = new Bench();
  afterEach(() => bench.clear());

  it("resumes unfinished jobs and does not repeat finished ones", async () => {
    const directory = bench.directory();
    const backend = { kind: "embedded", directory } as const;
    const before = new Recorder();
    before.onCall = (job, signal) => (job === "certificate 1/2" ? never(job, signal) : Promise.resolve());
    const first = await bench.start(before, { backend });
    await first.schedule(1, [1, 2, 3]);
    await eventually(() => before.called.length === 3 && before.ended.length === 2);
    await first.close();

    const after = new Recorder();
    await bench.start(after, { backend });
    await eventually(() => after.hasEnded("submission 1"));
    expect(after.called).to.deep.equal(["certificate 1/2", "checkpoint 1", "submission 1"]);
  });

  for (const stuck of ["certificate 1/2", "checkpoint 1", "submission 1"]) {
    it(`repeats a ${stuck.split(" ")[0]} job in which the process was killed`, async () => {
      const directory = bench.directory();
      const child = spawn(process.execPath, [CRASHING_NODE, directory, stuck], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await saysStuck(child);
      child.kill("SIGKILL");
      await once(child, "exit");

      const recorder = new Recorder();
      const jobs = await bench.start(recorder, { backend: { kind: "embedded", directory } });
      await jobs.schedule(1, [1, 2, 3]);
      await eventually(() => recorder.hasEnded("submission 1"));
      expect(recorder.called[0]).to.equal(stuck);
      expect(bench.warnings).to.deep.equal([]);
    });
  }

  it("loses nothing when its data are deleted between two starts", async () => {
    const directory = bench.directory();
    const backend = { kind: "embedded", directory } as const;
    const before = new Recorder();
    before.onCall = (job, signal) => (job === "checkpoint 1" ? never(job, signal) : Promise.resolve());
    const first = await bench.start(before, { backend });
    await first.schedule(1, [1, 2]);
    await eventually(() => before.called.includes("checkpoint 1"));
    await first.close();
    rmSync(directory, { recursive: true });

    const after = new Recorder();
    const second = await bench.start(after, { backend });
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
      const directory = bench.directory();
      const backend = { kind: "embedded", directory } as const;
      await (await bench.start(new Recorder(), { backend })).close();
      inflict(join(directory, "database"));

      const recorder = new Recorder();
      const jobs = await bench.start(recorder, { backend });
      expect(bench.warnings).to.have.length(1);
      expect(bench.warnings[0]).to.contain(directory);
      expect(existsSync(join(directory, "damaged"))).to.equal(true);
      await jobs.schedule(1, [1]);
      await eventually(() => recorder.hasEnded("submission 1"));
    });
  }

  it("starts anew, without a warning, after a creation that was cut short", async () => {
    const directory = bench.directory();
    mkdirSync(join(directory, "database/global"), { recursive: true });
    writeFileSync(join(directory, "database/PG_VERSION"), "18\n");
    const recorder = new Recorder();
    const jobs = await bench.start(recorder, { backend: { kind: "embedded", directory } });
    await jobs.schedule(1, [1]);
    await eventually(() => recorder.hasEnded("submission 1"));
    expect(bench.warnings).to.deep.equal([]);
  });

  it("refuses a directory that another node uses, and takes it once that node has stopped", async () => {
    const directory = bench.directory();
    const backend = { kind: "embedded", directory } as const;
    const first = await bench.start(new Recorder(), { backend });
    const refusal = await bench.start(new Recorder(), { backend }).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(JobDirectoryError);
    expect(refusal).to.include({ code: "LOCKED", directory });
    await first.close();
    await bench.start(new Recorder(), { backend });
    expect(bench.warnings).to.deep.equal([]);
  });

  it("names a directory that cannot be used", async () => {
    const file = join(bench.directory(), "file");
    writeFileSync(file, "");
    const refusal = await bench
      .start(new Recorder(), { backend: { kind: "embedded", directory: file } })
      .catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(JobDirectoryError);
    expect(refusal).to.include({ code: "UNUSABLE", directory: file });
  });
});

async function saysStuck(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error("the child has no output");
  for await (const line of createInterface(child.stdout)) if (line === "stuck") return;
  throw new Error("the child ended too early");
}
