import type { Transport } from "../../relayer/network/transport.ts";

/** A transport without a network: the test hands in what peers send, and answers for them. */
export class RecordingTransport implements Transport {
  readonly id = "self";
  readonly published: Uint8Array[] = [];
  readonly asked: string[] = [];
  readonly #answers: ReadonlyMap<string, () => Promise<Uint8Array>>;
  #receive: (message: Uint8Array, from: string) => void = () => {};

  /** @param answers of each peer, whatever is asked */
  constructor(answers: Readonly<Record<string, () => Promise<Uint8Array>>> = {}) {
    this.#answers = new Map(Object.entries(answers));
  }

  /** A message of a peer arrives. */
  arrive(message: Uint8Array, from = "peer"): void {
    this.#receive(message, from);
  }

  publish(message: Uint8Array): void {
    this.published.push(message);
  }

  onMessage(handler: (message: Uint8Array, from: string) => void): void {
    this.#receive = handler;
  }

  peers(): readonly string[] {
    return [...this.#answers.keys()];
  }

  request(peer: string): Promise<Uint8Array> {
    this.asked.push(peer);
    return (this.#answers.get(peer) as () => Promise<Uint8Array>)();
  }

  onRequest(): void {}

  close(): void {}
}
