import { EventEmitter } from "node:events";
import type { PGlite } from "@electric-sql/pglite";
import type { PgPool, PgPoolClient, PgQueryResult } from "bullmq";

/** The statement that node-postgres passes through and PGlite wants as a call: only its own method delivers notifications. */
const LISTEN = /^\s*LISTEN\s+"?(\w+)"?/m;

/** BullMQ attaches one listener per queue, worker and flow producer: more than Node's default of ten is no leak. */
const MAX_LISTENERS = 64;

/** Runs one statement with parameters, or a script without; the rows are those of the last statement. */
async function run<R>(database: PGlite, text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
  if (params === undefined) {
    const results = await database.exec(text);
    const last = results.at(-1);
    return { rows: (last?.rows ?? []) as R[], rowCount: last?.affectedRows ?? null };
  }
  const result = await database.query<R>(text, params.map(toParameter));
  return { rows: result.rows, rowCount: result.affectedRows ?? result.rows.length };
}

/** node-postgres's reading of values that PGlite's serialisers refuse. */
function toParameter(value: unknown): unknown {
  if (value === undefined) return null;
  return typeof value === "bigint" ? value.toString() : value;
}

/** A "checked-out connection": PGlite has a single session, so clients differ only in their subscriptions. */
class PgliteClient extends EventEmitter implements PgPoolClient {
  readonly #database: PGlite;
  readonly #unsubscribe: (() => Promise<void>)[] = [];

  constructor(database: PGlite) {
    super();
    this.#database = database;
  }

  async query<R>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
    const channel = LISTEN.exec(text)?.[1];
    if (channel === undefined) return run<R>(this.#database, text, params);
    const unsubscribe = await this.#database.listen(channel, (payload) => {
      this.emit("notification", { channel, payload });
    });
    this.#unsubscribe.push(unsubscribe);
    return { rows: [], rowCount: null };
  }

  release(): void {
    // The database may be closing already, and takes its subscriptions with it.
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe().catch(() => undefined);
  }
}

/** The part of `pg.Pool` that BullMQ uses, over one in-process database. */
export class PglitePool extends EventEmitter implements PgPool {
  /** BullMQ polls every ten seconds unless it may trust the connection to notice its own death; a function call may. */
  readonly options = { keepAlive: true };
  readonly #database: PGlite;

  constructor(database: PGlite) {
    super();
    this.#database = database;
    this.setMaxListeners(MAX_LISTENERS);
  }

  query<R>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
    return run<R>(this.#database, text, params);
  }

  async connect(): Promise<PgPoolClient> {
    return new PgliteClient(this.#database);
  }

  /** The database belongs to the back-end, which closes it. */
  async end(): Promise<void> {}
}
