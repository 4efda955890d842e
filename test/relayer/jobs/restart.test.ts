import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { Bench, eventually, leaveEffect, never, Recorder } from "./harness.ts";
import { overBackends } from "./places.ts";

const CRASHING_NODE = fileURLToPath(new URL("./crashing-node.ts", import.meta.url));

overBackends("the queue across restarts of a node", (place) => {
  const bench = new Bench();
  let effects: string;
  beforeEach(() => {
    effects = mkdtempSync(path.join(tmpdir(), "watchfire-effects-"));
  });
  afterEach(async () => {
    await bench.clear();
    rmSync(effects, { recursive: true });
  });

  it("resumes unfinished jobs and does not repeat finished ones", async () => {
    const backend = place().durable();
    const before = new Recorder();
    before.onCall = (job, signal) => (job === "certificate 1/2" ? never(job, signal) : Promise.resolve());
    const first = await bench.start(before, backend);
    await first.schedule(1, [1, 2, 3]);
    await eventually(() => before.called.length === 3 && before.ended.length === 2);
    await first.close();

    const after = new Recorder();
    await bench.start(after, backend);
    await eventually(() => after.hasEnded("submission 1"));
    expect(after.called).to.deep.equal(["certificate 1/2", "checkpoint 1", "submission 1"]);
  });

  for (const stuck of ["certificate 1/2", "checkpoint 1", "submission 1"]) {
    it(`repeats a ${stuck.split(" ")[0]} job in which the process was killed, without a second effect`, async () => {
      const backend = place().durable();
      const child = spawn(process.execPath, [CRASHING_NODE, JSON.stringify(backend), effects, stuck], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await saysStuck(child);
      const before = readdirSync(effects);
      child.kill("SIGKILL");
      await once(child, "exit");

      const recorder = new Recorder();
      const repeated: string[] = [];
      recorder.onCall = async (job) => {
        if (!leaveEffect(effects, job)) repeated.push(job);
      };
      const jobs = await bench.start(recorder, backend);
      await jobs.schedule(1, [1, 2, 3]);
      await eventually(() => recorder.hasEnded("submission 1"));
      expect(recorder.called[0]).to.equal(stuck);
      expect(repeated).to.deep.equal([stuck]);
      expect(recorder.called.length + before.length).to.equal(5 + 1);
      expect(readdirSync(effects)).to.have.length(5);
      expect(bench.warnings).to.deep.equal([]);
    });
  }

  it("refuses a queue that another node uses, and takes it once that node has stopped", async () => {
    const backend = place().durable();
    const first = await bench.start(new Recorder(), backend);
    const refusal = await bench.start(new Recorder(), backend).catch((error: unknown) => error);
    expect(refusal).to.have.property("code", backend.kind === "embedded" ? "LOCKED" : "IN_USE");
    expect(refusal).to.have.property("message").that.contains("in use by another node. Stop that node");
    await first.close();
    await bench.start(new Recorder(), backend);
    expect(bench.warnings).to.deep.equal([]);
  });
});

async function saysStuck(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error("the child has no output");
  for await (const line of createInterface(child.stdout)) if (line === "stuck") return;
  throw new Error("the child ended too early");
}
