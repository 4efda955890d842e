import { createLedgerEnvironment } from "../../ledger/environment.ts";
import { verifyBlock } from "../../ledger/verify-block.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import type { Crosslink, SignedCrosslink } from "../../protocol/crosslink.ts";
import type { OperatorParentView } from "../../relayer/operator/ports.ts";
import { ShardOperator } from "../../relayer/operator/shard-operator.ts";
import { MemoryRecordLog } from "../../relayer/store/record-log.ts";
import type { HandFedParent } from "./hand-fed-parent.ts";

/** A shard of real blocks over a parent chain that is fed by hand. */
export class ShardOverParent {
  readonly parent: HandFedParent;
  readonly id: number;
  readonly operator: ShardOperator;
  /** Encoded; block n is at n - 1. */
  readonly blocks: Uint8Array[] = [];

  /** @param view what the operator sees of the parent chain */
  constructor(parent: HandFedParent, id: number, view: OperatorParentView = parent.view) {
    this.parent = parent;
    this.id = id;
    this.operator = new ShardOperator({
      shardId: id,
      crypto: parent.crypto,
      view,
      operatorKey: parent.operatorKey,
      blocks: new MemoryRecordLog(),
      crosslinks: new MemoryRecordLog(),
      messagesFor: async () => [],
      publish: (block) => this.blocks.push(block),
      onError: (error) => {
        throw error;
      },
    });
  }

  /** Moves the parent chain through the epochs, in each of which there are a deposit and a block. */
  async run(firstEpoch: number, lastEpoch: number): Promise<void> {
    for (let epoch = firstEpoch; epoch <= lastEpoch; epoch++) {
      this.parent.moveToEpoch(epoch);
      this.parent.deposit(this.id, new Uint8Array(20).fill(epoch), 1_000n + BigInt(epoch));
      await this.operator.onSlot(this.parent.view.slot());
    }
    this.parent.moveToEpoch(lastEpoch + 1);
  }

  /** The crosslink of an epoch, on top of the justified one. */
  crosslink(epoch: number): SignedCrosslink {
    return this.operator.buildCrosslink(epoch, this.operator.standing("justified")) as SignedCrosslink;
  }

  /** As a validator of this shard does. @throws LedgerError */
  readonly verifyBlock = (block: Uint8Array, previous: BlockHeader | null): void => {
    const { crypto, view, operator } = this.parent;
    const { domain, parameters } = view;
    const environment = createLedgerEnvironment({ crypto, domain, parameters, facts: view.facts(), shardId: this.id });
    const verdict = verifyBlock(environment, { previous, generation: 0, operator }, block);
    if (!verdict.ok) throw verdict.error;
  };

  /** Blocks of a crosslink. */
  of({ firstBlock, lastBlock }: Crosslink): Uint8Array[] {
    return this.blocks.slice(firstBlock - 1, lastBlock);
  }
}
