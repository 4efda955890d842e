import { type AppendTree, appendLeaf, appendTreeProof, EMPTY_APPEND_TREE } from "../../protocol/append-tree.ts";
import { toHex } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Domain } from "../../protocol/eip712.ts";
import { type Message, messageDigest } from "../../protocol/message.ts";
import { accountKey, encodeAccount, outboxKey, outboxWord } from "../../protocol/state.ts";
import { accessOf, rootOf, treeOf } from "./reference-tree.ts";

/** A state with accounts and outboxes as a shard could have it, and proofs of what is in it. */
export class ShardState {
  readonly #crypto: Crypto;
  readonly #domain: Domain;
  readonly #shardId: number;
  readonly #words = new Map<string, { key: Uint8Array; word: Uint8Array }>();
  readonly #messages = new Map<number, Message[]>();

  constructor(crypto: Crypto, domain: Domain, shardId: number) {
    this.#crypto = crypto;
    this.#domain = domain;
    this.#shardId = shardId;
  }

  setAccount(address: Uint8Array, nonce: bigint, balance: bigint): void {
    this.#set(accountKey(this.#crypto, address), encodeAccount(nonce, balance));
  }

  send(message: Pick<Message, "destination" | "sender" | "recipient" | "value">): void {
    const { destination } = message;
    const sent = this.#messages.get(destination) ?? [];
    this.#messages.set(destination, sent);
    sent.push({ ...message, source: this.#shardId, index: sent.length, data: new Uint8Array() });
    this.#set(outboxKey(this.#crypto, destination), outboxWord(this.#crypto, this.#outbox(destination)));
  }

  root(): Uint8Array {
    return rootOf(this.#crypto, this.#tree());
  }

  /** Siblings of a key that is there, bottom up. */
  path(key: Uint8Array): readonly Uint8Array[] {
    return accessOf(this.#crypto, this.#tree(), key).siblings;
  }

  /** The message as the contracts take it, and what a `MessageProof` holds besides the crosslink. */
  messageProof(destination: number, index: number) {
    const message = this.#messages.get(destination)?.[index];
    if (message === undefined) throw new RangeError(`no message ${index} to ${destination}`);
    return {
      message: {
        ...message,
        sender: toHex(message.sender),
        recipient: toHex(message.recipient),
        data: toHex(message.data),
      },
      stateSiblings: this.path(outboxKey(this.#crypto, destination)).map(toHex),
      count: this.#outbox(destination).count,
      siblings: appendTreeProof(this.#crypto, this.#leaves(destination), index).map(toHex),
    };
  }

  #leaves(destination: number): Uint8Array[] {
    return (this.#messages.get(destination) ?? []).map((message) => messageDigest(this.#crypto, this.#domain, message));
  }

  #outbox(destination: number): AppendTree {
    return this.#leaves(destination).reduce((tree, leaf) => appendLeaf(this.#crypto, tree, leaf), EMPTY_APPEND_TREE);
  }

  #tree() {
    return treeOf([...this.#words.values()]);
  }

  #set(key: Uint8Array, word: Uint8Array): void {
    this.#words.set(toHex(key), { key, word });
  }
}
