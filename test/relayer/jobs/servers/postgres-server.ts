import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findProgram } from "./programs.ts";
import { freePort, ServerProcess } from "./server-process.ts";
import type { TestServer } from "./test-server.ts";

/** PostgreSQL refuses to run as root; Debian's package brings a user for it. */
const AS_ROOT = process.getuid?.() === 0;

/** @throws {MissingProgram} */
export async function startPostgres(): Promise<TestServer> {
  const initdb = unprivileged("initdb");
  const postgres = unprivileged("postgres");
  const folder = mkdtempSync(path.join(tmpdir(), "watchfire-postgres-"));
  if (AS_ROOT) chownSync(folder, idOfPostgres("-u"), idOfPostgres("-g"));
  const data = path.join(folder, "data");
  const creation = ["-D", data, "-U", "tester", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
  execFileSync(initdb.program, [...initdb.args, ...creation], { stdio: "pipe", cwd: folder });

  const port = await freePort();
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    shared_buffers: "16MB",
    // These tests end processes, not machines.
    fsync: "off",
  };
  const server = new ServerProcess({
    program: postgres.program,
    args: [
      ...postgres.args,
      ...["-D", data],
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    ready: "database system is ready to accept connections",
    stopSignal: "SIGINT",
  });
  await server.start();
  return {
    url: `postgres://tester@127.0.0.1:${port}/postgres`,
    kill: () => server.kill(),
    start: () => server.start(),
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `setpriv` replaces itself with the program, so that the process id stays the child's. */
function unprivileged(name: string): { program: string; args: readonly string[] } {
  const program = findProgram(name);
  if (!AS_ROOT) return { program, args: [] };
  const identity = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];
  return { program: findProgram("setpriv"), args: [...identity, program] };
}

function idOfPostgres(kind: "-u" | "-g"): number {
  return Number(execFileSync("id", [kind, "postgres"], { encoding: "utf8" }));
}
