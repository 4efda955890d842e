import type { SentMessage } from "../../ledger/receipt.ts";
import { encodeImportMessage, type ImportMessage, STEP_KIND, type Step } from "../../ledger/step.ts";
import { appendTreeProof } from "../../protocol/append-tree.ts";
import { ZERO_HASH } from "../../protocol/bytes.ts";
import { type Checkpoint, checkpointBodyRoot, checkpointRoot, entryProof } from "../../protocol/checkpoint.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import { outboxKey } from "../../protocol/state.ts";
import { crypto, domain, type Shard } from "./shard-fixture.ts";

/** A checkpoint that settles the present state of some shards, as every shard's parent-chain facts then know. */
export class Settlement {
  readonly #checkpoint: Checkpoint;
  readonly #crosslinks = new Map<number, Crosslink>();
  readonly #epoch: number;

  /** Shard i takes position i - 1 of four. */
  constructor(shards: readonly Shard[], epoch: number, settledEpoch: number) {
    this.#epoch = epoch;
    const entries = new Array<Uint8Array>(4).fill(ZERO_HASH);
    for (const { environment, state, generation } of shards) {
      const { shardId } = environment;
      const crosslink: Crosslink = {
        shardId,
        generation,
        epoch,
        parent: new Uint8Array(32).fill(1),
        firstBlock: 1,
        lastBlock: state.header?.number ?? 1,
        blocksRoot: new Uint8Array(32).fill(2),
        stateRoot: state.root,
      };
      this.#crosslinks.set(shardId, crosslink);
      entries[shardId - 1] = crosslinkHash(crypto, domain, crosslink);
    }
    const body = { epoch, sourceEpoch: 0, sourceRoot: ZERO_HASH, rewardsRoot: ZERO_HASH };
    this.#checkpoint = { body, entries };
    const root = checkpointRoot(crypto, this.#checkpoint);
    for (const { facts } of shards) {
      for (let position = 0; position < 4; position++)
        facts.settled.set(`${epoch}/${position}`, { root, settledEpoch });
    }
  }

  /**
   * The import of a message of `source` to `destination`.
   * @param sent all messages of `source` to `destination` that the settled state holds, in order
   */
  importMessage(source: Shard, destination: Shard, sent: readonly SentMessage[], index: number): ImportMessage {
    const { shardId } = source.environment;
    const position = shardId - 1;
    const { message } = sent[index]!;
    const digests = sent.map(({ digest }) => digest);
    return {
      message,
      checkpointEpoch: this.#epoch,
      bodyRoot: checkpointBodyRoot(crypto, this.#checkpoint.body),
      position,
      entrySiblings: entryProof(crypto, this.#checkpoint, position),
      crosslink: this.#crosslinks.get(shardId)!,
      stateSiblings: source.state.tree.path(outboxKey(crypto, destination.environment.shardId)).siblings,
      count: sent.length,
      outboxSiblings: appendTreeProof(crypto, digests, index),
    };
  }
}

export function importStep(message: ImportMessage): Step {
  return { kind: STEP_KIND.importMessage, payload: encodeImportMessage(message) };
}
