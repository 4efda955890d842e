import { once } from "node:events";
import { WebSocket } from "ws";

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, whose fields the assertions name
export type Json = any;

/** The body of one request. */
export function requestOf(method: string, params: readonly unknown[] = [], id: unknown = 1): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

export function post(url: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
  const type = { "content-type": "application/json" };
  return fetch(url, { method: "POST", headers: { ...type, ...headers }, body: body as string });
}

/** The answer to one request: `result` or `error`. */
export async function call(url: string, method: string, ...params: unknown[]): Promise<Json> {
  return (await post(url, requestOf(method, params))).json();
}

/** A WebSocket client that collects what it hears. */
export class SocketClient {
  readonly socket: WebSocket;
  readonly #heard: Json[] = [];
  #onMessage: () => void = () => {};

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url.replace("http", "ws"), { headers });
    this.socket.on("error", () => {});
    this.socket.on("message", (data) => {
      this.#heard.push(JSON.parse(data.toString()));
      this.#onMessage();
    });
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<SocketClient> {
    const client = new SocketClient(url, headers);
    await once(client.socket, "open");
    return client;
  }

  /** HTTP status with which the server refuses the WebSocket. */
  static async refusedWith(url: string, headers: Record<string, string> = {}): Promise<number | undefined> {
    const { socket } = new SocketClient(url, headers);
    const [, response] = await once(socket, "unexpected-response");
    socket.terminate();
    return response.statusCode;
  }

  send(body: string): void {
    this.socket.send(body);
  }

  /** The next message that it has not told of. */
  async next(): Promise<Json> {
    while (this.#heard.length === 0) {
      await new Promise<void>((resolve) => {
        this.#onMessage = resolve;
      });
    }
    return this.#heard.shift();
  }

  async call(method: string, ...params: unknown[]): Promise<Json> {
    this.send(requestOf(method, params));
    return this.next();
  }

  /** Close code, when the server ends it. */
  async closed(): Promise<number> {
    const [code] = await once(this.socket, "close");
    return code;
  }

  close(): void {
    this.socket.terminate();
  }
}
