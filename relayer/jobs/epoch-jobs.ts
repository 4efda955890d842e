import { FlowProducer, type JobType, type PgPool, type PostgresQueueBackend, Queue } from "bullmq";
import type { JobBackend } from "./backends/backend.ts";
import { type EmbeddedBackend, openEmbedded } from "./backends/embedded.ts";
import { epochFlow, type JobIds, KEPT_EPOCHS, LEVELS, type Level, type Retry, rootId } from "./flow.ts";
import { type CertificateDeadline, type EpochHandlers, handle } from "./handlers.ts";
import { LevelWorker } from "./worker.ts";

/**
 * Drives the fan-out and fan-in of epochs. It decides only what may run next: what was done, and what is still to do, the
 * node knows from its store and from the parent chain. Losing everything in here costs repeated work and nothing else.
 */
export interface EpochJobs {
  /**
   * Adds the epoch's flow unless it is there already, finished or not. Cheap enough to be called every slot for every
   * epoch that is not yet accepted, which is how a flow whose data were lost comes back.
   */
  schedule(epoch: bigint | number, shardIds: readonly number[]): Promise<void>;
  /** Drops all the queue's data, its history included, and aborts the running handlers. */
  obliterate(): Promise<void>;
  /** Aborts the running handlers and releases everything, within about `closeGraceMs`. Their jobs run again after the next start. */
  close(): Promise<void>;
}

export interface EpochJobsOptions {
  readonly backend: EmbeddedBackend;
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
  /** The queue's data were damaged and have been replaced. */
  readonly onWarning: (message: string) => void;
}

const UNFINISHED: JobType[] = ["waiting-children", "waiting", "delayed", "prioritized"];
/** Several epochs may wait for their checkpoint or submission at a time, as long as a submission is still taken. */
const EPOCHS_AT_A_TIME = 16;
/** BullMQ keeps a log of events per queue, which nobody here reads. */
const KEPT_EVENTS = 100;

/**
 * Opens the back-end and starts the workers. Jobs that an earlier process left unfinished run again at once.
 * @throws {JobDirectoryError} the back-end's directory is in use or cannot be written
 */
export async function startEpochJobs(options: EpochJobsOptions): Promise<EpochJobs> {
  const backend = await openEmbedded(options.backend, options.onWarning);
  const jobs = new FlowEpochJobs(backend, options);
  try {
    await jobs.start();
    return jobs;
  } catch (error) {
    await jobs.close();
    throw error;
  }
}

type EpochQueue = Queue<JobIds, void, string, JobIds, void, string, PostgresQueueBackend, PgPool>;

class FlowEpochJobs implements EpochJobs {
  readonly #backend: JobBackend;
  readonly #options: EpochJobsOptions;
  readonly #queues: Readonly<Record<Level, EpochQueue>>;
  readonly #flows: FlowProducer<PostgresQueueBackend, PgPool>;
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
      const opts = { connection: backend.connection, streams: { events: { maxLen: KEPT_EVENTS } } };
      const opened: EpochQueue = new Queue(level, opts, backend.factory);
      opened.on("error", (error) => this.#report(error, `${level} queue`));
      return opened;
    };
    this.#queues = {
      certificate: queue("certificate"),
      checkpoint: queue("checkpoint"),
      submission: queue("submission"),
    };
    this.#flows = new FlowProducer({ connection: backend.connection }, backend.factory);
    this.#flows.on("error", (error) => this.#report(error, "flows"));
  }

  async start(): Promise<void> {
    if (this.#backend.exclusive) await this.#recover();
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
    return this.#inTurn(async () => {
      // The root first: as long as it is there its epoch counts as scheduled.
      for (const level of LEVELS.toReversed()) await this.#queues[level].obliterate({ force: true });
      for (const worker of this.#workers) worker.abort("the queue was emptied");
    });
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

  /** Puts back what a dead process was doing. The queue would notice by itself, but only after the locks have run out. */
  async #recover(): Promise<void> {
    for (const level of LEVELS) {
      for (const job of await this.#queues[level].getActive()) await job.moveToWait();
    }
  }

  async #release(): Promise<void> {
    const { closeGraceMs = 2_000 } = this.#options;
    await this.#turn;
    await Promise.all(this.#workers.map((worker) => worker.close(closeGraceMs)));
    await Promise.all([this.#flows.close(), ...Object.values(this.#queues).map((queue) => queue.close())]);
    await this.#backend.close();
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(new Error("the epoch jobs are closed"));
    const done = this.#turn.then(action);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Once closing, what the remains of interrupted jobs say is no news. */
  #report(error: Error, where: string): void {
    if (this.#closing === undefined) this.#options.onError(error, where);
  }
}
