import type { FlowJob, JobsOptions } from "bullmq";

/** The levels of an epoch's flow, in the order in which they run. Each has a queue and a worker of its own, so that none starves another. */
export const LEVELS = ["certificate", "checkpoint", "submission"] as const;
export type Level = (typeof LEVELS)[number];

/** Epochs whose flows are kept: finished ones as history, unfinished ones until nobody could use their result any more. */
export const KEPT_EPOCHS = 64;

/** How often a handler that throws is called again. */
export interface Retry {
  /** Calls in total, at least 1. */
  readonly attempts: number;
  /** Milliseconds before the second call; doubles with every further one. */
  readonly backoffMs: number;
}

/** All that a job carries. Epochs are uint64, so they travel as decimal text. */
export interface JobIds {
  readonly epoch: string;
  /** Of certificate jobs alone. */
  readonly shardId?: number;
}

/** The root's id is the flow's: it exists from the scheduling of the epoch until its history is dropped. */
export function rootId(epoch: bigint): string {
  return `epoch-${epoch}`;
}

/**
 * One epoch as a flow: certificates -> checkpoint -> submission. The ids are deterministic, so a flow cannot exist twice.
 * A level that gives up never holds up the next, which looks in the store for what there is.
 */
export function epochFlow(epoch: bigint, shardIds: readonly number[], retry: Retry): FlowJob {
  const data: JobIds = { epoch: epoch.toString() };
  const retried: JobsOptions = {
    attempts: retry.attempts,
    backoff: { type: "exponential", delay: retry.backoffMs },
  };
  // Only the root leaves a history. A finished child that stayed would stand in the way of the flow that is scheduled
  // anew after the queue's data were lost in part.
  const child: JobsOptions = {
    ...retried,
    removeOnComplete: true,
    removeOnFail: true,
    ignoreDependencyOnFailure: true,
  };
  const job = (level: Level, jobId: string, ids: JobIds, opts: JobsOptions): FlowJob => ({
    name: level,
    queueName: level,
    data: ids,
    opts: { ...opts, jobId },
  });
  return {
    ...job("submission", rootId(epoch), data, {
      ...retried,
      removeOnComplete: { count: KEPT_EPOCHS },
      removeOnFail: { count: KEPT_EPOCHS },
    }),
    children: [
      {
        ...job("checkpoint", rootId(epoch), data, child),
        children: shardIds.map((shardId) =>
          job("certificate", `${rootId(epoch)}-shard-${shardId}`, { ...data, shardId }, child),
        ),
      },
    ],
  };
}
