import { createLedgerEnvironment, type LedgerEnvironment } from "../../ledger/environment.ts";
import { verifyBlock } from "../../ledger/verify-block.ts";
import { BLOCK_HEADER_BYTES, type BlockHeader, blockHash, readBlockHeader } from "../../protocol/block-header.ts";
import { ByteReader, equal, ZERO_HASH } from "../../protocol/bytes.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import { paddedTreeLevels } from "../../protocol/padded-tree.ts";
import { rawTraceLeaf, traceLeafHash } from "../../protocol/trace.ts";
import type { DataChallenge, ParentView } from "../parent/parent-view.ts";
import { CrosslinkData } from "./crosslink-data.ts";
import type { ShownData } from "./shown-data.ts";
import { missingParts, showPart } from "./trace-parts.ts";

export interface AnswererOptions {
  readonly crypto: Crypto;
  readonly view: ParentView;
  /** Blocks of that number that this node has, encoded. */
  readonly heldBlocks: (shardId: number, number: number) => readonly Uint8Array[];
  /** Shows it on the parent chain; does nothing when somebody else was first. */
  readonly answer: (id: bigint, answer: ShownData) => Promise<unknown>;
  /** Its turn among the nodes that answer: each later one waits for those before it. */
  readonly rank: number;
  readonly answerers: number;
  readonly onError: (error: unknown) => void;
}

/** Parent slots that each later node waits for the one before it. */
const TURN_SLOTS = 2;
/** Parent blocks after which what is still missing is shown again. */
const RETRY_BLOCKS = 4;

/** Shows what others ask for on the parent chain, if this node has it and it is sound. Half of the challenge's bond pays. */
export class Answerer {
  readonly #options: AnswererOptions;
  /** By challenge: parent time from which it is this node's turn, and the block in which it was answered last. */
  readonly #asked = new Map<bigint, { readonly from: number; answeredIn: number }>();
  #isBusy = false;

  constructor(options: AnswererOptions) {
    this.#options = options;
  }

  /** Called at every block of the parent chain. */
  async onBlock(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      const open = this.#options.view.challenges().filter((challenge) => this.#isOpen(challenge));
      for (const id of this.#asked.keys()) if (open.every((challenge) => challenge.id !== id)) this.#asked.delete(id);
      for (const challenge of open) {
        if (this.#isMyTurn(challenge)) await this.#answer(challenge).catch(this.#options.onError);
      }
    } finally {
      this.#isBusy = false;
    }
  }

  #isOpen({ missing, deadlineTime, deadlineBlock, position, crosslink }: DataChallenge): boolean {
    const { head } = this.#options.view;
    const isLate = head.timestamp >= deadlineTime && head.number >= deadlineBlock;
    return missing !== 0 && !isLate && !this.#options.view.isVoid(position, crosslink.epoch);
  }

  #isMyTurn({ id, crosslink }: DataChallenge): boolean {
    const { view, rank, answerers } = this.#options;
    const { timestamp, number } = view.head;
    const place = (rank + crosslink.epoch) % answerers;
    const from = timestamp + place * TURN_SLOTS * view.parameters.secondsPerSlot;
    const turn = this.#asked.get(id) ?? { from, answeredIn: -RETRY_BLOCKS };
    this.#asked.set(id, turn);
    if (timestamp < turn.from || number < turn.answeredIn + RETRY_BLOCKS) return false;
    turn.answeredIn = number;
    return true;
  }

  async #answer(challenge: DataChallenge): Promise<void> {
    const { answer } = this.#options;
    const { shardId } = challenge.crosslink;
    const { crypto, view } = this.#options;
    const { domain, parameters } = view;
    const environment = createLedgerEnvironment({ crypto, domain, parameters, facts: view.facts(), shardId });
    const answers =
      challenge.blockHash === null ? this.#headers(environment, challenge) : this.#steps(environment, challenge);
    for (const each of answers) await answer(challenge.id, each);
  }

  #headers(environment: LedgerEnvironment, { crosslink }: DataChallenge): ShownData[] {
    const { view, heldBlocks } = this.#options;
    const operator = view.operatorOf(crosslink.shardId, crosslink.generation);
    if (operator === null) return [];
    const data = new CrosslinkData(environment, crosslink, operator);
    for (let number = crosslink.firstBlock; number <= crosslink.lastBlock; number++) {
      for (const bytes of heldBlocks(crosslink.shardId, number)) data.add(bytes);
    }
    data.resolve(ZERO_HASH);
    return data.headers === null ? [] : [{ kind: "headers", headers: data.headers }];
  }

  #steps(environment: LedgerEnvironment, challenge: DataChallenge): ShownData[] {
    const { crypto, domain, shardId } = environment;
    const { crosslink, chunk, missing } = challenge;
    const { firstBlock, lastBlock, generation } = crosslink;
    const operator = this.#options.view.operatorOf(shardId, generation);
    for (let number = firstBlock; number <= lastBlock && operator !== null; number++) {
      for (const bytes of this.#options.heldBlocks(shardId, number)) {
        const header = headerOf(bytes);
        if (!equal(blockHash(crypto, domain, header), challenge.blockHash as Uint8Array)) continue;
        const previous = this.#below(environment, header);
        if (previous === undefined) continue;
        // Only what is sound is shown: of a lie its author may show what it claims.
        const verdict = verifyBlock(environment, { previous, generation, operator }, bytes);
        if (!verdict.ok) continue;
        const { trace } = verdict.outcome;
        const steps = trace.map((leaf, i) => ({
          leaf: rawTraceLeaf(leaf),
          payload: (verdict.block.steps[i] as (typeof verdict.block.steps)[number]).payload,
        }));
        const levels = paddedTreeLevels(
          crypto,
          trace.map((leaf) => traceLeafHash(crypto, leaf)),
        );
        const lengths = steps.map(({ payload }) => payload.length);
        return missingParts(lengths, chunk, missing).map((range) => {
          const part = showPart(steps, levels, range);
          const shown = part.steps.map(({ leaf: { word, stateRoot }, payload }) => ({ word, stateRoot, payload }));
          return { kind: "steps", ...part, steps: shown };
        });
      }
    }
    return [];
  }

  /** Header of the block below; null below block 1, undefined when this node does not have it. */
  #below(
    { crypto, domain, shardId }: LedgerEnvironment,
    { number, parentHash }: BlockHeader,
  ): BlockHeader | null | undefined {
    if (number === 1) return null;
    return this.#options
      .heldBlocks(shardId, number - 1)
      .map(headerOf)
      .find((header) => equal(blockHash(crypto, domain, header), parentHash));
  }
}

function headerOf(block: Uint8Array): BlockHeader {
  return readBlockHeader(new ByteReader(block.subarray(0, BLOCK_HEADER_BYTES)));
}
