import { decodeBlock } from "../../ledger/block.ts";
import { createLedgerEnvironment, type LedgerEnvironment } from "../../ledger/environment.ts";
import { executeBlock } from "../../ledger/execute-block.ts";
import { ShardState } from "../../ledger/shard-state.ts";
import { blockHash, readBlockHeader } from "../../protocol/block-header.ts";
import { ByteReader } from "../../protocol/bytes.ts";
import { epochOfSlot } from "../../protocol/clock.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { decodeBlocksRequest, decodeGossip, encodeAnswer, encodeGossip, requestKind } from "../../protocol/gossip.ts";
import { addressOfKey, signAsOperator } from "../../protocol/operator-signature.ts";
import { paddedTreeLevels, paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { rawTraceLeaf, type TraceLeaf, traceLeafHash } from "../../protocol/trace.ts";
import { signTransaction } from "../../protocol/transaction.ts";
import type { Transport } from "../../relayer/network/transport.ts";
import type { ChallengeAnswer } from "../../relayer/parent/challenge-answers.ts";
import type { DataChallenge, ParentView } from "../../relayer/parent/parent-view.ts";
import { missingParts, showPart } from "../../relayer/watcher/trace-parts.ts";
import { type MintingBlock, mintingBlock } from "./mint.ts";

export interface MalloryOptions {
  readonly crypto: Crypto;
  /** Not asked before she plants anything. */
  readonly view: () => ParentView;
  readonly transport: Transport;
  readonly shardId: number;
  /** Of her account on the shard. */
  readonly key: Uint8Array;
}

/** Wei that she gives herself. */
const LOOT = 1_000_000n * 10n ** 18n;
const GAS_PRICE = 2n * 10n ** 9n;

/** Somebody who listens to a shard until she has what she needs: its blocks, then its operator's key. */
export class Mallory {
  readonly #options: MalloryOptions;
  /** Blocks of the shard as they were published, by number. */
  readonly #blocks = new Map<number, Uint8Array>();
  readonly address: Uint8Array;

  constructor(options: MalloryOptions) {
    const { crypto, transport, shardId } = options;
    this.#options = options;
    this.address = addressOfKey(crypto, options.key);
    transport.onMessage((bytes) => {
      const message = decodeGossip(bytes);
      if (message.kind !== "block") return;
      const header = readBlockHeader(new ByteReader(message.block));
      if (header.shardId === shardId) this.#blocks.set(header.number, message.block);
    });
    transport.onRequest(async (request) => {
      if (requestKind(request) !== "blocks") return encodeAnswer([]);
      const { shardId: wanted, first, last } = decodeBlocksRequest(request);
      const numbers = wanted === shardId ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : [];
      return encodeAnswer(numbers.flatMap((number) => this.#blocks.get(number) ?? []));
    });
  }

  /**
   * Builds and publishes a block in which she gets her loot, and the crosslink that ends with it.
   * @param operatorKey of the shard's operator
   */
  plant(operatorKey: Uint8Array): { crosslink: Crosslink; block: MintingBlock } {
    const { crypto, shardId, key, transport } = this.#options;
    const view = this.#options.view();
    const { domain } = view;
    const generation = view.shard(shardId)?.generation ?? 0;
    const environment = this.#environment();
    const state = this.#state(environment, addressOfKey(crypto, operatorKey));
    const slot = Math.max(view.slot(), state.head().slot + 1);
    const epoch = epochOfSlot(view.parameters, slot);
    const transaction = signTransaction(
      crypto,
      {
        chainId: environment.chainId,
        nonce: state.account(this.address).nonce,
        maxPriorityFeePerGas: 0n,
        maxFeePerGas: GAS_PRICE,
        gasLimit: 21_000n,
        to: this.address,
        value: 1n,
        data: new Uint8Array(0),
      },
      key,
    );
    const wanted = { slot, generation, transaction, thief: this.address, amount: LOOT, operatorKey };
    const block = mintingBlock(environment, state, wanted);
    this.#blocks.set(block.header.number, block.encoded);
    transport.publish(encodeGossip({ kind: "block", block: block.encoded }));

    const parent = view.parentOf(shardId);
    if (parent === null) throw new Error(`what shard ${shardId} goes on from is not known`);
    const firstBlock = parent.lastBlock + 1;
    const lastBlock = block.header.number;
    const hashes = Array.from({ length: lastBlock - firstBlock + 1 }, (_, i) => {
      const encoded = this.#blocks.get(firstBlock + i) as Uint8Array;
      return blockHash(crypto, domain, readBlockHeader(new ByteReader(encoded)));
    });
    const crosslink = {
      shardId,
      generation,
      epoch,
      parent: crosslinkHash(crypto, domain, parent),
      firstBlock,
      lastBlock,
      blocksRoot: paddedTreeRoot(crypto, hashes),
      stateRoot: block.header.stateRoot,
    };
    const signature = signAsOperator(crypto, crosslinkHash(crypto, domain, crosslink), operatorKey);
    transport.publish(encodeGossip({ kind: "crosslink", crosslink, operatorSignature: signature }));
    return { crosslink, block };
  }

  /** What she has on the shard by now, wei. */
  balance(operatorKey: Uint8Array): bigint {
    const operator = addressOfKey(this.#options.crypto, operatorKey);
    return this.#state(this.#environment(), operator).account(this.address).balance;
  }

  /** Sure that nobody looks closely, she shows what she claims to whoever asks for it. */
  answer({ missing, chunk }: DataChallenge, { steps, trace }: MintingBlock): ChallengeAnswer[] {
    const { crypto } = this.#options;
    const levels = paddedTreeLevels(
      crypto,
      trace.map((leaf) => traceLeafHash(crypto, leaf)),
    );
    const claimed = steps.map(({ payload }, i) => ({ leaf: rawTraceLeaf(trace[i] as TraceLeaf), payload }));
    const lengths = steps.map(({ payload }) => payload.length);
    return missingParts(lengths, chunk, missing).map((range) => {
      const part = showPart(claimed, levels, range);
      return { kind: "steps", ...part, steps: part.steps.map(({ leaf, payload }) => ({ ...leaf, payload })) };
    });
  }

  #environment(): LedgerEnvironment {
    const { crypto, shardId } = this.#options;
    const view = this.#options.view();
    const { domain, parameters } = view;
    return createLedgerEnvironment({ crypto, domain, parameters, facts: view.facts(), shardId });
  }

  /** After all blocks so far. */
  #state(environment: LedgerEnvironment, operator: Uint8Array): ShardState {
    const { crypto, shardId } = this.#options;
    const state = ShardState.genesis(crypto, 1);
    const generation = this.#options.view().shard(shardId)?.generation ?? 0;
    for (let number = 1; this.#blocks.has(number); number++) {
      executeBlock(environment, state, { generation, operator }, decodeBlock(this.#blocks.get(number) as Uint8Array));
    }
    return state;
  }
}
