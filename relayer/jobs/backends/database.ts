import { PGlite } from "@electric-sql/pglite";
import { runMigrations } from "bullmq";
import { PglitePool } from "./pglite-pool.ts";

/** PostgreSQL OIDs of int8 and numeric. BullMQ reads them as node-postgres gives them: as strings. */
const INT8 = 20;
const NUMERIC = 1700;
const asText = (value: string): string => value;

/** Tens of rows need no 128 MB of shared buffers and no write-ahead log in steps of 16 MB. */
const SETTINGS = {
  startParams: [
    ...PGlite.defaultStartParams,
    ...["-c", "search_path=bullmq,public", "-c", "shared_buffers=1MB", "-c", "wal_buffers=256kB"],
  ],
  initDbStartParams: ["--wal-segsize=1", "--no-sync", "--no-instructions"],
  parsers: { [INT8]: asText, [NUMERIC]: asText },
};

let image: Promise<Blob> | undefined;

/**
 * A data directory, as a tar file, of a database that holds BullMQ's schema and nothing else. Initialising PostgreSQL takes
 * seconds and loading an image a fraction of one, so that a process with several nodes does it once.
 */
async function emptyImage(): Promise<Blob> {
  image ??= createImage().catch((error: unknown) => {
    image = undefined;
    throw error;
  });
  return image;
}

async function createImage(): Promise<Blob> {
  const database = await PGlite.create(SETTINGS);
  try {
    await migrate(database);
    // Otherwise every copy of the image would start by replaying the log of the migrations.
    await database.exec("CHECKPOINT");
    return await database.dumpDataDir("none");
  } finally {
    await database.close();
  }
}

async function migrate(database: PGlite): Promise<void> {
  const client = await new PglitePool(database).connect();
  await runMigrations(client);
  client.release();
}

/** A new database with BullMQ's schema: in `path`, which must hold none yet, or in memory. */
export async function createDatabase(path?: string): Promise<PGlite> {
  const loadDataDir = await emptyImage();
  return PGlite.create({ ...SETTINGS, loadDataDir, ...(path === undefined ? {} : { dataDir: path }) });
}

/**
 * Opens the database in `path`, brings its schema up to date and reads every row once, so that damage shows here and not
 * in the middle of an epoch.
 * @throws whatever the engine says of a directory that is no intact database
 */
export async function openDatabase(path: string): Promise<PGlite> {
  const database = await PGlite.create({ ...SETTINGS, dataDir: path });
  try {
    await migrate(database);
    await database.exec(
      "SELECT count(job) FROM job; SELECT count(job_dependency) FROM job_dependency; SELECT count(meta) FROM meta",
    );
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
