import { decodeGossip, type GossipMessage } from "../../../protocol/gossip.ts";
import type { Transport } from "../../../relayer/network/transport.ts";

/** A node's transport whose messages a test watches, holds back or changes on their way out. */
export class TamperedTransport implements Transport {
  readonly #inner: Transport;
  /** What the peers get instead of the message; null holds it back. */
  outgoing: (message: GossipMessage, bytes: Uint8Array) => Uint8Array | null = (_message, bytes) => bytes;
  /** What a peer gets instead of the answer to its request. */
  answering: (request: Uint8Array, answer: Uint8Array) => Uint8Array = (_request, answer) => answer;
  /** Told of every message that went out. */
  watch: (message: GossipMessage) => void = () => {};

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  get id(): string {
    return this.#inner.id;
  }

  /** The node behaves from here on. */
  restore(): void {
    this.outgoing = (_message, bytes) => bytes;
    this.answering = (_request, answer) => answer;
  }

  publish(bytes: Uint8Array): void {
    const message = decodeGossip(bytes);
    const instead = this.outgoing(message, bytes);
    if (instead === null) return;
    this.watch(message);
    this.#inner.publish(instead);
  }

  onMessage(handler: (message: Uint8Array, from: string) => void): void {
    this.#inner.onMessage(handler);
  }

  peers(): readonly string[] {
    return this.#inner.peers();
  }

  request(peer: string, request: Uint8Array): Promise<Uint8Array> {
    return this.#inner.request(peer, request);
  }

  onRequest(handler: (request: Uint8Array, from: string) => Promise<Uint8Array>): void {
    this.#inner.onRequest(async (request, from) => this.answering(request, await handler(request, from)));
  }

  close(): void {
    this.#inner.close();
  }
}
