import { setTimeout as sleep } from "node:timers/promises";
import { runMigrations } from "bullmq";
import pg from "pg";
import type { JobServer } from "./job-server.ts";
import { Outage } from "./outage.ts";
import { connectionSettings, isConnectionLoss } from "./postgres-pool.ts";

const RETRY_MS = 500;
/** The session of a process that was killed ends when the server notices, usually at once. */
const PATIENCE_MS = 5_000;

/** The server ends the session of a machine that vanished within half a minute, which frees its claim. */
const NOTICE_DEATH = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
const CLAIM = "SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS claimed";

/**
 * A schema of a PostgreSQL database, taken by one node: an advisory lock, which ends with the session that holds it, so
 * that it is never stale. After a restart of the server it is taken anew.
 */
export class SchemaClaim {
  readonly #url: string;
  readonly #schema: string;
  readonly #server: JobServer;
  readonly #onWarning: (message: string) => void;
  readonly #outage: Outage;
  readonly #released = new AbortController();
  #session!: pg.Client;

  private constructor(url: string, schema: string, server: JobServer, onWarning: (message: string) => void) {
    this.#url = url;
    this.#schema = schema;
    this.#server = server;
    this.#onWarning = onWarning;
    this.#outage = new Outage(server, onWarning);
  }

  /**
   * Takes the schema, creates it if need be, and brings BullMQ's tables in it up to date.
   * @throws {JobServerError}
   */
  static async take(
    url: string,
    schema: string,
    server: JobServer,
    onWarning: (message: string) => void,
  ): Promise<SchemaClaim> {
    const claim = new SchemaClaim(url, schema, server, onWarning);
    await claim.#begin();
    return claim;
  }

  /** Others may take it from now on. Safe to call twice. */
  async release(): Promise<void> {
    this.#released.abort();
    await this.#session.end().catch(() => undefined);
  }

  async #begin(): Promise<void> {
    try {
      this.#session = await this.#connect();
    } catch (error) {
      if (isConnectionLoss(error)) throw this.#server.unreachable(error);
      throw this.#server.unusable(error, "Create that user and database, or correct the queue's url (`--queue-url`).");
    }
    try {
      const end = Date.now() + PATIENCE_MS;
      while (!(await this.#isTaken(this.#session))) {
        if (Date.now() > end) throw this.#server.inUse(this.#schema);
        await sleep(RETRY_MS);
      }
      await this.#migrate();
      this.#watch();
    } catch (error) {
      await this.release();
      throw error;
    }
  }

  async #migrate(): Promise<void> {
    try {
      await runMigrations(this.#session, this.#schema);
    } catch (error) {
      throw this.#server.unusable(
        error,
        `The queue needs PostgreSQL 14 or later and a user that may create the schema ${this.#schema} in this database.`,
      );
    }
  }

  #watch(): void {
    this.#session.once("end", () => {
      if (!this.#released.signal.aborted) void this.#takeAgain();
    });
  }

  async #takeAgain(): Promise<void> {
    this.#outage.begin();
    let told = false;
    for (;;) {
      await sleep(RETRY_MS, undefined, { signal: this.#released.signal, ref: false }).catch(() => undefined);
      if (this.#released.signal.aborted) return;
      const session = await this.#connect().catch(() => undefined);
      if (session === undefined) continue;
      if (await this.#isTaken(session).catch(() => false)) {
        this.#session = session;
        this.#outage.end();
        this.#watch();
        if (this.#released.signal.aborted) await session.end();
        return;
      }
      await session.end().catch(() => undefined);
      if (!told) this.#onWarning(this.#server.inUse(this.#schema).message);
      told = true;
    }
  }

  async #connect(): Promise<pg.Client> {
    const session = new pg.Client(connectionSettings(this.#url));
    // It ends after an error, which says all that matters.
    session.on("error", () => undefined);
    try {
      await session.connect();
      await session.query(NOTICE_DEATH);
      return session;
    } catch (error) {
      await session.end().catch(() => undefined);
      throw error;
    }
  }

  async #isTaken(session: pg.Client): Promise<boolean> {
    const { rows } = await session.query<{ claimed: boolean }>(CLAIM, [this.#schema]);
    return rows[0]?.claimed === true;
  }
}
