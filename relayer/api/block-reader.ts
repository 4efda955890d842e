import { timeOfSlot } from "../../protocol/clock.ts";
import { crosslinkHash, genesisCrosslink } from "../../protocol/crosslink.ts";
import type { ChainBlock } from "../operator/chain-block.ts";
import type { ShardOperator } from "../operator/shard-operator.ts";
import { blockJson, genesisBlockJson } from "./ethereum-json.ts";
import { JsonRpcError, SERVER_ERROR } from "./json-rpc.ts";
import type { BlockReference } from "./parameters.ts";

/** geth's code for blocks that are no longer kept. */
const PRUNED = 4444;

/** Finds the blocks that clients name: by tag, number or hash. */
export class BlockReader {
  readonly #operator: ShardOperator;

  constructor(operator: ShardOperator) {
    this.#operator = operator;
  }

  /** Number of the block, which may be one that does not exist yet; null for an unknown hash. */
  numberOf(reference: BlockReference): number | null {
    const { chain } = this.#operator;
    if (typeof reference === "object") {
      if ("number" in reference) return reference.number;
      if (reference.hash === this.#genesis().hash) return 0;
      return chain.index.blockByHash(reference.hash)?.header.number ?? null;
    }
    switch (reference) {
      case "earliest":
        return 0;
      case "safe":
        return Math.min(this.#operator.standing("justified").lastBlock, chain.head.number);
      case "finalized":
        return Math.min(this.#operator.standing("settled").lastBlock, chain.head.number);
      default:
        return chain.head.number;
    }
  }

  /** The block, or null when there is none of that number. @throws JsonRpcError when it is too old */
  block(number: number): ChainBlock | null {
    const { index, head } = this.#operator.chain;
    if (number >= 1 && number < Math.min(index.oldest, head.number)) {
      throw new JsonRpcError(PRUNED, "pruned history unavailable");
    }
    return index.block(number);
  }

  /** Unix time at which the block's slot began. */
  timestamp(block: ChainBlock): number {
    return this.#timeOfSlot(block.header.slot);
  }

  /** As execution-apis shows it, number 0 included; null when there is none. */
  json(number: number, full: boolean) {
    if (number === 0) return this.#genesis();
    const block = this.block(number);
    if (block === null) return null;
    const { crypto, chainId } = this.#operator;
    return blockJson(crypto, chainId, block, this.timestamp(block), full);
  }

  /** Of a reference for which an error is the only answer when it does not exist. @throws JsonRpcError */
  existingNumber(reference: BlockReference): number {
    const number = this.numberOf(reference);
    if (number === null || number > this.#operator.chain.head.number) {
      throw new JsonRpcError(SERVER_ERROR, "header not found");
    }
    return number;
  }

  #genesis() {
    const { crypto, view, shardId } = this.#operator;
    return genesisBlockJson(crosslinkHash(crypto, view.domain, genesisCrosslink(shardId)), this.#timeOfSlot(0));
  }

  #timeOfSlot(slot: number): number {
    const { parameters, genesisTime } = this.#operator.view;
    return timeOfSlot(parameters, genesisTime ?? 0, slot);
  }
}
