import { writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BackendSettings } from "../../../relayer/jobs/backends/open.ts";
import { type EpochJobs, type EpochJobsOptions, startEpochJobs } from "../../../relayer/jobs/epoch-jobs.ts";
import type { EpochHandlers } from "../../../relayer/jobs/handlers.ts";

/** Handlers that write down what they were called for, then do what a test wants of them. */
export class Recorder implements EpochHandlers {
  /** Handlers that came to their end, in order: "certificate 3/1", "checkpoint 3", "submission 3". */
  readonly ended: string[] = [];
  /** Calls of handlers, in order, those included that threw. */
  readonly called: string[] = [];
  onCall: (job: string, signal: AbortSignal) => Promise<void> = async () => undefined;

  certificate(epoch: bigint, shardId: number, signal: AbortSignal): Promise<void> {
    return this.#record(`certificate ${epoch}/${shardId}`, signal);
  }

  checkpoint(epoch: bigint, signal: AbortSignal): Promise<void> {
    return this.#record(`checkpoint ${epoch}`, signal);
  }

  submission(epoch: bigint, signal: AbortSignal): Promise<void> {
    return this.#record(`submission ${epoch}`, signal);
  }

  countCalls(job: string): number {
    return this.called.filter((call) => call === job).length;
  }

  hasEnded(job: string): boolean {
    return this.ended.includes(job);
  }

  async #record(job: string, signal: AbortSignal): Promise<void> {
    this.called.push(job);
    await this.onCall(job, signal);
    this.ended.push(job);
  }
}

/** Starts jobs and ends them after the test. */
export class Bench {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];
  readonly #open: EpochJobs[] = [];

  async start(
    handlers: EpochHandlers,
    backend: BackendSettings,
    options: Partial<EpochJobsOptions> = {},
  ): Promise<EpochJobs> {
    const jobs = await startEpochJobs({
      backend,
      handlers,
      certificateDeadline: never,
      retry: { attempts: 3, backoffMs: 10 },
      onError: (error, where) => this.errors.push(`${where}: ${error.message}`),
      onWarning: (message) => this.warnings.push(message),
      ...options,
    });
    this.#open.push(jobs);
    return jobs;
  }

  async clear(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((jobs) => jobs.close()));
    this.errors.length = 0;
    this.warnings.length = 0;
  }
}

/** Leaves what a job leaves in the world, unless it is there already; returns whether it was not. */
export function leaveEffect(folder: string, job: string): boolean {
  try {
    writeFileSync(path.join(folder, job.replace("/", " ")), "", { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Settles only by an abort, as a wait for something that does not come. */
export function never(_subject: unknown, signal: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

export async function eventually(condition: () => boolean, timeoutMs = 30_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${condition}`);
    await sleep(5);
  }
}
