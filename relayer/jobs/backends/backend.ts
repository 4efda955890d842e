import type { BackendFactory, IQueueBackend } from "bullmq";

/**
 * A place where BullMQ keeps its queues: opened, its schema up to date, and taken for this node alone. Whatever is marked
 * as running when it is opened was therefore left by a dead process.
 */
export interface JobBackend {
  /** Connects BullMQ to this place, whatever is given as `connection`: BullMQ insists on one. */
  readonly factory: BackendFactory<IQueueBackend, unknown>;
  /** Whether the error says no more than that the place is out of reach, of which it warns by itself. */
  isOutage(error: Error): boolean;
  /** Gives back what finished jobs occupied. Called every few dozen epochs. */
  maintain(): Promise<void>;
  /** Cuts every connection, those that BullMQ may still be waiting for included. Safe to call twice. */
  close(): Promise<void>;
}
