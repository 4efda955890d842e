import { setImmediate } from "node:timers/promises";
import { epochOfSlot, firstSlotOf } from "../../protocol/clock.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { addressOfKey } from "../../protocol/operator-signature.ts";
import { encodeSendMessage, MESSENGER_ADDRESS } from "../../protocol/system-contracts.ts";
import { signTransaction, type UnsignedTransaction } from "../../protocol/transaction.ts";
import type { MessageSource } from "../../relayer/operator/ports.ts";
import { ShardOperator, type ShardOperatorOptions } from "../../relayer/operator/shard-operator.ts";
import { MemoryRecordLog } from "../../relayer/store/record-log.ts";
import { ParentDouble } from "./parent-double.ts";

export const GWEI = 10n ** 9n;
export const ETHER = 10n ** 18n;

/** A key of secp256k1 and its address. */
export interface TestAccount {
  readonly key: Uint8Array;
  readonly address: Uint8Array;
}

export function testAccount(crypto: Crypto, n: number): TestAccount {
  const key = new Uint8Array(32).fill(n);
  return { key, address: addressOfKey(crypto, key) };
}

interface OperatedShard {
  operator: ShardOperator;
  readonly blocks: MemoryRecordLog;
  readonly crosslinks: MemoryRecordLog;
  readonly published: Uint8Array[];
}

/** Shards of one operator over a double of the parent chain; real ledger, real signatures, memory in place of disks. */
export class OperatedShards {
  readonly crypto: Crypto;
  readonly parent: ParentDouble;
  readonly key: TestAccount;
  readonly #shards = new Map<number, OperatedShard>();
  slot = 0;

  constructor(crypto: Crypto, count: number) {
    this.crypto = crypto;
    this.parent = new ParentDouble(crypto);
    this.key = testAccount(crypto, 0x0f);
    for (let i = 0; i < count; i++) {
      const { id } = this.parent.openShard(this.key.address);
      const logs = { blocks: new MemoryRecordLog(), crosslinks: new MemoryRecordLog(), published: [] };
      this.#shards.set(id, { ...logs, operator: this.#start(id, logs) });
    }
  }

  shard(id: number): OperatedShard {
    return this.#shards.get(id) as OperatedShard;
  }

  operator(id: number): ShardOperator {
    return this.shard(id).operator;
  }

  /** A new process with the same logs. */
  restart(id: number, options: Partial<ShardOperatorOptions> = {}): ShardOperator {
    const shard = this.shard(id);
    shard.operator = this.#start(id, shard, options);
    return shard.operator;
  }

  /** The next slot, in which every shard may build. Shards with a new block. */
  async nextSlot(): Promise<number[]> {
    this.slot++;
    this.parent.epoch = Math.max(this.parent.epoch, epochOfSlot(this.parent.parameters, this.slot));
    return this.#onSlot();
  }

  /** The first slot of the next epoch; nothing happens in between. */
  async nextEpoch(): Promise<number[]> {
    this.parent.epoch++;
    this.slot = firstSlotOf(this.parent.parameters, this.parent.epoch);
    return this.#onSlot();
  }

  /** Anchors every shard's blocks up to the epoch before the head's. */
  anchor(): Crosslink[] {
    const epoch = this.parent.epoch - 1;
    const signed = [...this.#shards.values()].map(({ operator }) =>
      operator.buildCrosslink(epoch, operator.standing("justified")),
    );
    const crosslinks = signed.flatMap((link) => (link === null ? [] : [link.crosslink]));
    this.parent.justify(epoch, crosslinks);
    return crosslinks;
  }

  transfer(shardId: number, from: TestAccount, fields: Partial<UnsignedTransaction>): Uint8Array {
    const { nonce } = this.operator(shardId).chain.account(from.address);
    const transaction: UnsignedTransaction = {
      chainId: BigInt(this.operator(shardId).chainId),
      nonce,
      maxPriorityFeePerGas: 0n,
      maxFeePerGas: 2n * GWEI,
      gasLimit: 100_000n,
      to: new Uint8Array(20).fill(0xbb),
      value: 1n,
      data: new Uint8Array(0),
      ...fields,
    };
    return signTransaction(this.crypto, transaction, from.key);
  }

  message(shardId: number, from: TestAccount, destination: number, recipient: Uint8Array, value: bigint): Uint8Array {
    const data = encodeSendMessage({ destination, recipient, data: Uint8Array.of(1, 2, 3) });
    return this.transfer(shardId, from, { to: MESSENGER_ADDRESS, value, data });
  }

  async #onSlot(): Promise<number[]> {
    const built: number[] = [];
    for (const [id, { operator }] of this.#shards) if (operator.onSlot(this.slot)) built.push(id);
    // What operators ask of each other now is answered before the next slot.
    await setImmediate();
    return built;
  }

  #start(
    shardId: number,
    logs: Omit<OperatedShard, "operator">,
    options: Partial<ShardOperatorOptions> = {},
  ): ShardOperator {
    const messagesFor: MessageSource = (destination, source, first, asOfEpoch) =>
      this.operator(source).messagesTo(destination, first, asOfEpoch);
    return new ShardOperator({
      shardId,
      crypto: this.crypto,
      view: this.parent,
      operatorKey: this.key.key,
      blocks: logs.blocks,
      crosslinks: logs.crosslinks,
      messagesFor,
      publish: (block) => logs.published.push(block),
      onError: (error) => {
        throw error;
      },
      ...options,
    });
  }
}
