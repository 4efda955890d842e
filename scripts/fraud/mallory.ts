import { decodeBlock } from "../../ledger/block.ts";
import { createLedgerEnvironment, type LedgerEnvironment } from "../../ledger/environment.ts";
import { executeBlock } from "../../ledger/execute-block.ts";
import { ShardState } from "../../ledger/shard-state.ts";
import { blockHash, readBlockHeader } from "../../protocol/block-header.ts";
import { ByteReader } from "../../protocol/bytes.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { decodeBlocksRequest, decodeGossip, encodeAnswer, encodeGossip, requestKind } from "../../protocol/gossip.ts";
import { addressOfKey } from "../../protocol/operator-signature.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { signTransaction } from "../../protocol/transaction.ts";
import type { Transport } from "../../relayer/network/transport.ts";
import type { ParentView } from "../../relayer/parent/parent-view.ts";
import { type MintingBlock, mintingBlock } from "./mint.ts";

export interface MalloryOptions {
  readonly crypto: Crypto;
  readonly view: ParentView;
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
   * @param slot of the block, in the crosslink's epoch
   */
  plant(operatorKey: Uint8Array, epoch: number, slot: number): { crosslink: Crosslink; block: MintingBlock } {
    const { crypto, view, shardId, key, transport } = this.#options;
    const { domain } = view;
    const generation = view.shard(shardId)?.generation ?? 0;
    const environment = this.#environment();
    const state = this.#state(environment, addressOfKey(crypto, operatorKey));
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
    return { crosslink, block };
  }

  #environment(): LedgerEnvironment {
    const { crypto, view, shardId } = this.#options;
    const { domain, parameters } = view;
    return createLedgerEnvironment({ crypto, domain, parameters, facts: view.facts(), shardId });
  }

  /** After all blocks so far. */
  #state(environment: LedgerEnvironment, operator: Uint8Array): ShardState {
    const { crypto, view, shardId } = this.#options;
    const state = ShardState.genesis(crypto, 1);
    const generation = view.shard(shardId)?.generation ?? 0;
    for (let number = 1; this.#blocks.has(number); number++) {
      executeBlock(environment, state, { generation, operator }, decodeBlock(this.#blocks.get(number) as Uint8Array));
    }
    return state;
  }
}
