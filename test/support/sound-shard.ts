import { encodeBlock } from "../../ledger/block.ts";
import { type BuiltBlock, buildBlock } from "../../ledger/build-block.ts";
import type { HeaderOpening } from "../../ledger/dispute-evidence.ts";
import type { LedgerEnvironment } from "../../ledger/environment.ts";
import { ShardState, type Snapshot } from "../../ledger/shard-state.ts";
import type { Step } from "../../ledger/step.ts";
import { blockHash } from "../../protocol/block-header.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink } from "../../protocol/crosslink.ts";
import { signAsOperator } from "../../protocol/operator-signature.ts";
import { paddedTreeProof, paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { readTraceWord } from "../../protocol/trace.ts";
import type { LyingCrosslink, SoundCrosslink } from "./liars.ts";

/** From where a shard can go on. */
export interface SoundPlace {
  readonly snapshot: Snapshot;
  readonly parent: Crosslink;
  readonly below: HeaderOpening | null;
}

/** Blocks that can be taken back. */
const UNDOABLE_BLOCKS = 64;

/** A shard from genesis on whose crosslinks are sound, for liars to lie about. */
export class SoundShard {
  readonly environment: LedgerEnvironment;
  state: ShardState;
  #generation = 0;
  /** All blocks from block 1 on. */
  readonly built: BuiltBlock[] = [];
  #parent: Crosslink;
  #below: HeaderOpening | null = null;

  constructor(environment: LedgerEnvironment) {
    this.environment = environment;
    this.state = ShardState.genesis(environment.crypto, UNDOABLE_BLOCKS);
    this.#parent = genesisCrosslink(environment.shardId);
  }

  /** After the last crosslink. */
  get place(): SoundPlace {
    return { snapshot: this.state.snapshot(), parent: this.#parent, below: this.#below };
  }

  /** Forgets what came after that place: the shard goes on from there in another generation. */
  resume({ snapshot, parent, below }: SoundPlace, generation: number): void {
    this.state = ShardState.load(this.environment.crypto, snapshot, UNDOABLE_BLOCKS);
    this.#generation = generation;
    this.#parent = parent;
    this.#below = below;
  }

  /**
   * The next crosslink, with a block for each list of candidates, one in each slot from the start of the epoch on.
   * @throws Error when a candidate is inadmissible
   */
  build(epoch: number, blocks: readonly (readonly Step[])[]): SoundCrosslink {
    const { state, environment } = this;
    const { crypto, domain, shardId, parameters } = environment;
    const built = blocks.map((candidates, i) => {
      const slot = epoch * parameters.slotsPerEpoch + i;
      const block = buildBlock(environment, state, { slot, generation: this.#generation, candidates });
      if (block.skipped[0] !== undefined) throw block.skipped[0].error;
      return block;
    });
    this.built.push(...built);
    const hashes = built.map((each) => each.blockHash);
    const parent = this.#parent;
    const crosslink: Crosslink = {
      shardId,
      generation: this.#generation,
      epoch,
      parent: crosslinkHash(crypto, domain, parent),
      firstBlock: parent.lastBlock + 1,
      lastBlock: parent.lastBlock + blocks.length,
      blocksRoot: paddedTreeRoot(crypto, hashes),
      stateRoot: state.root.slice(),
    };
    const sound = { crosslink, parent, below: this.#below, blocks: built };
    const last = built.length - 1;
    const { header } = built[last] as (typeof built)[number];
    this.#parent = crosslink;
    this.#below = { header, siblings: paddedTreeProof(crypto, hashes, last) };
    return sound;
  }
}

/** The blocks as their operator publishes them, encoded; without witnesses, which whoever executes them does not read. */
export function publish(
  { crypto, domain }: LedgerEnvironment,
  { blocks }: LyingCrosslink,
  operatorKey: Uint8Array,
): Uint8Array[] {
  return blocks.map(({ header, steps }) =>
    encodeBlock({
      header,
      operatorSignature: signAsOperator(crypto, blockHash(crypto, domain, header), operatorKey),
      steps: steps.map(({ leaf, payload }) => ({ kind: readTraceWord(leaf.word).kind, payload })),
      witness: new Uint8Array(),
    }),
  );
}
