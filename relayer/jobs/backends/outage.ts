import type { JobServer } from "./job-server.ts";

/** Says once that a server went out of reach and once that it is back, instead of every connection for itself. */
export class Outage {
  readonly #server: JobServer;
  readonly #onWarning: (message: string) => void;
  #lasts = false;

  constructor(server: JobServer, onWarning: (message: string) => void) {
    this.#server = server;
    this.#onWarning = onWarning;
  }

  begin(): void {
    if (this.#lasts) return;
    this.#lasts = true;
    this.#onWarning(`The job queue has lost ${this.#server.name}. Its jobs go on once the server is back.`);
  }

  end(): void {
    if (!this.#lasts) return;
    this.#lasts = false;
    this.#onWarning(`The job queue has ${this.#server.name} back.`);
  }
}
