import path from "node:path";
import { equal } from "../../protocol/bytes.ts";
import type { SignedCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { MessageSource } from "../operator/ports.ts";
import { ShardOperator } from "../operator/shard-operator.ts";
import type { ParentView, Shard } from "../parent/parent-view.ts";
import { FileRecordLog } from "../store/record-log.ts";

export interface ShardOperatorsOptions {
  readonly crypto: Crypto;
  readonly view: ParentView;
  /** secp256k1 */
  readonly operatorKey: Uint8Array;
  /** 20 bytes: of that key. */
  readonly operatorAddress: Uint8Array;
  readonly directory: string;
  readonly messagesFor: MessageSource;
  readonly publishBlock: (block: Uint8Array) => void;
  readonly publishCrosslink: (signed: SignedCrosslink) => void;
  readonly onError: (error: unknown) => void;
}

/** Runs every shard whose operator on the parent chain is this node's, as it is opened. */
export class ShardOperators {
  readonly #options: ShardOperatorsOptions;
  readonly #running = new Map<number, { readonly operator: ShardOperator; readonly close: () => void }>();
  readonly #failed = new Set<number>();
  #crosslinkedEpoch = -1;

  constructor(options: ShardOperatorsOptions) {
    this.#options = options;
  }

  get(shardId: number): ShardOperator | undefined {
    return this.#running.get(shardId)?.operator;
  }

  ids(): number[] {
    return [...this.#running.keys()];
  }

  /**
   * The parent chain has a new block. A new epoch begins with the crosslinks of the one before: its blocks are all there,
   * and none of the new epoch yet. Then each shard may build its block of the slot.
   */
  onBlock(): void {
    const { view, onError } = this.#options;
    this.#open();
    const epoch = view.epoch();
    const isNewEpoch = epoch > this.#crosslinkedEpoch;
    this.#crosslinkedEpoch = epoch;
    const slot = view.slot();
    for (const { operator } of this.#running.values()) {
      try {
        if (isNewEpoch && epoch > 0) this.#crosslink(operator, epoch - 1);
        operator.onSlot(slot);
      } catch (error) {
        onError(error);
      }
    }
  }

  close(): void {
    for (const { close } of this.#running.values()) close();
    this.#running.clear();
  }

  #open(): void {
    const { view, operatorAddress, onError } = this.#options;
    for (const shard of view.shards()) {
      if (this.#running.has(shard.id) || this.#failed.has(shard.id)) continue;
      if (!equal(shard.operator, operatorAddress)) continue;
      try {
        this.#running.set(shard.id, this.#start(shard));
      } catch (error) {
        // Its log does not open or does not execute: that takes the operator's hand, and the other shards go on.
        this.#failed.add(shard.id);
        onError(error);
      }
    }
  }

  #start(shard: Shard) {
    const { crypto, view, operatorKey, directory, messagesFor, publishBlock, onError } = this.#options;
    const blocks = new FileRecordLog(path.join(directory, `shard-${shard.id}`, "blocks.log"));
    const crosslinks = new FileRecordLog(path.join(directory, `shard-${shard.id}`, "crosslinks.log"));
    const close = () => {
      blocks.close();
      crosslinks.close();
    };
    try {
      const operator = new ShardOperator({
        shardId: shard.id,
        crypto,
        view,
        operatorKey,
        blocks,
        crosslinks,
        messagesFor,
        publish: publishBlock,
        onError,
      });
      return { operator, close };
    } catch (error) {
      close();
      throw error;
    }
  }

  #crosslink(operator: ShardOperator, epoch: number): void {
    const signed = operator.buildCrosslink(epoch, operator.standing("justified"));
    if (signed !== null) this.#options.publishCrosslink(signed);
  }
}
