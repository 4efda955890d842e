import { startEpochJobs } from "../../../relayer/jobs/epoch-jobs.ts";
import { never, Recorder } from "./harness.ts";

// Run as a process of its own: `crashing-node.ts <directory> <job>` schedules epoch 1 and says "stuck" when it is in the
// handler of that job, for the parent to kill it there.
if (import.meta.main) {
  const [directory, stuck] = process.argv.slice(2);
  if (directory === undefined || stuck === undefined) throw new Error("usage: crashingNode.ts <directory> <job>");
  const recorder = new Recorder();
  recorder.onCall = async (job, signal) => {
    if (job !== stuck) return;
    // The other shards' jobs come first, so that exactly this one is open.
    while (job.startsWith("certificate") && recorder.ended.length < 2)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.stdout.write("stuck\n");
    await never(job, signal);
  };
  const jobs = await startEpochJobs({
    backend: { kind: "embedded", directory },
    handlers: recorder,
    certificateDeadline: never,
    onError: (error) => console.error(error),
    onWarning: (message) => console.error(message),
  });
  await jobs.schedule(1, [1, 2, 3]);
}
