import { MAX_ANSWER_BYTES, MAX_GOSSIP_BYTES } from "../../protocol/gossip.ts";
import type { Transport } from "./transport.ts";

/** Messages from one peer to another that may wait; beyond it the oldest are lost, as on any network. */
const MAX_QUEUED = 1024;
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * A network inside one process. Nodes get copies of bytes, later and in their own turn of the event loop, so that nothing
 * but bytes can pass between them.
 */
export class LocalHub {
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #unreachable = new Set<string>();

  /** @throws Error when the name is taken */
  connect(id: string, onError: (error: unknown) => void): Transport {
    if (this.#endpoints.has(id)) throw new Error(`network: the name ${id} is taken`);
    const endpoint = new Endpoint(id, this, onError);
    this.#endpoints.set(id, endpoint);
    return endpoint;
  }

  /** Cuts a node off from all others, or lets it back. */
  setReachable(id: string, reachable: boolean): void {
    if (reachable) this.#unreachable.delete(id);
    else this.#unreachable.add(id);
  }

  others(id: string): Endpoint[] {
    if (this.#unreachable.has(id)) return [];
    return [...this.#endpoints.values()].filter((peer) => peer.id !== id && !this.#unreachable.has(peer.id));
  }

  remove(id: string): void {
    this.#endpoints.delete(id);
  }
}

class Endpoint implements Transport {
  readonly id: string;
  readonly #hub: LocalHub;
  readonly #onError: (error: unknown) => void;
  /** Messages that wait, by sender: they are taken in turns, so that whoever floods delays nobody else. */
  readonly #queues = new Map<string, Uint8Array[]>();
  #scheduled = false;
  #closed = false;
  #handleMessage: (message: Uint8Array, from: string) => void = () => {};
  #handleRequest: (request: Uint8Array, from: string) => Promise<Uint8Array> = () =>
    Promise.reject(new Error(`network: ${this.id} answers no requests`));

  constructor(id: string, hub: LocalHub, onError: (error: unknown) => void) {
    this.id = id;
    this.#hub = hub;
    this.#onError = onError;
  }

  publish(message: Uint8Array): void {
    if (this.#closed) return;
    if (message.length > MAX_GOSSIP_BYTES) throw new RangeError(`network: a message of ${message.length} bytes`);
    for (const peer of this.#hub.others(this.id)) peer.enqueue(message.slice(), this.id);
  }

  onMessage(handler: (message: Uint8Array, from: string) => void): void {
    this.#handleMessage = handler;
  }

  onRequest(handler: (request: Uint8Array, from: string) => Promise<Uint8Array>): void {
    this.#handleRequest = handler;
  }

  peers(): readonly string[] {
    return this.#hub.others(this.id).map((peer) => peer.id);
  }

  async request(peerId: string, request: Uint8Array): Promise<Uint8Array> {
    const peer = this.#hub.others(this.id).find((other) => other.id === peerId);
    if (peer === undefined) throw new Error(`network: ${peerId} is not reachable`);
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`network: ${peerId} did not answer`)), REQUEST_TIMEOUT_MS);
    });
    try {
      const answer = await Promise.race([peer.answer(request.slice(), this.id), timeout]);
      if (answer.length > MAX_ANSWER_BYTES) throw new RangeError(`network: ${peerId} answered ${answer.length} bytes`);
      return answer.slice();
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#closed = true;
    this.#queues.clear();
    this.#hub.remove(this.id);
  }

  enqueue(message: Uint8Array, from: string): void {
    const queue = this.#queues.get(from) ?? [];
    if (queue.length >= MAX_QUEUED) queue.shift();
    queue.push(message);
    this.#queues.set(from, queue);
    this.#schedule();
  }

  answer(request: Uint8Array, from: string): Promise<Uint8Array> {
    return this.#handleRequest(request, from);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#closed) return;
      this.#deliverNext();
      if (this.#queues.size > 0) this.#schedule();
    });
  }

  #deliverNext(): void {
    for (const [from, queue] of this.#queues) {
      const message = queue.shift() as Uint8Array;
      // Behind the others, who have waited longer.
      this.#queues.delete(from);
      if (queue.length > 0) this.#queues.set(from, queue);
      try {
        this.#handleMessage(message, from);
      } catch (error) {
        this.#onError(error);
      }
      return;
    }
  }
}
