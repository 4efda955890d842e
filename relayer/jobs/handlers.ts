import type { JobIds, Level } from "./flow.ts";

/**
 * What the services do at each level. Jobs are delivered at least once: a handler is called again after it threw, after a
 * crash and after the queue lost its data, possibly while an earlier call of the same job is still running. It reads what it needs from
 * the store, and leaves there what it made. It stops soon after `signal` is aborted.
 */
export interface EpochHandlers {
  /** Obtains and stores the certificate of one shard, or finds that there is none. Aborted at the certificate deadline. */
  certificate(epoch: bigint, shardId: number, signal: AbortSignal): Promise<void>;
  /** Called after every certificate job of the epoch has ended, with or without a certificate. */
  checkpoint(epoch: bigint, signal: AbortSignal): Promise<void>;
  /** Called after the checkpoint job has ended, with or without a checkpoint. */
  submission(epoch: bigint, signal: AbortSignal): Promise<void>;
}

/**
 * Resolves once parent-chain time has passed the moment after which certificates of `epoch` are of no use; at once if
 * it has already. After an abort of `signal` the outcome does not matter, but it must hold nothing any longer.
 */
export type CertificateDeadline = (epoch: bigint, signal: AbortSignal) => Promise<void>;

/**
 * Calls the handler of one job.
 * @throws what the handler throws; the abort reason if `signal` was aborted, since nobody can tell whether the handler came to its end
 */
export async function handle(
  level: Level,
  ids: JobIds,
  handlers: EpochHandlers,
  deadline: CertificateDeadline,
  signal: AbortSignal,
): Promise<void> {
  const epoch = BigInt(ids.epoch);
  if (level === "checkpoint") await handlers.checkpoint(epoch, signal);
  else if (level === "submission") await handlers.submission(epoch, signal);
  else if (ids.shardId === undefined) throw new Error(`the certificate job of epoch ${epoch} names no shard`);
  else await certificateInTime(epoch, ids.shardId, handlers, deadline, signal);
  signal.throwIfAborted();
}

/** A shard that does not answer ends with "no certificate" at the deadline, whatever its handler is waiting for. */
async function certificateInTime(
  epoch: bigint,
  shardId: number,
  handlers: EpochHandlers,
  deadline: CertificateDeadline,
  signal: AbortSignal,
): Promise<void> {
  const decided = new AbortController();
  const either = AbortSignal.any([signal, decided.signal]);
  try {
    await Promise.race([handlers.certificate(epoch, shardId, either), deadline(epoch, either)]);
  } finally {
    decided.abort();
  }
}
