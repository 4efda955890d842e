import type { SignedCrosslink } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { ParentView } from "../parent/parent-view.ts";
import type { RecordLog } from "../store/record-log.ts";
import type { MempoolLimits } from "./mempool.ts";
import type { BlockPublisher, CrosslinkParent, MessageSource } from "./ports.ts";

export interface ShardOperatorOptions {
  readonly shardId: number;
  readonly crypto: Crypto;
  readonly view: ParentView;
  /** secp256k1, 32 bytes: of the address that the shard registry names as operator. */
  readonly operatorKey: Uint8Array;
  /** Every block this operator has signed, encoded; block n is record n. */
  readonly blocks: RecordLog;
  /** Every crosslink this operator has signed, encoded with its signature. */
  readonly crosslinks: RecordLog;
  readonly messagesFor: MessageSource;
  readonly publish: BlockPublisher;
  readonly mempoolLimits?: Partial<MempoolLimits>;
}

/** What `onSlot` and `buildCrosslink` do is written in ARCHITECTURE.md; signatures first. */
export declare class ShardOperator {
  readonly shardId: number;
  readonly chainId: number;
  constructor(options: ShardOperatorOptions);
  /** Builds, signs, logs and publishes at most one block; true when it did. */
  onSlot(slot: number): Promise<boolean>;
  /**
   * The crosslink of `epoch` on top of `parent`: its blocks up to the epoch's last slot. The same for the same epoch and
   * parent, however often it is asked; null when there is no block to anchor.
   */
  buildCrosslink(epoch: number, parent: CrosslinkParent): SignedCrosslink | null;
  /** ImportMessage payloads for `destination`, as a MessageSource answers. */
  messagesTo(destination: number, fromIndex: number, asOfEpoch: number): Uint8Array[];
}
