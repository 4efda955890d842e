import { encodeImportMessage } from "../../ledger/step.ts";
import { equal, ZERO_HASH } from "../../protocol/bytes.ts";
import { entryProof } from "../../protocol/checkpoint.ts";
import type { CrosslinkProof } from "../../protocol/crosslink-proof.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { MAX_ANSWERED_MESSAGES } from "../../protocol/gossip.ts";
import type { Message } from "../../protocol/message.ts";
import type { CrosslinkArchive } from "./crosslink-archive.ts";
import type { OutboxPath } from "./outboxes.ts";
import type { OperatorParentView } from "./ports.ts";
import type { ShardChain } from "./shard-chain.ts";
import { soundlySettled } from "./shard-standing.ts";

/** A message with its `MessageProof` of docs/formats.md, section 7. */
export interface ProvenMessage {
  readonly message: Message;
  readonly proof: {
    readonly crosslink: CrosslinkProof;
    readonly stateSiblings: readonly Uint8Array[];
    readonly count: number;
    readonly siblings: readonly Uint8Array[];
  };
}

export interface MessageProofsOptions {
  readonly shardId: number;
  readonly crypto: Crypto;
  readonly view: OperatorParentView;
  readonly chain: Pick<ShardChain, "outboxes">;
  readonly crosslinks: CrosslinkArchive;
}

/** Proves the messages of one shard to their destinations, against its settled states. */
export class MessageProofs {
  readonly #options: MessageProofsOptions;

  constructor(options: MessageProofsOptions) {
    this.#options = options;
  }

  /** Message `index` to `destination`, or null while no settled state holds it. */
  prove(destination: number, index: number): ProvenMessage | null {
    return this.#proveFrom(destination, index, this.#options.view.settled.epoch, 1)[0] ?? null;
  }

  /** As a MessageSource answers: at most 64 payloads, proven against what was settled in an epoch <= `asOfEpoch`. */
  importPayloads(destination: number, fromIndex: number, asOfEpoch: number): Uint8Array[] {
    const epoch = this.#options.view.settledAsOf(asOfEpoch);
    return this.#proveFrom(destination, fromIndex, epoch, MAX_ANSWERED_MESSAGES).map(({ message, proof }) =>
      encodeImportMessage({
        message,
        checkpointEpoch: proof.crosslink.checkpointEpoch,
        bodyRoot: proof.crosslink.bodyRoot,
        position: proof.crosslink.position,
        entrySiblings: proof.crosslink.siblings,
        crosslink: proof.crosslink.crosslink,
        stateSiblings: proof.stateSiblings,
        count: proof.count,
        outboxSiblings: proof.siblings,
      }),
    );
  }

  #proveFrom(destination: number, fromIndex: number, checkpointEpoch: number, limit: number): ProvenMessage[] {
    const log = this.#options.chain.outboxes.log(destination);
    const crosslink = this.#settledCrosslink(checkpointEpoch);
    if (log === null || crosslink === null) return [];
    const path = this.#path(crosslink.crosslink.stateRoot, destination);
    // A chain that is still behind what is settled holds fewer messages.
    if (path === null || path.count > log.count) return [];
    const { count } = path;
    const stateSiblings = split(path.siblings);
    const proven: ProvenMessage[] = [];
    for (let index = fromIndex; index < Math.min(count, fromIndex + limit); index++) {
      const message = log.message(index) as Message;
      proven.push({ message, proof: { crosslink, stateSiblings, count, siblings: log.proof(index, count) } });
    }
    return proven;
  }

  #path(stateRoot: Uint8Array, destination: number): OutboxPath | null {
    return this.#options.crosslinks.paths(stateRoot)?.get(destination) ?? null;
  }

  /**
   * This shard's crosslink in that settled checkpoint or, where nothing may be read from it there, in the last one before of
   * which that is not so; null when it has none.
   */
  #settledCrosslink(latestEpoch: number): CrosslinkProof | null {
    const { crypto, view, shardId } = this.#options;
    const position = view.shard(shardId)?.position;
    if (position === undefined) return null;
    const checkpointEpoch = soundlySettled(view, position, latestEpoch);
    const accepted = view.checkpoint(checkpointEpoch);
    const entry = accepted?.checkpoint.entries[position] ?? ZERO_HASH;
    const crosslink = equal(entry, ZERO_HASH) ? null : view.crosslinkByHash(entry);
    if (accepted === null || crosslink === null) return null;
    return {
      checkpointEpoch,
      bodyRoot: accepted.bodyRoot,
      absentHash: accepted.absentHash,
      position,
      crosslink,
      siblings: entryProof(crypto, accepted.checkpoint, position),
    };
  }
}

function split(hashes: Uint8Array): Uint8Array[] {
  return Array.from({ length: hashes.length / 32 }, (_, i) => hashes.subarray(32 * i, 32 * i + 32));
}
