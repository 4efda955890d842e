import { decodeAnswer, encodeMessagesRequest, MAX_ANSWERED_MESSAGES } from "../../protocol/gossip.ts";
import type { Transport } from "../network/transport.ts";

/** Where this node itself holds the messages of a shard it operates; null when it does not operate it. */
export type OwnMessages = (
  source: number,
  destination: number,
  first: number,
  asOfEpoch: number,
) => readonly Uint8Array[] | null;

export interface DeliveryOptions {
  readonly transport: Transport;
  readonly own: OwnMessages;
  /** Told of peers that refuse, time out or send rubbish; another one is asked then. */
  readonly onError: (error: unknown) => void;
}

/**
 * Brings ImportMessage payloads from the operator of their source to the operator of their destination. What comes is
 * judged when it is executed: a proof holds or does not, whoever sent it.
 */
export class MessageDelivery {
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Payloads from `first` on, in order for each peer that has any; empty when nobody who can be reached has. */
  async fetch(destination: number, source: number, first: number, asOfEpoch: number): Promise<readonly Uint8Array[]> {
    const { transport, own, onError } = this.#options;
    const mine = own(source, destination, first, asOfEpoch);
    if (mine !== null) return mine;
    const request = encodeMessagesRequest({ source, destination, first, asOfEpoch });
    const answers = await Promise.all(
      transport.peers().map(async (peer) => {
        try {
          return decodeAnswer(await transport.request(peer, request), MAX_ANSWERED_MESSAGES);
        } catch (error) {
          onError(error);
          return [];
        }
      }),
    );
    // All of them, since any peer may answer with rubbish: what does not execute is skipped.
    return inTurns(answers);
  }
}

/** The first of every list, then the second of every list: a long list cannot crowd out the others where room is bounded. */
function inTurns(lists: readonly (readonly Uint8Array[])[]): Uint8Array[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat();
}
