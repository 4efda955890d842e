import { EventEmitter } from "node:events";
import { ConnectionClosedError, type PgPool, type PgPoolClient, type PgQueryResult } from "bullmq";
import pg from "pg";
import { settledWithin } from "../settled-within.ts";

/** Every level's worker keeps one connection for its notifications; the rest is for statements, and goes when idle. */
const MAX_CONNECTIONS = 8;
const CONNECT_MS = 5_000;
const STATEMENT_MS = 30_000;
/** Milliseconds that statements get to end before their connections are cut. */
const CLOSE_MS = 1_000;

/** SQLSTATE classes of a server that is stopping, starting, out of connections or behind a broken connection. */
const UNAVAILABLE = /^(08|53|57P)/;
/** The words of the client itself, which gives its errors no code. */
const LOST = /^(connection |client |query read timeout|timeout )/i;

/** What every connection to the server has in common. */
export function connectionSettings(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: "watchfire",
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: STATEMENT_MS,
    // A connection that died silently would otherwise be waited for until the system gives it up, after hours.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

export function isConnectionLoss(error: unknown): boolean {
  if (error instanceof ConnectionClosedError) return true;
  if (error instanceof pg.DatabaseError) return UNAVAILABLE.test(error.code ?? "");
  if (!(error instanceof Error)) return false;
  return error instanceof AggregateError || "syscall" in error || LOST.test(error.message);
}

/**
 * A pool as BullMQ uses it. BullMQ retries in peace after errors that it knows for a lost connection, and knows few of
 * node-postgres's; after all others it gives the job up, or asks again without a pause.
 */
export class PostgresPool extends EventEmitter implements PgPool {
  /** Read by BullMQ, which polls unless it may trust a connection to notice its own death. */
  readonly options = { keepAlive: true };
  readonly #pool: pg.Pool;
  readonly #open = new Set<pg.PoolClient>();
  #closing: Promise<void> | undefined;

  /** @param schema a plain lower-case identifier */
  constructor(url: string, schema: string) {
    super();
    this.#pool = new pg.Pool({
      ...connectionSettings(url),
      max: MAX_CONNECTIONS,
      onConnect: async (client) => {
        await client.query(`SET search_path TO ${schema}`);
      },
    });
    this.#pool.on("connect", (client) => this.#open.add(client));
    this.#pool.on("remove", (client) => this.#open.delete(client));
    // Connections that break while nobody uses them: the pool has replaced them by the time of the next statement.
    this.#pool.on("error", () => undefined);
  }

  async query<R>(text: string, params: readonly unknown[] = []): Promise<PgQueryResult<R>> {
    return inBullWords(this.#pool.query<R & pg.QueryResultRow>(text, [...params]));
  }

  async connect(): Promise<PgPoolClient> {
    // The declarations of the two packages differ in how they write the overloads of `on`, and in nothing else.
    return inBullWords(this.#pool.connect() as Promise<unknown> as Promise<PgPoolClient>);
  }

  /** The pool belongs to the back-end, which closes it. */
  async end(): Promise<void> {}

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    const ended = this.#pool.end();
    if (await settledWithin([ended], CLOSE_MS)) return;
    for (const client of this.#open) (client as pg.Client & pg.PoolClient).end().catch(() => undefined);
  }
}

async function inBullWords<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw isConnectionLoss(error) ? new ConnectionClosedError((error as Error).message, error as Error) : error;
  }
}
