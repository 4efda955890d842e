import type { JobBackend } from "./backend.ts";
import { type EmbeddedBackend, openEmbedded } from "./embedded.ts";
import { openPostgres, type PostgresBackend } from "./postgres.ts";
import { openRedis, type RedisBackend } from "./redis.ts";

/** Where the queue is kept, by `kind`. */
export type BackendSettings = EmbeddedBackend | PostgresBackend | RedisBackend;

/**
 * @throws {JobDirectoryError} the embedded back-end's directory is in use or cannot be written
 * @throws {JobServerError} the server of another back-end is out of reach, unsuitable, or holds the queue for another node
 */
export function openBackend(settings: BackendSettings, onWarning: (message: string) => void): Promise<JobBackend> {
  if (settings.kind === "postgres") return openPostgres(settings, onWarning);
  if (settings.kind === "redis") return openRedis(settings, onWarning);
  return openEmbedded(settings, onWarning);
}
