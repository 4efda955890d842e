import { ConnectionClosedError, createRedisBackend } from "bullmq";
import { Redis, type RedisOptions, ReplyError } from "ioredis";
import type { JobBackend } from "./backend.ts";
import { JobServer } from "./job-server.ts";
import { Outage } from "./outage.ts";
import { PrefixClaim } from "./prefix-claim.ts";

/** A Redis server, 6.2 or later, or one that speaks its language. */
export interface RedisBackend {
  readonly kind: "redis";
  /** `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url: string;
  /** What the keys of this node's queue, and no others, begin with. */
  readonly namespace: string;
}

type Settings = Omit<RedisOptions, "replyMapping">;

const COMMON: Settings = {
  lazyConnect: true,
  connectTimeout: 5_000,
  retryStrategy: (attempt) => Math.min(attempt * 100, 1_000),
};
/** Of whoever adds jobs: better an error now than a wait of unknown length. */
const PROMPT: Settings = {
  ...COMMON,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: 5_000,
};
/** Of workers: what they have to say waits until the server is back, and BullMQ refuses any other value. */
const PATIENT: Settings = { ...COMMON, maxRetriesPerRequest: null };

/** @throws {JobServerError} */
export async function openRedis(
  { url, namespace }: RedisBackend,
  onWarning: (message: string) => void,
): Promise<JobBackend> {
  const server = new JobServer("Redis", url, "redis://user:password@host:6379/0");
  // On a cluster, the braces keep a node's keys together: BullMQ changes several at a time.
  const prefix = `{${namespace}}`;
  const prompt = new FinalRedis(url, PROMPT);
  const patient = new FinalRedis(url, PATIENT);
  const cut = () => {
    for (const client of [prompt, patient]) client.cut();
  };
  try {
    await connect(prompt, server);
    await connect(patient, server);
    checkSettings(await prompt.info(), server, onWarning);
    const claim = await PrefixClaim.take(prompt, prefix, server, onWarning);
    const outage = new Outage(server, onWarning);
    let closing = false;
    prompt.on("close", () => closing || outage.begin());
    prompt.on("ready", () => outage.end());
    return {
      factory: (name, opts, kind = {}) => {
        const connection = kind.withBlockingConnection === true ? patient : prompt;
        return createRedisBackend(name, { ...opts, connection, prefix } as typeof opts & { connection: Redis }, kind);
      },
      isOutage,
      // Redis frees memory at once.
      maintain: () => Promise.resolve(),
      async close() {
        closing = true;
        await claim.release();
        cut();
      },
    };
  } catch (error) {
    cut();
    throw error;
  }
}

/**
 * A connection that ends for good, with its copies: BullMQ makes one for every worker, does not come to closing it in an
 * outage, and connects it again after it was closed.
 */
class FinalRedis extends Redis {
  readonly #copies: FinalRedis[] = [];
  #isOver = false;

  override duplicate(options?: Partial<RedisOptions>): ReturnType<Redis["duplicate"]> {
    const copy = new FinalRedis({ ...this.options, ...options } as Settings);
    this.#copies.push(copy);
    return copy;
  }

  override connect(): Promise<void> {
    return this.#isOver ? Promise.reject(new ConnectionClosedError()) : super.connect();
  }

  /** Between two attempts there is nothing to close, and what waits for an answer would wait on: one more is made, and ended. */
  override disconnect(reconnect = false): void {
    if (this.status === "reconnecting" && !reconnect) super.connect().catch(() => undefined);
    super.disconnect(reconnect);
  }

  cut(): void {
    this.#isOver = true;
    this.disconnect();
    for (const copy of this.#copies) copy.cut();
  }
}

async function connect(client: Redis, server: JobServer): Promise<void> {
  let cause: unknown;
  // It connects again after an error, which says all that matters.
  client.on("error", (error) => {
    cause = error;
  });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    const reason = cause ?? error;
    if (reason instanceof ReplyError) {
      throw server.unusable(reason, "Correct user and password in the queue's url (`--queue-url`).");
    }
    throw server.unreachable(reason);
  }
}

/** A Redis that forgets costs repeated work, never correctness, so that its settings are worth a warning and no more. */
function checkSettings(info: string, server: JobServer, onWarning: (message: string) => void): void {
  const settings = new Map(info.split(/\r?\n/).map((line) => line.split(":", 2) as [string, string]));
  const policy = settings.get("maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction") {
    onWarning(
      `${server.name} may drop jobs when its memory is full (maxmemory-policy ${policy}). Set maxmemory-policy noeviction.`,
    );
  }
  if (settings.get("aof_enabled") === "0") {
    onWarning(
      `${server.name} forgets jobs when it restarts; the node adds them again. To keep them, set appendonly yes.`,
    );
  }
}

function isOutage(error: Error): boolean {
  return (
    error instanceof ConnectionClosedError ||
    error instanceof AggregateError ||
    "syscall" in error ||
    error.name === "MaxRetriesPerRequestError" ||
    /^(Connection is closed|Stream isn't writeable|Command timed out|connect ETIMEDOUT)/.test(error.message)
  );
}
