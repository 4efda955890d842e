import { createHash } from "node:crypto";
import path from "node:path";
import type { EmbeddedBackend } from "../jobs/backends/embedded.ts";
import type { BackendSettings } from "../jobs/backends/open.ts";
import type { PostgresBackend } from "../jobs/backends/postgres.ts";
import type { RedisBackend } from "../jobs/backends/redis.ts";

/** Where a node keeps its queue. It holds nothing that cannot be rebuilt. */
export type QueueSettings = EmbeddedBackend | Omit<PostgresBackend, "namespace"> | Omit<RedisBackend, "namespace">;

/**
 * A node's own place for its queue: its jobs are its own duties, which no other node does for it.
 * @param settings undefined for a folder among the node's data
 * @param deployment names the deployment, and the chain that it is on
 * @param account "0x" and 40 digits
 */
export function queuePlace(
  settings: QueueSettings | undefined,
  dataDirectory: string,
  deployment: string,
  account: string,
): BackendSettings {
  if (settings === undefined) return { kind: "embedded", directory: path.join(dataDirectory, "queue") };
  if (settings.kind === "embedded") return settings;
  // Names of schemas end at 63 letters, and the parts are longer.
  const digest = createHash("sha256").update(`${deployment}/${account}`).digest("hex");
  return { ...settings, namespace: `watchfire_${digest.slice(0, 24)}` };
}
