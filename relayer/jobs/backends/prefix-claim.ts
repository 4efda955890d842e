import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { JobServer } from "./job-server.ts";

/** Milliseconds after which the claim of a process that died is free. */
const EXPIRY_MS = 5_000;
const RENEWAL_MS = 1_000;
const RETRY_MS = 250;

const TAKE = `
  local holder = redis.call("GET", KEYS[1])
  if holder and holder ~= ARGV[1] then return 0 end
  redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
  return 1`;
const DROP = `if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end`;

/**
 * The keys with one prefix, taken by one node: a key that this process renews. It does not stop a node that hung for
 * longer than the key lasts; the node's jobs, which may run twice, are made for that.
 */
export class PrefixClaim {
  readonly #client: Redis;
  readonly #key: string;
  readonly #token = randomUUID();
  readonly #released = new AbortController();

  private constructor(client: Redis, prefix: string) {
    this.#client = client;
    this.#key = `${prefix}:holder`;
  }

  /** @throws {JobServerError} `IN_USE` */
  static async take(
    client: Redis,
    prefix: string,
    server: JobServer,
    onWarning: (message: string) => void,
  ): Promise<PrefixClaim> {
    const claim = new PrefixClaim(client, prefix);
    const end = Date.now() + EXPIRY_MS + RENEWAL_MS;
    while (!(await claim.#isTaken())) {
      if (Date.now() > end) throw server.inUse(prefix);
      await sleep(RETRY_MS);
    }
    void claim.#renew(() => onWarning(server.inUse(prefix).message));
    return claim;
  }

  /** Others may take it from now on. Safe to call twice. */
  async release(): Promise<void> {
    this.#released.abort();
    // Out of reach, it expires by itself.
    await this.#client.eval(DROP, 1, this.#key, this.#token).catch(() => undefined);
  }

  async #renew(onLost: () => void): Promise<void> {
    let held = true;
    for (;;) {
      await sleep(RENEWAL_MS, undefined, { signal: this.#released.signal, ref: false }).catch(() => undefined);
      if (this.#released.signal.aborted) return;
      const now = await this.#isTaken().catch(() => held);
      if (held && !now) onLost();
      held = now;
    }
  }

  async #isTaken(): Promise<boolean> {
    return (await this.#client.eval(TAKE, 1, this.#key, this.#token, EXPIRY_MS)) === 1;
  }
}
