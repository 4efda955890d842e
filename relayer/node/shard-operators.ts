import { existsSync } from "node:fs";
import path from "node:path";
import { LedgerError } from "../../ledger/errors.ts";
import { equal } from "../../protocol/bytes.ts";
import type { SignedCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { BlockLog, BlockLogError } from "../operator/block-log.ts";
import type { BlockFetcher, MessageSource } from "../operator/ports.ts";
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
  /** For shards that are taken over. */
  readonly fetchBlocks: BlockFetcher;
  readonly publishBlock: (block: Uint8Array) => void;
  readonly publishCrosslink: (signed: SignedCrosslink) => void;
  readonly onError: (error: unknown) => void;
}

/** What is on disk of a shard. */
interface ShardLogs {
  readonly blocks: FileRecordLog;
  readonly crosslinks: FileRecordLog;
}

const NOBODY = new Uint8Array(20);

/**
 * Runs every shard whose operator on the parent chain is this node's, as it is opened or taken over, and until another one
 * takes it over. What a shard that is another's has left here is handed out all the same: it may be all that answers a
 * challenge.
 */
export class ShardOperators {
  readonly #options: ShardOperatorsOptions;
  readonly #logs = new Map<number, ShardLogs>();
  readonly #running = new Map<number, ShardOperator>();
  /** Of shards that this node has operated once. */
  readonly #former = new Map<number, BlockLog>();
  /** Generations in which a shard could not be run. */
  readonly #failed = new Map<number, number>();
  /** Shards whose blocks are being fetched. */
  readonly #catchingUp = new Set<number>();
  readonly #closing = new AbortController();
  #crosslinkedEpoch = -1;

  constructor(options: ShardOperatorsOptions) {
    this.#options = options;
  }

  get(shardId: number): ShardOperator | undefined {
    return this.#running.get(shardId);
  }

  ids(): number[] {
    return [...this.#running.keys()];
  }

  /** Blocks of that number in the logs of this node, of all generations, those of the last one first. */
  blocks(shardId: number, number: number): readonly Uint8Array[] {
    const log = this.#running.get(shardId)?.chain.log ?? this.#former.get(shardId);
    return log?.numbered(number) ?? [];
  }

  /**
   * The parent chain has a new block. A new epoch begins with the crosslinks of the one before: its blocks are all there,
   * and none of the new epoch yet. Then each shard may build its block of the slot.
   */
  onBlock(): void {
    const { view } = this.#options;
    for (const shard of view.shards()) this.#guarded(shard, () => this.#assign(shard));
    const epoch = view.epoch();
    const isNewEpoch = epoch > this.#crosslinkedEpoch;
    this.#crosslinkedEpoch = epoch;
    const slot = view.slot();
    for (const [shardId, operator] of this.#running) {
      this.#guarded(view.shard(shardId) as Shard, () => {
        if (!operator.follow()) {
          if (isNewEpoch) this.#catchUp(operator);
          return;
        }
        if (isNewEpoch && epoch > 0) this.#crosslink(operator, epoch - 1);
        operator.onSlot(slot);
      });
    }
  }

  close(): void {
    this.#closing.abort(new Error("the node ends"));
    this.#running.clear();
    this.#former.clear();
    for (const { blocks, crosslinks } of this.#logs.values()) {
      blocks.close();
      crosslinks.close();
    }
    this.#logs.clear();
  }

  /** What fails for one shard takes nothing from the others. */
  #guarded(shard: Shard, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#options.onError(error);
      // As after a reorg: the next block of the parent chain tries again.
      if (error instanceof LedgerError && error.code === "FactsUnavailable") return;
      const running = this.#running.get(shard.id);
      if (running !== undefined && !(error instanceof BlockLogError)) return;
      // Its log does not open or does not execute: that takes the operator's hand, or another generation.
      if (running !== undefined) this.#former.set(shard.id, running.chain.log);
      this.#running.delete(shard.id);
      this.#failed.set(shard.id, shard.generation);
    }
  }

  #assign(shard: Shard): void {
    const { id, operator, generation } = shard;
    if (this.#failed.get(id) === generation) return;
    const isOwn = equal(operator, this.#options.operatorAddress);
    const running = this.#running.get(id);
    if (running === undefined) {
      if (isOwn) this.#start(shard);
      else if (!this.#former.has(id) && existsSync(this.#folderOf(id))) this.#keep(id);
    } else if (!isOwn && !equal(operator, NOBODY)) {
      // While it is nobody's, its last operator goes on to tell where it stands.
      this.#running.delete(id);
      this.#former.set(id, running.chain.log);
    }
  }

  #start(shard: Shard): void {
    const { publishBlock, ...options } = this.#options;
    const operator = new ShardOperator({
      ...options,
      shardId: shard.id,
      ...this.#logsOf(shard.id),
      publish: publishBlock,
    });
    this.#running.set(shard.id, operator);
    this.#former.delete(shard.id);
    this.#failed.delete(shard.id);
    if (!operator.follow()) this.#catchUp(operator);
  }

  /** The log of a shard that this node operates no more. */
  #keep(shardId: number): void {
    const { crypto, view } = this.#options;
    this.#former.set(shardId, new BlockLog(crypto, view.domain, shardId, this.#logsOf(shardId).blocks));
  }

  /** Tried again in the next epoch when it fails: what could not be had may be published by then, or be void. */
  #catchUp(operator: ShardOperator): void {
    const { fetchBlocks, onError } = this.#options;
    const { shardId } = operator;
    if (this.#catchingUp.has(shardId)) return;
    this.#catchingUp.add(shardId);
    operator
      .catchUp(fetchBlocks, this.#closing.signal)
      .catch(onError)
      .finally(() => this.#catchingUp.delete(shardId));
  }

  #crosslink(operator: ShardOperator, epoch: number): void {
    const signed = operator.buildCrosslink(epoch, operator.standing("justified"));
    if (signed !== null) this.#options.publishCrosslink(signed);
  }

  #folderOf(shardId: number): string {
    return path.join(this.#options.directory, `shard-${shardId}`);
  }

  #logsOf(shardId: number): ShardLogs {
    const open = this.#logs.get(shardId);
    if (open !== undefined) return open;
    const folder = this.#folderOf(shardId);
    const blocks = new FileRecordLog(path.join(folder, "blocks.log"));
    try {
      const logs = { blocks, crosslinks: new FileRecordLog(path.join(folder, "crosslinks.log")) };
      this.#logs.set(shardId, logs);
      return logs;
    } catch (error) {
      blocks.close();
      throw error;
    }
  }
}
