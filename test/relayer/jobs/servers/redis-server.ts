import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findProgram } from "./programs.ts";
import { freePort, ServerProcess } from "./server-process.ts";
import type { TestServer } from "./test-server.ts";

/** @throws {MissingProgram} */
export async function startRedis(settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const program = findProgram("redis-server");
  const folder = mkdtempSync(path.join(tmpdir(), "watchfire-redis-"));
  const port = await freePort();
  const all = { port: String(port), bind: "127.0.0.1", dir: folder, save: "", appendonly: "yes", ...settings };
  const server = new ServerProcess({
    program,
    args: Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
    ready: "Ready to accept connections",
    stopSignal: "SIGTERM",
  });
  await server.start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: () => server.kill(),
    start: () => server.start(),
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
