import { randomBytes } from "node:crypto";
import type { WebSocket } from "ws";
import {
  answerJsonRpc,
  JsonRpcError,
  type RpcLimits,
  type RpcMethods,
  type RpcSession,
  SERVER_ERROR,
} from "./json-rpc.ts";

export interface SocketLimits {
  /** WebSockets at a time. */
  readonly sockets: number;
  /** Subscriptions of one WebSocket. */
  readonly subscriptions: number;
  /** Characters of notifications that wait for a client; one that lets more pile up is cut off. */
  readonly unsent: number;
  /** Milliseconds between pings; who misses one is gone. */
  readonly pingInterval: number;
}

export interface RpcSocketOptions {
  readonly socket: WebSocket;
  readonly methods: RpcMethods;
  readonly limits: RpcLimits & SocketLimits;
  readonly onError: (error: unknown) => void;
}

/** WebSocket close codes (RFC 6455, section 7.4.1). */
const UNSUPPORTED_DATA = 1003;

/**
 * One WebSocket: requests one after the other, none read before the answer to the last has left, so that a client that does
 * not read its answers cannot make us hold more than one of them.
 */
export class RpcSocket implements RpcSession {
  readonly #options: RpcSocketOptions;
  readonly #subscriptions = new Map<string, () => void>();
  #answering = Promise.resolve();
  #unanswered = 0;
  #unsent = 0;
  #isAlive = true;

  constructor(options: RpcSocketOptions) {
    this.#options = options;
    const { socket, limits } = options;
    const ping = setInterval(() => this.#ping(), limits.pingInterval);
    socket.on("message", (data, isBinary) => this.#onMessage(data.toString(), isBinary));
    socket.on("pong", () => {
      this.#isAlive = true;
    });
    // A frame that breaks the protocol or its bound; the library closes the connection.
    socket.on("error", () => {});
    socket.on("close", () => {
      clearInterval(ping);
      for (const stop of this.#subscriptions.values()) stop();
      this.#subscriptions.clear();
    });
  }

  subscribe(start: (notify: (result: unknown) => void) => () => void): string {
    const { limits, socket } = this.#options;
    if (this.#subscriptions.size >= limits.subscriptions || socket.readyState !== socket.OPEN) {
      throw new JsonRpcError(SERVER_ERROR, `too many subscriptions: at most ${limits.subscriptions} per connection`);
    }
    const id = `0x${randomBytes(16).toString("hex")}`;
    this.#subscriptions.set(
      id,
      start((result) => this.#notify(id, result)),
    );
    return id;
  }

  unsubscribe(id: string): boolean {
    this.#subscriptions.get(id)?.();
    return this.#subscriptions.delete(id);
  }

  #onMessage(body: string, isBinary: boolean): void {
    const { socket, methods, limits, onError } = this.#options;
    if (isBinary) {
      socket.close(UNSUPPORTED_DATA, "JSON-RPC is text");
      return;
    }
    this.#unanswered++;
    socket.pause();
    this.#answering = this.#answering
      .then(async () => {
        const answer = await answerJsonRpc({ methods, session: this, limits, onError }, body);
        if (answer !== null) await this.#send(answer);
        if (--this.#unanswered === 0) socket.resume();
      })
      .catch(onError);
  }

  /** Resolves when it has left, or when there is nobody to send it to. */
  #send(text: string): Promise<void> {
    return new Promise((resolve) => this.#options.socket.send(text, () => resolve()));
  }

  #notify(subscription: string, result: unknown): void {
    const { socket, limits } = this.#options;
    const text = JSON.stringify({ jsonrpc: "2.0", method: "eth_subscription", params: { subscription, result } });
    this.#unsent += text.length;
    if (this.#unsent > limits.unsent) {
      socket.terminate();
      return;
    }
    void this.#send(text).then(() => {
      this.#unsent -= text.length;
    });
  }

  #ping(): void {
    const { socket } = this.#options;
    if (this.#isAlive) socket.ping();
    else socket.terminate();
    this.#isAlive = false;
  }
}
