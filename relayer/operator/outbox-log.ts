import type { SentMessage } from "../../ledger/receipt.ts";
import { zeroSubtreeHashes } from "../../protocol/append-tree.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Message } from "../../protocol/message.ts";
import { hashNode, paddedTreeDepth } from "../../protocol/padded-tree.ts";

/**
 * All messages to one destination, with the complete subtrees over their digests, so that a proof under any earlier count
 * costs a logarithm: messages are proven against settled states, which are old.
 */
export class OutboxLog {
  readonly #crypto: Crypto;
  readonly #messages: Message[] = [];
  /** Level k holds the roots of the complete subtrees of 2^k leaves, from the left. */
  readonly #levels: Uint8Array[][] = [[]];

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
  }

  get count(): number {
    return this.#messages.length;
  }

  append({ message, digest }: SentMessage): void {
    this.#messages.push(message);
    let node = digest;
    for (let k = 0; ; k++) {
      const level = this.#levels[k] ?? [];
      this.#levels[k] = level;
      level.push(node);
      if (level.length % 2 === 1) return;
      node = hashNode(this.#crypto, level.at(-2) as Uint8Array, node);
    }
  }

  /** Forgets all but the first `count` messages. */
  rollBack(count: number): void {
    this.#messages.length = Math.min(this.count, count);
    this.#levels.forEach((level, k) => {
      level.length = Math.min(level.length, Math.floor(count / 2 ** k));
    });
  }

  message(index: number): Message | null {
    return this.#messages[index] ?? null;
  }

  /** Siblings of message `index` under the first `count`, bottom up. @throws RangeError when there is none */
  proof(index: number, count: number): Uint8Array[] {
    if (index < 0 || index >= count || count > this.count) throw new RangeError(`message ${index} of ${count}`);
    return Array.from({ length: paddedTreeDepth(count) }, (_, k) =>
      this.#subtree(k, Math.floor(index / 2 ** k) ^ 1, count),
    );
  }

  /** Root of subtree `position` at height k under the first `count` leaves. */
  #subtree(k: number, position: number, count: number): Uint8Array {
    if ((position + 1) * 2 ** k <= count) return this.#levels[k]?.[position] as Uint8Array;
    if (position * 2 ** k >= count) return zeroSubtreeHashes(this.#crypto)[k] as Uint8Array;
    return hashNode(
      this.#crypto,
      this.#subtree(k - 1, 2 * position, count),
      this.#subtree(k - 1, 2 * position + 1, count),
    );
  }
}
