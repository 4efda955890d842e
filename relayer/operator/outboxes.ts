import type { SentMessage } from "../../ledger/receipt.ts";
import type { StateTree } from "../../ledger/state-tree.ts";
import { concat } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { outboxKey } from "../../protocol/state.ts";
import { OutboxLog } from "./outbox-log.ts";

/** Shows in one state how many messages an outbox holds. */
export interface OutboxPath {
  readonly count: number;
  /** Path of leaf `outbox[destination]`, bottom up, 32 bytes each, one after the other. */
  readonly siblings: Uint8Array;
}

/** Of one state, by destination; destinations without messages are missing. */
export type OutboxPaths = ReadonlyMap<number, OutboxPath>;

/** Everything that a shard has sent, and what of it each recent state proves. */
export class Outboxes {
  readonly #crypto: Crypto;
  readonly #tree: StateTree;
  /** Blocks whose paths are kept. */
  readonly #window: number;
  readonly #logs = new Map<number, OutboxLog>();
  readonly #paths = new Map<number, OutboxPaths>();

  constructor(crypto: Crypto, tree: StateTree, window: number) {
    this.#crypto = crypto;
    this.#tree = tree;
    this.#window = window;
  }

  /** Call when block `number` is committed, before anything else is. */
  onBlock(number: number, sent: Iterable<SentMessage>): void {
    for (const message of sent) {
      const { destination } = message.message;
      const log = this.#logs.get(destination) ?? new OutboxLog(this.#crypto);
      this.#logs.set(destination, log);
      log.append(message);
    }
    this.#paths.set(number, this.#pathsNow());
    this.#paths.delete(number - this.#window);
  }

  /** The tree has been taken back to the state after block `number`. @param countOf messages in the outbox of that state */
  rollBack(number: number, countOf: (destination: number) => number): void {
    for (const [destination, log] of this.#logs) log.rollBack(countOf(destination));
    for (const block of this.#paths.keys()) if (block > number) this.#paths.delete(block);
  }

  log(destination: number): OutboxLog | null {
    return this.#logs.get(destination) ?? null;
  }

  /** Of the state after that block; null when it is too long ago. */
  paths(number: number): OutboxPaths | null {
    return this.#paths.get(number) ?? null;
  }

  #pathsNow(): OutboxPaths {
    const paths = new Map<number, OutboxPath>();
    for (const [destination, { count }] of this.#logs) {
      if (count === 0) continue;
      const { siblings } = this.#tree.path(outboxKey(this.#crypto, destination));
      paths.set(destination, { count, siblings: concat(...siblings) });
    }
    return paths;
  }
}
