import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Why the queue's directory cannot be used; the message names the directory and the remedy. */
export class JobDirectoryError extends Error {
  override readonly name = "JobDirectoryError";
  readonly code: "LOCKED" | "UNUSABLE";
  readonly directory: string;

  constructor(code: "LOCKED" | "UNUSABLE", directory: string, message: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
    this.directory = directory;
  }
}

/** SQLite's result code for a file that somebody else has locked. */
const SQLITE_BUSY = 5;

/** The folder of one node's embedded queue: a lock, the database, and a mark that its creation came to the end. */
export class DataDirectory {
  readonly path: string;
  readonly database: string;
  readonly #mark: string;
  readonly #lock: DatabaseSync;

  private constructor(path: string, lock: DatabaseSync) {
    this.path = path;
    this.database = join(path, "database");
    this.#mark = join(path, "complete");
    this.#lock = lock;
  }

  /**
   * Creates the folder if need be and takes it for this process alone.
   * @throws {JobDirectoryError} `LOCKED`: another node has it; `UNUSABLE`: it cannot be created or written
   */
  static acquire(path: string): DataDirectory {
    try {
      mkdirSync(path, { recursive: true });
      return new DataDirectory(path, lockFile(join(path, "lock")));
    } catch (error) {
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) {
        throw new JobDirectoryError(
          "LOCKED",
          path,
          `The job queue in ${path} is in use by another node. Stop that node, or give this one a directory of its own.`,
          error,
        );
      }
      throw unusable(path, error);
    }
  }

  /** Whether there is a database to open, intact or not. The remains of a creation that was cut short are no database. */
  get holdsDatabase(): boolean {
    return existsSync(this.#mark) && existsSync(this.database);
  }

  /** Has `create` make a database where none is, and marks it. */
  async fill<T>(create: (database: string) => Promise<T>): Promise<T> {
    try {
      rmSync(this.database, { recursive: true, force: true });
      const created = await create(this.database);
      writeFileSync(this.#mark, "");
      return created;
    } catch (error) {
      throw unusable(this.path, error);
    }
  }

  /**
   * Moves the database out of the way, replacing one that was moved before.
   * @returns where it is now
   * @throws {JobDirectoryError} `UNUSABLE`
   */
  setAside(): string {
    const damaged = join(this.path, "damaged");
    try {
      rmSync(damaged, { recursive: true, force: true });
      rmSync(this.#mark);
      renameSync(this.database, damaged);
      return damaged;
    } catch (error) {
      throw unusable(this.path, error);
    }
  }

  release(): void {
    if (this.#lock.isOpen) this.#lock.close();
  }
}

function unusable(path: string, cause: unknown): JobDirectoryError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const remedy =
    "Make it a writable directory with free space, or choose another; the queue holds nothing that cannot be rebuilt.";
  return new JobDirectoryError("UNUSABLE", path, `The job queue cannot use ${path}: ${reason}. ${remedy}`, cause);
}

/** An SQLite file serves as the lock: the system drops it when the process dies, so it is never stale and names no process id. */
function lockFile(path: string): DatabaseSync {
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
}
