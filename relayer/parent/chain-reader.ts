import type { Block, JsonRpcProvider, Log } from "ethers";
import { equal, fromHex, toHex } from "../../protocol/bytes.ts";
import { ParentInconsistent, ParentMoved } from "./errors.ts";
import type { LogContext, LogDecoder } from "./log-decoder.ts";
import type { ParentLog } from "./parent-log.ts";
import type { ParentBlock } from "./parent-view.ts";
import { isTransient, withRetries } from "./rpc.ts";

function parentBlock(block: Block): ParentBlock {
  if (block.hash === null) throw new ParentInconsistent(`block ${block.number} has no hash`);
  return { number: block.number, hash: fromHex(block.hash), timestamp: block.timestamp };
}

/** Consecutive blocks: the last one, and the events of all. */
export interface BlockRange {
  readonly last: ParentBlock;
  readonly logs: readonly ParentLog[];
}

export interface ChainReaderOptions {
  /** Tries of a request that fails transiently. */
  readonly attempts: number;
  readonly signal: AbortSignal;
}

/** Reads blocks and the contracts' events, each range from one chain even while the chain is being reorganised. */
export class ChainReader {
  readonly #provider: JsonRpcProvider;
  readonly #decoder: LogDecoder;
  readonly #addresses: string[];
  readonly #options: ChainReaderOptions;

  constructor(
    provider: JsonRpcProvider,
    decoder: LogDecoder,
    addresses: readonly string[],
    options: ChainReaderOptions,
  ) {
    this.#provider = provider;
    this.#decoder = decoder;
    this.#addresses = [...addresses];
    this.#options = options;
  }

  async latest(): Promise<ParentBlock> {
    return parentBlock(await this.#requiredBlock("latest"));
  }

  /** null when the chain is not that long. */
  async blockAt(number: number): Promise<ParentBlock | null> {
    const block = await this.#retry(() => this.#provider.getBlock(number));
    return block === null ? null : parentBlock(block);
  }

  /**
   * The blocks after `previous` up to number `to`, or fewer when the endpoint refuses so many.
   * @throws ParentMoved when they do not follow `previous`, or change while they are read
   */
  async rangeAfter(previous: ParentBlock, to: number): Promise<BlockRange> {
    const first = await this.#requiredBlock(previous.number + 1);
    if (first.parentHash !== toHex(previous.hash)) {
      throw new ParentMoved(`block ${first.number} does not follow ${toHex(previous.hash)}`);
    }
    const { logs, end } = await this.#logs(first.number, to);
    const decoded = await this.#decode(logs, end);
    // What was asked one after the other is of one chain if its last block is still the same.
    const still = await this.#requiredBlock(end.number);
    if (still.hash !== toHex(end.hash)) throw new ParentMoved(`block ${end.number} was replaced while it was read`);
    return { last: end, logs: decoded };
  }

  /** Endpoints limit the blocks or results of one answer, each in its own words: whatever is refused is asked by halves. */
  async #logs(from: number, to: number): Promise<{ logs: Log[]; end: ParentBlock }> {
    for (let last = to; ; last = from + Math.floor((last - from) / 2)) {
      const end = parentBlock(await this.#requiredBlock(last));
      try {
        return { logs: await this.#logsUpTo(from, end), end };
      } catch (error) {
        if (last === from || error instanceof ParentMoved || isTransient(error) || this.#options.signal.aborted)
          throw error;
      }
    }
  }

  /**
   * Behind one url there may be several endpoints, and one of them behind or on another fork: it would have fewer events, or
   * others. One block is asked for by its hash; of more, the last one is compared.
   */
  async #logsUpTo(from: number, end: ParentBlock): Promise<Log[]> {
    const blockHash = toHex(end.hash);
    const which = from === end.number ? { blockHash } : { fromBlock: from, toBlock: end.number };
    const logs = await this.#retry(() => this.#provider.getLogs({ address: this.#addresses, ...which }));
    if (logs.some((log) => log.blockNumber === end.number && log.blockHash !== blockHash)) {
      throw new ParentMoved(`the events of block ${end.number} are of another block of that number`);
    }
    return logs;
  }

  async #decode(logs: readonly Log[], end: ParentBlock): Promise<ParentLog[]> {
    const decoded: ParentLog[] = [];
    for (const log of [...logs].sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index)) {
      const next = await this.#decoder.decode(log, this.#context(log, end));
      if (next !== null) decoded.push(next);
    }
    return decoded;
  }

  #context(log: Log, end: ParentBlock): LogContext {
    return {
      block: async () => {
        const block = log.blockNumber === end.number ? end : parentBlock(await this.#requiredBlock(log.blockNumber));
        if (!equal(block.hash, fromHex(log.blockHash))) {
          throw new ParentMoved(`block ${log.blockNumber} was replaced while its events were read`);
        }
        return block;
      },
      transaction: async () => {
        const transaction = await this.#retry(() => this.#provider.getTransaction(log.transactionHash));
        if (transaction === null) throw new ParentMoved(`transaction ${log.transactionHash} is gone`);
        return transaction;
      },
    };
  }

  async #requiredBlock(tag: number | "latest"): Promise<Block> {
    const block = await this.#retry(() => this.#provider.getBlock(tag));
    if (block === null) throw new ParentMoved(`there is no block ${tag}`);
    return block;
  }

  #retry<T>(call: () => Promise<T>): Promise<T> {
    this.#options.signal.throwIfAborted();
    return withRetries(this.#options.attempts, this.#options.signal, call);
  }
}
