import { type IQueueBackend, type Job, type JobProgress, WaitingError, Worker } from "bullmq";
import type { JobBackend } from "./backends/backend.ts";
import type { JobIds, Level } from "./flow.ts";
import { settledWithin } from "./settled-within.ts";

/** Seconds between looks at a silent queue. Work is announced at once; this only bounds what a lost announcement could cost. */
const IDLE_SECONDS = 60;
/** Milliseconds without renewal after which a job counts as abandoned, and between looks for such jobs. */
const LOCK_MS = 10_000;
/** Milliseconds between attempts to reach a queue that is out of reach. */
const RETRY_MS = 1_000;
/** Milliseconds that a server gets for each step of letting go. */
export const DISCONNECT_MS = 500;
/** A job that takes the process down with it is given up after so many starts. */
const MAX_STARTS = 32;

type EpochWorker = Worker<JobIds, void, string, IQueueBackend, JobProgress, unknown>;

/** Runs the jobs of one level. */
export class LevelWorker {
  readonly #worker: EpochWorker;
  readonly #running = new Set<Promise<void>>();
  /** Besides BullMQ's own signals, which reach only jobs that have begun: one may be on its way from the queue. */
  readonly #stop = new AbortController();
  readonly #process: (ids: JobIds, signal: AbortSignal) => Promise<void>;
  readonly #onError: (error: Error, where: string) => void;

  constructor(
    level: Level,
    backend: JobBackend,
    concurrency: number,
    process: (ids: JobIds, signal: AbortSignal) => Promise<void>,
    onError: (error: Error, where: string) => void,
  ) {
    this.#process = process;
    this.#onError = onError;
    this.#worker = new Worker(
      level,
      // BullMQ hands out a signal only to a processor with three declared parameters.
      (job: Job<JobIds, void>, token: string | undefined, signal: AbortSignal | undefined) =>
        this.#track(job, token, signal),
      {
        connection: backend,
        concurrency,
        drainDelay: IDLE_SECONDS,
        lockDuration: LOCK_MS,
        stalledInterval: LOCK_MS,
        runRetryDelay: RETRY_MS,
        maxStalledCount: MAX_STARTS,
        maxStartedAttempts: MAX_STARTS,
      },
      backend.factory,
    );
    this.#worker.on("error", (error) => this.#onError(error, `${level} queue`));
  }

  async ready(): Promise<void> {
    await this.#worker.waitUntilReady();
  }

  /** Aborts the signals of all running handlers; their jobs go back to the queue, if it still has them. */
  abort(reason: string): void {
    this.#worker.cancelAllJobs(reason);
  }

  /**
   * Stops taking jobs, aborts the running ones and waits at most `graceMs` for their handlers to return, and about a second
   * for a server to let go.
   */
  async close(graceMs: number): Promise<void> {
    await this.#worker.pause(true);
    // A worker that waits for work would be woken by the very jobs that are put back, paused or not, and one that is
    // closed by force would leave its timer behind and hold the process.
    // BullMQ waits for the end of a connection, which does not come while the server is out of reach.
    const disconnected = await settledWithin([this.#worker.getBackend().disconnectBlocking(true)], DISCONNECT_MS);
    this.#stop.abort(new Error("the node is stopping"));
    const returned = await settledWithin(this.#running, graceMs);
    await settledWithin([this.#worker.close(!(returned && disconnected))], DISCONNECT_MS);
  }

  async #track(job: Job<JobIds, void>, token: string | undefined, cancelled: AbortSignal | undefined): Promise<void> {
    const signals = cancelled === undefined ? [this.#stop.signal] : [this.#stop.signal, cancelled];
    const run = this.#run(job, token, AbortSignal.any(signals));
    this.#running.add(run);
    try {
      await run;
    } finally {
      this.#running.delete(run);
    }
  }

  async #run(job: Job<JobIds, void>, token: string | undefined, signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      await this.#process(job.data, signal);
    } catch (error) {
      if (!signal.aborted) {
        this.#onError(error instanceof Error ? error : new Error(String(error)), `${job.name} job ${job.id}`);
        throw error;
      }
      // Interrupted is not failed: the job goes back untouched, without using up an attempt. It may be gone by now.
      await job.moveToWait(token).catch(() => undefined);
      throw new WaitingError();
    }
  }
}
