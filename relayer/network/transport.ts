/** How a node talks to the others: encoded bytes only, whoever the transport is made of. */
export interface Transport {
  /** This node's name among its peers. */
  readonly id: string;
  /** Sends to every peer, not to itself. Never throws for a peer that is gone. */
  publish(message: Uint8Array): void;
  /**
   * Called for every message of a peer; what it throws is reported, not passed on to the sender. `from` is the peer that made
   * the message, not a neighbour that passed it on: what cannot be verified yet is kept up to a quota for each.
   */
  onMessage(handler: (message: Uint8Array, from: string) => void): void;
  /** Peers that may be asked. */
  peers(): readonly string[];
  /** @throws Error when the peer is gone, refuses, answers more than MAX_ANSWER_BYTES, or does not answer in time */
  request(peer: string, request: Uint8Array): Promise<Uint8Array>;
  /** Answers the peers' requests. */
  onRequest(handler: (request: Uint8Array, from: string) => Promise<Uint8Array>): void;
  close(): void;
}
