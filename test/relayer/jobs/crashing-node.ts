import { setTimeout as sleep } from "node:timers/promises";
import type { BackendSettings } from "../../../relayer/jobs/backends/open.ts";
import { startEpochJobs } from "../../../relayer/jobs/epoch-jobs.ts";
import { leaveEffect, never, Recorder } from "./harness.ts";

// Run as a process of its own: `crashing-node.ts <backend as JSON> <folder of effects> <job>` schedules epoch 1 and says
// "stuck" when the handler of that job has left its effect and not come to its end, for the parent to kill it there.
if (import.meta.main) {
  const [backend, effects, stuck] = process.argv.slice(2);
  if (backend === undefined || effects === undefined || stuck === undefined) {
    throw new Error("usage: crashing-node.ts <backend as JSON> <folder of effects> <job>");
  }
  const recorder = new Recorder();
  recorder.onCall = async (job, signal) => {
    leaveEffect(effects, job);
    if (job !== stuck) return;
    // The other shards' jobs come first, so that exactly this one is open.
    while (job.startsWith("certificate") && recorder.ended.length < 2) await sleep(5);
    await sleep(100);
    process.stdout.write("stuck\n");
    await never(job, signal);
  };
  const jobs = await startEpochJobs({
    backend: JSON.parse(backend) as BackendSettings,
    handlers: recorder,
    certificateDeadline: never,
    onError: (error) => console.error(error),
    onWarning: (message) => console.error(message),
  });
  await jobs.schedule(1, [1, 2, 3]);
}
