import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { BackendSettings } from "../../../relayer/jobs/backends/open.ts";
import { startPostgres } from "./servers/postgres-server.ts";
import { MissingProgram } from "./servers/programs.ts";
import { startRedis } from "./servers/redis-server.ts";
import type { TestServer } from "./servers/test-server.ts";

/** Where the queues of a suite are kept. */
export interface Place {
  /** An empty queue that may end with the process. */
  fresh(): BackendSettings;
  /** An empty queue that another process may open later. */
  durable(): BackendSettings;
}

export interface ServerPlace extends Place {
  readonly server: TestServer;
}

const SERVERS = { postgres: startPostgres, redis: startRedis };
export type ServerKind = keyof typeof SERVERS;

let queues = 0;

/** Defines the same suite for every back-end. */
export function overBackends(title: string, define: (place: () => Place) => void): void {
  describe(`${title}, embedded`, () => {
    const folders: string[] = [];
    after(() => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });
    define(() => ({
      fresh: () => ({ kind: "embedded", directory: "memory" }),
      durable: () => {
        const directory = mkdtempSync(path.join(tmpdir(), "watchfire-jobs-"));
        folders.push(directory);
        return { kind: "embedded", directory };
      },
    }));
  });
  overServers(title, define);
}

/** Defines the same suite for every back-end that is a server of its own, which is started for it. */
export function overServers(title: string, define: (place: () => ServerPlace, kind: ServerKind) => void): void {
  for (const [name, start] of Object.entries(SERVERS)) {
    const kind = name as ServerKind;
    describe(`${title}, ${kind}`, () => {
      let server: TestServer | undefined;
      before(async function () {
        this.timeout(60_000);
        try {
          server = await start();
        } catch (error) {
          if (!(error instanceof MissingProgram) || process.env.CI) throw error;
          console.warn(error.message);
          this.skip();
        }
      });
      after(() => server?.stop());
      define(() => {
        if (server === undefined) throw new Error("the server does not run");
        const { url } = server;
        const fresh = (): BackendSettings => ({ kind, url, namespace: `watchfire_test_${++queues}` });
        return { server, fresh, durable: fresh };
      }, kind);
    });
  }
}
