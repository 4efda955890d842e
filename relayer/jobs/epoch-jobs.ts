import { FlowProducer, type IQueueBackend, type JobType, Queue } from "bullmq";
import type { JobBackend } from "./backends/backend.ts";
import { type BackendSettings, openBackend } from "./backends/open.ts";
import { epochFlow, type JobIds, KEPT_EPOCHS, LEVELS, type Level, type Retry, rootId } from "./flow.ts";
import { type CertificateDeadline, type EpochHandlers, handle } from "./handlers.ts";
import { settledWithin } from "./settled-within.ts";
import { DISCONNECT_MS, LevelWorker } from "./worker.ts";

/**
 * Drives the fan-out and fan-in of epochs. It decides only what may run next: what was done, and what is still to do, the
 * node knows from its store and from the parent chain. Losing everything in here costs repeated work and nothing else.
 */
export interface EpochJobs {
  /**
   * Adds the epoch's flow unless it is there already, finished or not. Cheap enough to be called every slot for every
   * epoch that is not yet accepted, which is how a flow whose data were lost comes back. Fails soon when the queue's
   * server is out of reach.
   */
  schedule(epoch: bigint | number, shardIds: readonly number[]): Promise<void>;
  /** Drops all the queue's data, its history included, and aborts the running handlers. */
  obliterate(): Promise<void>;
  /** Aborts the running handlers and releases everything, within about `closeGraceMs`. Their jobs run again after the next start. */
  close(): Promise<void>;
}

export interface EpochJobsOptions {
  readonly backend: BackendSettings;
  readonly handlers: EpochHandlers;
  readonly certificateDeadline: CertificateDeadline;
  /** Certificate handlers that run at a time; the number of shards or more. They mostly wait. Default 128. */
  readonly concurrency?: number;
  /** Default: 5 attempts, 100 ms, which is 1.5 s of waiting in all. */
  readonly retry?: Retry;
  /** Milliseconds that `close` waits for handlers that do not heed their signal. Default 2,000. */
  readonly closeGraceMs?: number;
  /** Every failed attempt of a handler and every trouble of the queue; `where` names the job or queue. */
  readonly onError: (error: Error, where: string) => void;
  /** The queue's data were damaged and have been replaced; its server is badly set up, out of reach, or back. */
  readonly onWarning: (message: string) => void;
}

const UNFINISHED: JobType[] = ["waiting-children", "waiting", "delayed", "prioritized"];
/** Several epochs may wait for their checkpoint or submission at a time, as long as a submission is still taken. */
const EPOCHS_AT_A_TIME = 16;
/** BullMQ keeps a log of events per queue, which nobody here reads. */
const KEPT_EVENTS = 100;

/**
 * Opens the back-end and starts the workers. Jobs that an earlier process left unfinished run again at once.
 * @throws {JobDirectoryError | JobServerError} the place for the queue is in use or cannot be used
 */
export async function startEpochJobs(options: EpochJobsOptions): Promise<EpochJobs> {
  const backend = await openBackend(options.backend, options.onWarning);
  const jobs = new FlowEpochJobs(backend, options);
  try {
    await jobs.start();
    return jobs;
  } catch (error) {
    await jobs.close();
    throw error;
  }
}

type EpochQueue = Queue<JobIds, void, string, JobIds, void, string, IQueueBackend, unknown>;

class FlowEpochJobs implements EpochJobs {
  readonly #backend: JobBackend;
  readonly #options: EpochJobsOptions;
  readonly #queues: Readonly<Record<Level, EpochQueue>>;
  readonly #flows: FlowProducer<IQueueBackend, unknown>;
  #workers: LevelWorker[] = [];
  #newest = -1n;
  #added = 0;
  #closing: Promise<void> | undefined;
  /** Adding and dropping flows take turns: half a flow could never finish. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(backend: JobBackend, options: EpochJobsOptions) {
    this.#backend = backend;
    this.#options = options;
    const queue = (level: Level): EpochQueue => {
      const opts = { connection: backend, streams: { events: { maxLen: KEPT_EVENTS } } };
      const opened: EpochQueue = new Queue(level, opts, backend.factory);
      opened.on("error", (error) => this.#report(error, `${level} queue`));
      return opened;
    };
    this.#queues = {
      certificate: queue("certificate"),
      checkpoint: queue("checkpoint"),
      submission: queue("submission"),
    };
    this.#flows = new FlowProducer({ connection: backend }, backend.factory);
    this.#flows.on("error", (error) => this.#report(error, "flows"));
  }

  async start(): Promise<void> {
    await this.#recover();
    const { handlers, certificateDeadline, concurrency = 128 } = this.#options;
    this.#workers = LEVELS.map(
      (level) =>
        new LevelWorker(
          level,
          this.#backend,
          level === "certificate" ? concurrency : EPOCHS_AT_A_TIME,
          (ids, signal) => handle(level, ids, handlers, certificateDeadline, signal),
          (error, where) => this.#report(error, where),
        ),
    );
    await Promise.all(this.#workers.map((worker) => worker.ready()));
  }

  schedule(epoch: bigint | number, shardIds: readonly number[]): Promise<void> {
    return this.#inTurn(() => this.#addFlow(BigInt(epoch), shardIds));
  }

  obliterate(): Promise<void> {
    return this.#inTurn(() => this.#empty());
  }

  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async #addFlow(epoch: bigint, shardIds: readonly number[]): Promise<void> {
    if ((await this.#queues.submission.getJob(rootId(epoch))) !== undefined) return;
    const { retry = { attempts: 5, backoffMs: 100 } } = this.#options;
    await this.#flows.add(epochFlow(epoch, shardIds, retry));
    if (epoch > this.#newest) this.#newest = epoch;
    this.#added++;
    if (this.#added % KEPT_EPOCHS === 0) await this.#tidy();
  }

  /**
   * Finished flows go by themselves; one that could not finish in `KEPT_EPOCHS` never will. A handler that is still
   * running after so long cannot lose its flow, and is reported.
   */
  async #tidy(): Promise<void> {
    for (const root of await this.#queues.submission.getJobs(UNFINISHED)) {
      if (BigInt(root.data.epoch) + BigInt(KEPT_EPOCHS) > this.#newest) continue;
      await root.remove({ removeChildren: true }).catch((error: Error) => this.#report(error, `old flow ${root.id}`));
    }
    await this.#backend.maintain();
  }

  /**
   * All queues are paused before the first is emptied, and the children go first: on Redis, a parent is dropped only from
   * where it waits after its last child is gone, and must not run then.
   */
  async #empty(): Promise<void> {
    for (const level of LEVELS) await this.#queues[level].pause();
    for (const level of LEVELS) await this.#queues[level].obliterate({ force: true });
    for (const worker of this.#workers) worker.abort("the queue was emptied");
  }

  /** Puts back what a dead process was doing. The queue would notice by itself, but only after the locks have run out. */
  async #recover(): Promise<void> {
    const queues = LEVELS.map((level) => this.#queues[level]);
    // It died while it emptied the queues: nothing else pauses them.
    if ((await Promise.all(queues.map((queue) => queue.isPaused()))).includes(true)) await this.#empty();
    for (const queue of queues) {
      for (const job of await queue.getActive()) await job.moveToWait();
    }
  }

  async #release(): Promise<void> {
    const { closeGraceMs = 2_000 } = this.#options;
    // A server that is out of reach must not hold up what comes after.
    await settledWithin([this.#turn], DISCONNECT_MS);
    await Promise.all(this.#workers.map((worker) => worker.close(closeGraceMs)));
    const queues = [this.#flows, ...Object.values(this.#queues)];
    const closed = queues.map((queue) => queue.close());
    await settledWithin(closed, DISCONNECT_MS);
    await this.#backend.close();
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(new Error("the epoch jobs are closed"));
    const done = this.#turn.then(action).catch((error: Error) => {
      throw this.#backend.isOutage(error) ? new Error("the job queue is out of reach", { cause: error }) : error;
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Once closing, what the remains of interrupted jobs say is no news; nor is what follows from an outage. */
  #report(error: Error, where: string): void {
    if (this.#closing === undefined && !this.#backend.isOutage(error)) this.#options.onError(error, where);
  }
}
