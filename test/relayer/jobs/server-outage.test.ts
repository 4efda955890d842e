import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Bench, eventually, Recorder } from "./harness.ts";
import { overServers, type ServerPlace } from "./places.ts";

/** A test that breaks its server on the way leaves one for the next all the same. */
async function withoutServer(place: ServerPlace, action: () => Promise<void>): Promise<void> {
  await place.server.kill();
  try {
    await action();
  } finally {
    await place.server.start();
  }
}

overServers("a queue whose server is killed", (place) => {
  const bench = new Bench();
  afterEach(() => bench.clear());

  it("goes on with its jobs when the server is back, those that ended meanwhile included", async () => {
    const recorder = new Recorder();
    const meanwhile = Promise.withResolvers<void>();
    const later = Promise.withResolvers<void>();
    recorder.onCall = (job) => {
      if (job === "certificate 1/1") return meanwhile.promise;
      return job === "certificate 2/1" ? later.promise : Promise.resolve();
    };
    const jobs = await bench.start(recorder, place().durable());
    await jobs.schedule(1, [1, 2]);
    await jobs.schedule(2, [1, 2]);
    await eventually(() => recorder.called.length === 4 && recorder.ended.length === 2);
    await withoutServer(place(), async () => {
      await eventually(() => bench.warnings.length === 1);
      const begin = Date.now();
      const refusal = await jobs.schedule(3, [1]).catch((error: Error) => error.message);
      expect(refusal).to.equal("the job queue is out of reach");
      expect(Date.now() - begin).to.be.lessThan(6_000);
      meanwhile.resolve();
      await sleep(1_000);
    });
    await eventually(() => bench.warnings.length === 2);
    later.resolve();
    // What was written last may be lost, so it is scheduled again, as a node does with every block.
    for (const epoch of [1, 2, 3]) await jobs.schedule(epoch, [1, 2]);
    await eventually(() => [1, 2, 3].every((epoch) => recorder.hasEnded(`submission ${epoch}`)));
    expect(bench.warnings[0]).to.match(/^The job queue has lost .*127\.0\.0\.1/);
    expect(bench.warnings[1]).to.match(/ back\.$/);
    // The server may have noted the end of a job, and its answer been lost: the job is said to have ended again.
    expect(bench.errors.filter((error) => !error.includes("Missing key for job"))).to.deep.equal([]);
  });

  it("closes in bounded time while the server is away", async () => {
    const recorder = new Recorder();
    recorder.onCall = () => new Promise(() => undefined);
    const jobs = await bench.start(recorder, place().durable(), { closeGraceMs: 200 });
    await jobs.schedule(1, [1, 2]);
    await eventually(() => recorder.called.length === 2);
    await withoutServer(place(), async () => {
      const begin = Date.now();
      await jobs.close();
      expect(Date.now() - begin).to.be.lessThan(5_000);
    });
  });
});
