import { randomInt } from "node:crypto";
import { decodeAnswer, encodeBlocksRequest, MAX_REQUESTED_BLOCKS } from "../../protocol/gossip.ts";
import type { Transport } from "../network/transport.ts";
import type { PublishedBlocks } from "../store/published-blocks.ts";

export interface BlockExchangeOptions {
  readonly transport: Transport;
  readonly published: PublishedBlocks;
  /** A block from the log of a shard that this node operates; null when there is none, or it does not operate the shard. */
  readonly own: (shardId: number, number: number) => Uint8Array | null;
  /** Told of peers that refuse, time out or send rubbish. */
  readonly onError: (error: unknown) => void;
}

/** Peers that are asked at a time: a silent one must not hold up what others have. */
const PEERS_AT_A_TIME = 4;
/** Bytes of blocks in an answer, unless those of its first number alone are more. */
const ANSWER_BYTES = 16 * 1024 * 1024;

/** Blocks between nodes, besides gossip: whoever has them hands them out. */
export class BlockExchange {
  readonly #options: BlockExchangeOptions;

  constructor(options: BlockExchangeOptions) {
    this.#options = options;
  }

  /** For a peer that asks: blocks of the range, in order, as far as they fit an answer. */
  answer(shardId: number, first: number, last: number): Uint8Array[] {
    const blocks: Uint8Array[] = [];
    let bytes = 0;
    for (let number = first; number <= last; number++) {
      const held = this.#held(shardId, number);
      bytes += held.reduce((sum, block) => sum + block.length, 0);
      if (blocks.length > 0 && bytes > ANSWER_BYTES) break;
      blocks.push(...held);
    }
    return blocks;
  }

  /** What others have of the range, one answer after the other; what this node operates itself comes first. */
  async *fetch(shardId: number, first: number, last: number): AsyncGenerator<readonly Uint8Array[]> {
    const most = Math.min(last, first + MAX_REQUESTED_BLOCKS - 1);
    const own = this.#ownRange(shardId, first, most);
    if (own.length > 0) yield own;
    const peers = [...this.#options.transport.peers()];
    // Others first each time: some may never answer.
    const start = randomInt(Math.max(peers.length, 1));
    const waiting = [...peers.slice(start), ...peers.slice(0, start)];
    const asked = new Map<string, Promise<{ readonly peer: string; readonly blocks: readonly Uint8Array[] }>>();
    while (waiting.length > 0 || asked.size > 0) {
      while (asked.size < PEERS_AT_A_TIME && waiting.length > 0) {
        const peer = waiting.shift() as string;
        asked.set(
          peer,
          this.#ask(peer, shardId, first, most).then((blocks) => ({ peer, blocks })),
        );
      }
      const { peer, blocks } = await Promise.race(asked.values());
      asked.delete(peer);
      if (blocks.length > 0) yield blocks;
    }
  }

  async #ask(peer: string, shardId: number, first: number, last: number): Promise<readonly Uint8Array[]> {
    const { transport, onError } = this.#options;
    try {
      const request = encodeBlocksRequest({ shardId, first, last });
      return decodeAnswer(await transport.request(peer, request), 2 * MAX_REQUESTED_BLOCKS);
    } catch (error) {
      onError(error);
      return [];
    }
  }

  /** The log outlives the process; what was only received does not. */
  #held(shardId: number, number: number): readonly Uint8Array[] {
    const { own, published } = this.#options;
    const logged = own(shardId, number);
    return logged === null ? published.numbered(shardId, number).map(({ bytes }) => bytes) : [logged];
  }

  #ownRange(shardId: number, first: number, last: number): Uint8Array[] {
    const blocks: Uint8Array[] = [];
    for (let number = first; number <= last; number++) {
      const block = this.#options.own(shardId, number);
      if (block !== null) blocks.push(block);
    }
    return blocks;
  }
}
