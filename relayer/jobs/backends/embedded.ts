import type { PGlite } from "@electric-sql/pglite";
import { createPostgresBackend } from "bullmq";
import type { JobBackend } from "./backend.ts";
import { DataDirectory } from "./data-directory.ts";
import { createDatabase, openDatabase } from "./database.ts";
import { PglitePool } from "./pglite-pool.ts";

/** A PostgreSQL inside this process: nothing to install and nothing to share. */
export interface EmbeddedBackend {
  readonly kind: "embedded";
  /** A folder for this node's queue alone, or `"memory"` for one that ends with the process. */
  readonly directory: string;
}

/**
 * Opens the embedded back-end. A database that cannot be opened is set aside with a warning and an empty one takes its
 * place: the node schedules unfinished epochs again.
 * @throws {JobDirectoryError} the directory is in use by another node or cannot be written
 */
export async function openEmbedded(config: EmbeddedBackend, onWarning: (message: string) => void): Promise<JobBackend> {
  if (config.directory === "memory") return overDatabase(await createDatabase(), () => undefined);
  const directory = DataDirectory.acquire(config.directory);
  try {
    return overDatabase(await openOrReplace(directory, onWarning), () => directory.release());
  } catch (error) {
    directory.release();
    throw error;
  }
}

async function openOrReplace(directory: DataDirectory, onWarning: (message: string) => void): Promise<PGlite> {
  if (directory.holdsDatabase) {
    try {
      return await openDatabase(directory.database);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const damaged = directory.setAside();
      onWarning(
        `The job queue in ${directory.path} is damaged (${reason}); it was moved to ${damaged} and an empty one started.`,
      );
    }
  }
  return directory.fill(createDatabase);
}

function overDatabase(database: PGlite, release: () => void): JobBackend {
  let closing: Promise<void> | undefined;
  const connection = new PglitePool(database);
  return {
    factory: (name, opts, kind) => createPostgresBackend(name, { ...opts, connection }, kind),
    // What is in this process is in reach.
    isOutage: () => false,
    async maintain() {
      // A single-session PostgreSQL has neither autovacuum nor checkpointer: without this, tables and log only grow.
      await database.exec("VACUUM");
      await database.exec("CHECKPOINT");
    },
    close() {
      closing ??= database.close().finally(release);
      return closing;
    },
  };
}
