import { PostgresConnection, PostgresQueueBackend } from "bullmq";
import type { JobBackend } from "./backend.ts";
import { JobServer } from "./job-server.ts";
import { isConnectionLoss, PostgresPool } from "./postgres-pool.ts";
import { SchemaClaim } from "./schema-claim.ts";

/** A PostgreSQL server, 14 or later. */
export interface PostgresBackend {
  readonly kind: "postgres";
  /**
   * `postgres://user:password@host:5432/database`, of the server itself: poolers that hand a session from one client to
   * another lose locks and notifications. A node holds up to nine connections.
   */
  readonly url: string;
  /** The schema of this node's queue alone: lower-case letters, digits and underscores, 63 at most. */
  readonly namespace: string;
}

/** @throws {JobServerError} */
export async function openPostgres(
  { url, namespace }: PostgresBackend,
  onWarning: (message: string) => void,
): Promise<JobBackend> {
  const server = new JobServer("PostgreSQL", url, "postgres://user:password@host:5432/database");
  const claim = await SchemaClaim.take(url, namespace, server, onWarning);
  const pool = new PostgresPool(url, namespace);
  return {
    factory: (name, opts) =>
      new PostgresQueueBackend(new SchemaConnection(pool, namespace), name, { ...opts, connection: pool }),
    isOutage: isConnectionLoss,
    // Autovacuum does it.
    maintain: () => Promise.resolve(),
    async close() {
      await pool.close();
      await claim.release();
    },
  };
}

/** BullMQ's `createPostgresBackend` takes every pool's schema for the default one, and looks for its tables there. */
class SchemaConnection extends PostgresConnection {
  override readonly schema: string;

  constructor(pool: PostgresPool, schema: string) {
    super(pool);
    this.schema = schema;
  }
}
