import { randomInt } from "node:crypto";
import { BLOCK_HEADER_BYTES } from "../../protocol/block-header.ts";
import { equal } from "../../protocol/bytes.ts";
import { decodeAnswer, encodeBlocksRequest, MAX_REQUESTED_BLOCKS } from "../../protocol/gossip.ts";
import type { Transport } from "../network/transport.ts";
import type { PublishedBlocks } from "../store/published-blocks.ts";

export interface BlockExchangeOptions {
  readonly transport: Transport;
  readonly published: PublishedBlocks;
  /** Blocks of a number from the log of a shard that this node operates or has operated, those of the last generation first. */
  readonly own: (shardId: number, number: number) => readonly Uint8Array[];
  /** Told of peers that refuse, time out or send rubbish. */
  readonly onError: (error: unknown) => void;
}

/** Peers that are asked at a time: a silent one must not hold up what others have. */
const PEERS_AT_A_TIME = 4;
/** Bytes of blocks in an answer, unless those of its first number alone are more. */
const ANSWER_BYTES = 16 * 1024 * 1024;
/** Blocks of one number that are handed out, and those of a whole answer. */
const MAX_RIVALS = 8;
const MAX_ANSWERED_BLOCKS = 2 * MAX_REQUESTED_BLOCKS;

/** Blocks between nodes, besides gossip: whoever has them hands them out. */
export class BlockExchange {
  readonly #options: BlockExchangeOptions;

  constructor(options: BlockExchangeOptions) {
    this.#options = options;
  }

  /** For a peer that asks: of each number of the range, in order, the last block, then what else there is, as far as it fits. */
  answer(shardId: number, first: number, last: number): Uint8Array[] {
    const blocks: Uint8Array[] = [];
    const rivals: Uint8Array[] = [];
    let bytes = 0;
    let rivalBytes = 0;
    for (let number = first; number <= last && blocks.length < MAX_ANSWERED_BLOCKS; number++) {
      const [latest, ...others] = this.#held(shardId, number);
      if (latest === undefined) continue;
      bytes += latest.length;
      if (blocks.length > 0 && bytes > ANSWER_BYTES) return blocks;
      blocks.push(latest);
      for (const rival of others) {
        rivalBytes += rival.length;
        if (rivalBytes <= ANSWER_BYTES) rivals.push(rival);
      }
    }
    for (const rival of rivals) {
      bytes += rival.length;
      if (blocks.length === MAX_ANSWERED_BLOCKS || bytes > ANSWER_BYTES) break;
      blocks.push(rival);
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
      return decodeAnswer(await transport.request(peer, request), MAX_ANSWERED_BLOCKS);
    } catch (error) {
      onError(error);
      return [];
    }
  }

  /** The log outlives the process; what was only received does not. The same block may be held by both, as copies of one header. */
  #held(shardId: number, number: number): readonly Uint8Array[] {
    const { own, published } = this.#options;
    const logged = own(shardId, number);
    const received = published.numbered(shardId, number).map(({ bytes }) => bytes);
    return [...logged, ...received.filter((block) => !logged.some((copy) => isSameHeader(copy, block)))].slice(
      0,
      MAX_RIVALS,
    );
  }

  #ownRange(shardId: number, first: number, last: number): Uint8Array[] {
    const blocks: Uint8Array[] = [];
    for (let number = first; number <= last; number++) blocks.push(...this.#options.own(shardId, number));
    return blocks;
  }
}

function isSameHeader(a: Uint8Array, b: Uint8Array): boolean {
  return equal(a.subarray(0, BLOCK_HEADER_BYTES), b.subarray(0, BLOCK_HEADER_BYTES));
}
