/** A server that a test started, on a port of 127.0.0.1 of its own, with its data in a temporary folder. */
export interface TestServer {
  readonly url: string;
  /** Ends it without a word, as a crash does. */
  kill(): Promise<void>;
  /** After `kill`: again, on the same port and data. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}
