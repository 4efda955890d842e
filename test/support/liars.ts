import type { Fault, HeaderOpening } from "../../ledger/dispute-evidence.ts";
import { STEP_KIND, type Step } from "../../ledger/step.ts";
import { type BlockHeader, blockHash } from "../../protocol/block-header.ts";
import { ZERO_HASH } from "../../protocol/bytes.ts";
import { type Crosslink, crosslinkHash } from "../../protocol/crosslink.ts";
import type { Crypto } from "../../protocol/crypto.ts";
import type { Domain } from "../../protocol/eip712.ts";
import { paddedTreeDepth, paddedTreeLevels } from "../../protocol/padded-tree.ts";
import { MAX_PAYLOAD_BYTES, MAX_STEPS } from "../../protocol/presets.ts";
import { rawTraceLeaf, rawTraceLeafHash, readTraceWord, type TraceLeaf, writeTraceWord } from "../../protocol/trace.ts";
import type { RevealedPart, RevealedStep } from "../../relayer/watcher/claimed-trace.ts";
import { type PartRange, showPart } from "../../relayer/watcher/trace-parts.ts";

/** A block as its builder knows it. */
export interface SoundBlock {
  readonly header: BlockHeader;
  readonly steps: readonly Step[];
  readonly trace: readonly TraceLeaf[];
}

/** A sound crosslink, or one whose only fault is what its blocks leave out. */
export interface SoundCrosslink {
  readonly crosslink: Crosslink;
  /** May be the genesis crosslink. */
  readonly parent: Crosslink;
  /** null on the genesis crosslink */
  readonly below: HeaderOpening | null;
  readonly blocks: readonly SoundBlock[];
}

/** A block with all that its operator knows of it, so that every challenge to it can be answered. */
export interface ClaimedBlock {
  readonly header: BlockHeader;
  readonly steps: readonly RevealedStep[];
  /** Of the padded trace, from the leaves (flat, 32 bytes each) to the root. */
  readonly levels: readonly Uint8Array[];
}

/** A crosslink that consistently claims one lie. */
export interface LyingCrosslink {
  readonly crosslink: Crosslink;
  readonly parent: Crosslink;
  readonly below: HeaderOpening | null;
  readonly blocks: readonly ClaimedBlock[];
  /** Of the padded blocks tree. */
  readonly levels: readonly Uint8Array[];
}

export interface LieOptions {
  readonly crypto: Crypto;
  readonly domain: Domain;
  readonly slotsPerEpoch: number;
  /** Block of the crosslink, from 0; by default the last one. */
  readonly index?: number;
  /** Step of that block; by default the last one. */
  readonly step?: number;
  /** For StepInadmissible: put at the end of the block, or in the place of its BlockStart if it is one. */
  readonly inadmissible?: Step;
}

interface Draft {
  crosslink: Partial<Crosslink>;
  readonly blocks: { header: Partial<BlockHeader>; steps: RevealedStep[]; hidesLeaf: boolean }[];
  hidesBlock: boolean;
}

/** Any hash that nothing leads to. */
const LIE = new Uint8Array(32).fill(0x11);
const GARBAGE: Step = { kind: STEP_KIND.transaction, payload: new Uint8Array(7).fill(1) };

/**
 * The crosslink with one fault, and everything else made to fit it: later headers name the lying one, a header repeats its last
 * leaf. Faults of omission (InboxLeftLying, MessageLeftLying, Unanswered) lie in how the crosslink was built or is
 * answered: nothing is changed for them.
 * @throws RangeError when the crosslink has no room for that lie, as a full tree has none for hidden leaves
 */
export function lie(fault: Fault, sound: SoundCrosslink, options: LieOptions): LyingCrosslink {
  const draft: Draft = {
    crosslink: {},
    blocks: sound.blocks.map(({ steps, trace }) => ({
      header: {},
      steps: trace.map((leaf, i) => ({ leaf: rawTraceLeaf(leaf), payload: (steps[i] as Step).payload })),
      hidesLeaf: false,
    })),
    hidesBlock: false,
  };
  tell(fault, sound, options, draft);
  return seal(sound, options, draft);
}

function tell(fault: Fault, sound: SoundCrosslink, options: LieOptions, draft: Draft): void {
  const index = options.index ?? sound.blocks.length - 1;
  const block = draft.blocks[index] as Draft["blocks"][number];
  const { header } = sound.blocks[index] as SoundBlock;
  const below = sound.blocks[index - 1]?.header ?? sound.below?.header;
  const at = options.step ?? block.steps.length - 1;
  const relabel = (word: Partial<ReturnType<typeof readTraceWord>>) => {
    const step = block.steps[at] as RevealedStep;
    const changed = new Uint8Array(32);
    writeTraceWord(changed, 0, { ...readTraceWord(step.leaf.word), ...word });
    block.steps[at] = { ...step, leaf: { ...step.leaf, word: changed } };
  };
  const claimed = readTraceWord((block.steps[at] as RevealedStep).leaf.word);

  switch (fault) {
    case "None":
    case "InboxLeftLying":
    case "MessageLeftLying":
    case "Unanswered":
      return;
    case "WrongFirstBlock": {
      const { firstBlock, lastBlock } = sound.crosslink;
      draft.crosslink = { firstBlock: firstBlock + 1, lastBlock: lastBlock + 1 };
      return;
    }
    case "HeaderOfOtherShard":
      block.header = { shardId: header.shardId + 1 };
      return;
    case "HeaderOfOtherGeneration":
      block.header = { generation: header.generation + 1 };
      return;
    case "WrongBlockNumber":
      block.header = { number: header.number + 1 };
      return;
    case "StepCountOutOfRange":
      block.header = { stepCount: MAX_STEPS + 1 };
      return;
    case "SlotAfterEpoch":
      block.header = { slot: (sound.crosslink.epoch + 1) * options.slotsPerEpoch };
      return;
    case "WrongParentHash":
      block.header = { parentHash: LIE };
      return;
    case "SlotNotLater":
      if (below === undefined) throw new RangeError("there is no block below");
      block.header = { slot: below.slot };
      return;
    case "CrosslinkStateMismatch":
      draft.crosslink = { stateRoot: LIE };
      return;
    case "BlocksPadding":
      draft.hidesBlock = true;
      return;
    case "TracePadding":
      block.hidesLeaf = true;
      return;
    case "HeaderStateMismatch":
      block.header = { stateRoot: LIE };
      return;
    case "HeaderFeesMismatch":
      block.header = { fees: header.fees + 1n };
      return;
    case "WrongLeafIndex":
      relabel({ index: claimed.index + 1 });
      return;
    case "UnknownStepKind":
      relabel({ kind: 9 });
      return;
    case "PayloadTooLong":
      relabel({ length: MAX_PAYLOAD_BYTES + 1 });
      return;
    case "MisplacedBlockStart":
      relabel({ kind: at === 0 ? STEP_KIND.transaction : STEP_KIND.blockStart });
      return;
    case "LeafPadding": {
      relabel({});
      (block.steps[at] as RevealedStep).leaf.word[31] = 1;
      return;
    }
    case "WrongPayloadLength":
      relabel({ length: claimed.length === 0 ? 1 : claimed.length - 1 });
      return;
    case "WrongStepFees":
      relabel({ fees: claimed.fees + 1n });
      return;
    case "WrongStepState": {
      const step = block.steps[at] as RevealedStep;
      block.steps[at] = { ...step, leaf: { ...step.leaf, stateRoot: LIE } };
      return;
    }
    case "StepInadmissible": {
      const { kind, payload } = options.inadmissible ?? GARBAGE;
      const isStart = kind === STEP_KIND.blockStart;
      const last = block.steps.at(-1) as RevealedStep;
      const place = isStart ? 0 : block.steps.length;
      const before = isStart ? (block.steps[0] as RevealedStep) : last;
      const { fees } = readTraceWord(before.leaf.word);
      const word = new Uint8Array(32);
      writeTraceWord(word, 0, { index: place, kind, length: payload.length, fees });
      const leaf = { word, payloadHash: options.crypto.keccak256(payload), stateRoot: before.leaf.stateRoot };
      block.steps[place] = { leaf, payload };
      return;
    }
    default:
      throw new RangeError(`nobody knows how to lie by ${fault satisfies never}`);
  }
}

/** Headers, blocks root and crosslink over the steps of a draft. */
function seal(sound: SoundCrosslink, { crypto, domain }: LieOptions, draft: Draft): LyingCrosslink {
  const { parent, below } = sound;
  let parentHash = below === null ? crosslinkHash(crypto, domain, parent) : blockHash(crypto, domain, below.header);
  const blocks = draft.blocks.map(({ header: changed, steps, hidesLeaf }, i): ClaimedBlock => {
    const hashes = steps.map(({ leaf }) => rawTraceLeafHash(crypto, leaf));
    const levels = levelsOf(crypto, hashes, hidesLeaf);
    const last = (steps.at(-1) as RevealedStep).leaf;
    const header: BlockHeader = {
      ...(sound.blocks[i] as SoundBlock).header,
      parentHash,
      stepCount: steps.length,
      traceRoot: levels.at(-1) as Uint8Array,
      stateRoot: last.stateRoot,
      fees: readTraceWord(last.word).fees,
      ...changed,
    };
    parentHash = blockHash(crypto, domain, header);
    return { header, steps, levels };
  });
  const hashes = blocks.map(({ header }) => blockHash(crypto, domain, header));
  const levels = levelsOf(crypto, hashes, draft.hidesBlock);
  const blocksRoot = levels.at(-1) as Uint8Array;
  const { stateRoot } = (blocks.at(-1) as ClaimedBlock).header;
  return {
    crosslink: { ...sound.crosslink, blocksRoot, stateRoot, ...draft.crosslink },
    parent,
    below,
    blocks,
    levels,
  };
}

/** @param hides one more leaf than are counted, in the last place of the padding */
function levelsOf(crypto: Crypto, leaves: readonly Uint8Array[], hides: boolean): Uint8Array[] {
  if (!hides) return paddedTreeLevels(crypto, leaves);
  const width = 2 ** paddedTreeDepth(leaves.length);
  if (width === leaves.length) throw new RangeError(`${leaves.length} leaves leave no room for another`);
  const padded = new Array<Uint8Array>(width).fill(ZERO_HASH);
  leaves.forEach((leaf, i) => {
    padded[i] = leaf;
  });
  padded[width - 1] = LIE;
  return paddedTreeLevels(crypto, padded);
}

/** Siblings of leaf `index` in a tree, bottom up: with whatever stands in its padding. */
export function pathIn(levels: readonly Uint8Array[], index: number): Uint8Array[] {
  return levels.slice(0, -1).map((level, k) => level.slice(32 * ((index >> k) ^ 1), 32 * ((index >> k) ^ 1) + 32));
}

/** What answers a challenge to steps of a block: those of an aligned subtree, as far as they are counted. */
export function partOf({ steps, levels }: ClaimedBlock, range: PartRange): RevealedPart {
  return showPart(steps, levels, range);
}
