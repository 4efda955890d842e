import { setTimeout as sleep } from "node:timers/promises";
import { decodeAnswer, encodeMessagesRequest, MAX_ANSWERED_MESSAGES } from "../../protocol/gossip.ts";
import type { Transport } from "../network/transport.ts";

/** Where this node itself holds the messages of a shard it operates; null when it does not operate it. */
export type OwnMessages = (
  source: number,
  destination: number,
  first: number,
  asOfEpoch: number,
) => readonly Uint8Array[] | null;

/** What was demanded on the parent chain in epochs up to `asOfEpoch`: payloads of the messages from `first` on, without a gap. */
export type DemandedMessages = (
  source: number,
  destination: number,
  first: number,
  asOfEpoch: number,
) => Promise<readonly Uint8Array[]>;

export interface DeliveryOptions {
  readonly transport: Transport;
  readonly own: OwnMessages;
  readonly demanded: DemandedMessages;
  /** Told of peers that refuse, time out or send rubbish; another one is asked then. */
  readonly onError: (error: unknown) => void;
}

/** Milliseconds that all peers have to answer: a silent one must not hold up what the others have. */
const ANSWERS_WITHIN_MS = 1_000;

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
    const { transport, own } = this.#options;
    // These have to be imported, whatever their source hands out.
    const demanded = await this.#demanded(source, destination, first, asOfEpoch);
    if (demanded.length > 0) return demanded;
    const mine = own(source, destination, first, asOfEpoch);
    if (mine !== null) return mine;
    const request = encodeMessagesRequest({ source, destination, first, asOfEpoch });
    // All of them, since any peer may answer with rubbish: what does not execute is skipped.
    return inTurns(await this.#answers(transport.peers(), request));
  }

  async #demanded(...message: Parameters<DemandedMessages>): Promise<readonly Uint8Array[]> {
    try {
      return await this.#options.demanded(...message);
    } catch (error) {
      this.#options.onError(error);
      return [];
    }
  }

  /** Those that come in time; when there is none among them, the first one that comes at all. */
  async #answers(peers: readonly string[], request: Uint8Array): Promise<readonly (readonly Uint8Array[])[]> {
    const answers: (readonly Uint8Array[])[] = [];
    const someone = Promise.withResolvers<void>();
    const all = Promise.all(
      peers.map(async (peer) => {
        const answer = await this.#ask(peer, request);
        if (answer.length === 0) return;
        answers.push(answer);
        someone.resolve();
      }),
    );
    const late = new AbortController();
    await Promise.race([all, sleep(ANSWERS_WITHIN_MS, undefined, { signal: late.signal })]);
    late.abort();
    await Promise.race([all, someone.promise]);
    return [...answers];
  }

  async #ask(peer: string, request: Uint8Array): Promise<readonly Uint8Array[]> {
    const { transport, onError } = this.#options;
    try {
      return decodeAnswer(await transport.request(peer, request), MAX_ANSWERED_MESSAGES);
    } catch (error) {
      onError(error);
      return [];
    }
  }
}

/** The first of every list, then the second of every list: a long list cannot crowd out the others where room is bounded. */
function inTurns(lists: readonly (readonly Uint8Array[])[]): Uint8Array[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat();
}
