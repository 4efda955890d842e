import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { KEPT_EPOCHS } from "../../../relayer/jobs/flow.ts";
import { Bench, eventually, never, Recorder } from "./harness.ts";
import { overBackends } from "./places.ts";

overBackends("epoch jobs", (place) => {
  const bench = new Bench();
  afterEach(() => bench.clear());

  it("runs the checkpoint after all certificates and the submission after the checkpoint", async () => {
    const recorder = new Recorder();
    recorder.onCall = async (job) => {
      if (job === "certificate 7/2") await sleep(100);
    };
    const jobs = await bench.start(recorder, place().fresh());
    await jobs.schedule(7n, [1, 2, 3]);
    await eventually(() => recorder.hasEnded("submission 7"));
    expect(recorder.ended.slice(0, 3)).to.have.members(["certificate 7/1", "certificate 7/2", "certificate 7/3"]);
    expect(recorder.ended.slice(3)).to.deep.equal(["checkpoint 7", "submission 7"]);
    expect(bench.errors).to.deep.equal([]);
  });

  it("runs an epoch without shards", async () => {
    const recorder = new Recorder();
    const jobs = await bench.start(recorder, place().fresh());
    await jobs.schedule(0, []);
    await eventually(() => recorder.hasEnded("submission 0"));
    expect(recorder.ended).to.deep.equal(["checkpoint 0", "submission 0"]);
  });

  it("carries the whole range of epochs", async () => {
    const recorder = new Recorder();
    const jobs = await bench.start(recorder, place().fresh());
    await jobs.schedule(2n ** 64n - 1n, [1]);
    await eventually(() => recorder.hasEnded("submission 18446744073709551615"));
  });

  it("ignores an epoch that is scheduled already, whether it runs or has finished", async () => {
    const recorder = new Recorder();
    const jobs = await bench.start(recorder, place().fresh());
    await Promise.all([jobs.schedule(1, [1, 2]), jobs.schedule(1, [1, 2]), jobs.schedule(1, [1, 2])]);
    await eventually(() => recorder.hasEnded("submission 1"));
    await jobs.schedule(1, [1, 2]);
    await jobs.schedule(2, [1]);
    await eventually(() => recorder.hasEnded("submission 2"));
    expect(recorder.called).to.have.length(4 + 3);
  });

  it("does not let one epoch wait for another", async () => {
    const recorder = new Recorder();
    recorder.onCall = (job, signal) => (job === "certificate 1/1" ? never(job, signal) : Promise.resolve());
    const jobs = await bench.start(recorder, place().fresh());
    await jobs.schedule(1, [1, 2]);
    await jobs.schedule(2, [1, 2]);
    await eventually(() => recorder.hasEnded("submission 2"));
    expect(recorder.called).not.to.include("checkpoint 1");
  });

  it("ends a certificate job at the deadline, whatever its handler waits for", async () => {
    const recorder = new Recorder();
    const deadline = Promise.withResolvers<void>();
    let aborted = false;
    recorder.onCall = async (job, signal) => {
      if (job !== "certificate 4/2") return;
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      await new Promise(() => undefined);
    };
    const jobs = await bench.start(recorder, place().fresh(), { certificateDeadline: () => deadline.promise });
    await jobs.schedule(4, [1, 2]);
    await eventually(() => recorder.hasEnded("certificate 4/1") && recorder.called.includes("certificate 4/2"));
    await sleep(50);
    expect(recorder.called).not.to.include("checkpoint 4");
    deadline.resolve();
    await eventually(() => recorder.hasEnded("submission 4"));
    expect(aborted).to.equal(true);
    expect(recorder.countCalls("certificate 4/2")).to.equal(1);
    expect(bench.errors).to.deep.equal([]);
  });

  it("stops waiting for the deadline when the certificate is there", async () => {
    const recorder = new Recorder();
    const waiting = new Set<bigint>();
    const jobs = await bench.start(recorder, place().fresh(), {
      certificateDeadline: (epoch, signal) => {
        waiting.add(epoch);
        return never(epoch, signal).finally(() => waiting.delete(epoch));
      },
    });
    await jobs.schedule(5, [1]);
    await eventually(() => recorder.hasEnded("submission 5"));
    expect(waiting.size).to.equal(0);
  });

  for (const level of ["certificate 9/1", "checkpoint 9"]) {
    it(`calls a ${level.split(" ")[0]} handler that throws a bounded number of times and goes on`, async () => {
      const recorder = new Recorder();
      recorder.onCall = async (job) => {
        if (job === level) throw new Error("no luck");
      };
      const jobs = await bench.start(recorder, place().fresh());
      await jobs.schedule(9, [1, 2]);
      await eventually(() => recorder.hasEnded("submission 9"));
      expect(recorder.countCalls(level)).to.equal(3);
      expect(bench.errors.filter((error) => error.endsWith("no luck"))).to.have.length(3);
    });
  }

  it("gives a submission up that never succeeds, and does not start it again", async () => {
    const recorder = new Recorder();
    recorder.onCall = async (job) => {
      if (job === "submission 3") throw new Error("no luck");
    };
    const jobs = await bench.start(recorder, place().fresh());
    await jobs.schedule(3, [1]);
    await eventually(() => recorder.countCalls("submission 3") === 3);
    await sleep(100);
    await jobs.schedule(3, [1]);
    await sleep(100);
    expect(recorder.countCalls("submission 3")).to.equal(3);
    expect(recorder.countCalls("certificate 3/1")).to.equal(1);
  });

  it("completes everything that is scheduled again after the queue was emptied half-way", async () => {
    const recorder = new Recorder();
    let emptied = false;
    recorder.onCall = (job, signal) =>
      emptied || ["certificate 1/1", "checkpoint 2"].includes(job) === false ? Promise.resolve() : never(job, signal);
    const jobs = await bench.start(recorder, place().fresh());
    await jobs.schedule(1, [1, 2, 3]);
    await jobs.schedule(2, [1, 2, 3]);
    await eventually(() => recorder.hasEnded("certificate 1/3") && recorder.called.includes("checkpoint 2"));
    emptied = true;
    await Promise.all([jobs.obliterate(), jobs.schedule(1, [1, 2, 3])]);
    await jobs.schedule(2, [1, 2, 3]);
    await eventually(() => recorder.hasEnded("submission 1") && recorder.hasEnded("submission 2"));
    expect(recorder.hasEnded("certificate 1/1")).to.equal(true);
    await jobs.schedule(3, [1]);
    await eventually(() => recorder.hasEnded("submission 3"));
  });

  it("completes everything however often it is emptied while it adds and runs jobs", async () => {
    const recorder = new Recorder();
    recorder.onCall = (_job, signal) => sleep(Math.random() * 10, undefined, { signal });
    const jobs = await bench.start(recorder, place().fresh());
    const epochs = [1, 2, 3, 4];
    const scheduleAll = () => Promise.all(epochs.map((epoch) => jobs.schedule(epoch, [1, 2, 3])));
    for (let round = 0; round < 15; round++) {
      await Promise.all([scheduleAll(), sleep(Math.random() * 20).then(() => jobs.obliterate())]);
    }
    recorder.ended.length = 0;
    await jobs.obliterate();
    await scheduleAll();
    await eventually(() => epochs.every((epoch) => recorder.hasEnded(`submission ${epoch}`)));
    for (const epoch of epochs) {
      const ended = recorder.ended.filter((job) => job.endsWith(` ${epoch}`) || job.includes(` ${epoch}/`));
      const certificates = [1, 2, 3].map((shardId) => `certificate ${epoch}/${shardId}`);
      expect(ended.slice(-2)).to.deep.equal([`checkpoint ${epoch}`, `submission ${epoch}`]);
      expect(ended).to.include.members(certificates);
    }
  });

  it("puts interrupted jobs back without using up their attempts", async () => {
    const recorder = new Recorder();
    recorder.onCall = (job, signal) => (job === "submission 1" ? never(job, signal) : Promise.resolve());
    const backend = place().durable();
    for (let start = 1; start <= 4; start++) {
      const jobs = await bench.start(recorder, backend, { retry: { attempts: 1, backoffMs: 10 } });
      await jobs.schedule(1, [1]);
      await eventually(() => recorder.countCalls("submission 1") === start);
      await jobs.close();
    }
    expect(recorder.countCalls("certificate 1/1")).to.equal(1);
    expect(bench.errors).to.deep.equal([]);
  });

  it("closes in bounded time while handlers ignore their signal, and refuses what comes later", async () => {
    const recorder = new Recorder();
    recorder.onCall = () => new Promise(() => undefined);
    const jobs = await bench.start(recorder, place().fresh(), { closeGraceMs: 100 });
    await jobs.schedule(1, [1, 2, 3]);
    await eventually(() => recorder.called.length === 3);
    const begin = Date.now();
    await jobs.close();
    expect(Date.now() - begin).to.be.lessThan(5_000);
    await jobs.close();
    const refusal = await jobs.schedule(2, [1]).catch((error: Error) => error.message);
    expect(refusal).to.equal("the epoch jobs are closed");
  });

  it("forgets flows that could not finish in time, but not under a running handler", async () => {
    const recorder = new Recorder();
    recorder.onCall = async (job, signal) => {
      if (job === "certificate 1/1") throw new Error("no luck");
      if (job === "certificate 2/1") await never(job, signal);
    };
    const jobs = await bench.start(recorder, place().fresh(), { retry: { attempts: 2, backoffMs: 3_600_000 } });
    await jobs.schedule(1, [1]);
    await jobs.schedule(2, [1]);
    for (let epoch = 3; epoch <= 2 * KEPT_EPOCHS; epoch++) await jobs.schedule(epoch, []);
    await eventually(() => recorder.hasEnded(`submission ${2 * KEPT_EPOCHS}`));
    expect(bench.errors).to.have.length(2);
    expect(bench.errors[1]).to.match(/^old flow epoch-2: /);

    recorder.onCall = async () => undefined;
    await jobs.schedule(1, [1]);
    await jobs.schedule(2, [1]);
    await eventually(() => recorder.hasEnded("submission 1"));
    expect(recorder.countCalls("certificate 2/1")).to.equal(1);
  });
});
