import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";

const root = path.join(import.meta.dirname, "../../..");

/** A command of the project in a process of its own, as a user runs it. */
export class Program {
  readonly #child: ChildProcess;
  readonly #what: string;
  #stdout = "";
  #stderr = "";
  #exitCode: number | null = null;
  readonly #ended: Promise<void>;

  constructor(what: string, file: string, argv: readonly string[]) {
    this.#what = what;
    // A group of its own: npm starts others, which a signal to npm alone would leave behind.
    this.#child = spawn(file, argv, { cwd: root, stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.#stdout += chunk.toString();
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code) => {
        this.#exitCode = code;
        resolve();
      });
    });
  }

  static npm(script: string, ...argv: string[]): Program {
    return new Program(`npm run ${script}`, "npm", ["run", "--silent", script, "--", ...argv]);
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Returns once the text has appeared on either output. @throws when the program ends before, or takes longer */
  async says(text: string, timeoutMs: number): Promise<void> {
    const end = Date.now() + timeoutMs;
    let isOver = false;
    const ended = this.#ended.then(() => {
      isOver = true;
    });
    while (!`${this.#stdout}${this.#stderr}`.includes(text)) {
      if (isOver || Date.now() > end) throw new Error(`${this.#what} did not say "${text}"\n${this.tail()}`);
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 100))]);
    }
  }

  /** The exit code. */
  async end(): Promise<number | null> {
    await this.#ended;
    return this.#exitCode;
  }

  /** The end of what it said, for messages. */
  tail(): string {
    return `${this.#what}:\n${this.#stderr.slice(-3_000)}\n${this.#stdout.slice(-1_000)}`;
  }

  /** Ends the program and what it started. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null && this.#child.pid !== undefined) {
      process.kill(-this.#child.pid, "SIGTERM");
    }
    await this.#ended.catch(() => undefined);
  }
}
