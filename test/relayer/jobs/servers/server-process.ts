import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const START_MS = 20_000;
const STOP_MS = 5_000;

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** What it writes once it takes connections. */
  readonly ready: string;
  /** Asks for an orderly end. */
  readonly stopSignal: NodeJS.Signals;
}

/** A server in the foreground, as a child of the tests: its process id is known and its own. */
export class ServerProcess {
  readonly #command: ServerCommand;
  #child: ChildProcess | undefined;
  readonly #onExit = () => this.#child?.kill("SIGKILL");

  constructor(command: ServerCommand) {
    this.#command = command;
  }

  async start(): Promise<void> {
    process.on("exit", this.#onExit);
    const end = Date.now() + START_MS;
    // What a killed server left behind may take a moment to go: its memory, its port.
    for (let complaint = await this.#attempt(); complaint !== undefined; complaint = await this.#attempt()) {
      if (Date.now() > end) throw new Error(`${this.#command.program} does not start: ${complaint}`);
      await sleep(200);
    }
  }

  async stop(): Promise<void> {
    process.off("exit", this.#onExit);
    const late = setTimeout(() => this.#child?.kill("SIGKILL"), STOP_MS);
    await this.#end(this.#command.stopSignal);
    clearTimeout(late);
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** @returns what the server said if it ended at once */
  async #attempt(): Promise<string | undefined> {
    const { program, args, ready } = this.#command;
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    const said: string[] = [];
    const isReady = new Promise<true>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface(stream).on("line", (line) => {
          said.push(line);
          if (line.includes(ready)) resolve(true);
        });
      }
    });
    return (await Promise.race([isReady, once(child, "close")])) === true ? undefined : said.join("\n");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
