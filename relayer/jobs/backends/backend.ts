import type { BackendFactory, PgPool, PostgresQueueBackend } from "bullmq";

/** A place where BullMQ keeps its queues, opened and with its schema up to date. */
export interface JobBackend {
  readonly connection: PgPool;
  readonly factory: BackendFactory<PostgresQueueBackend, PgPool>;
  /** Nobody else can use this place: whatever is marked as running when it is opened was left by a dead process. */
  readonly exclusive: boolean;
  /** Gives back what finished jobs occupied. Called every few dozen epochs. */
  maintain(): Promise<void>;
  /** Safe to call twice. Later queries are refused. */
  close(): Promise<void>;
}
