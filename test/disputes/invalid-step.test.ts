import { expect } from "chai";
import fc from "fast-check";
import type { BelowOpening, Fault, HeaderOpening } from "../../ledger/dispute-evidence.ts";
import { encodeBlockStart, STEP_KIND, type Step } from "../../ledger/step.ts";
import { openStepOn, type StepOpening } from "../../ledger/step-witness.ts";
import type { BlockHeader } from "../../protocol/block-header.ts";
import { fromHex, toHex, word, ZERO_HASH } from "../../protocol/bytes.ts";
import { type Crosslink, crosslinkHash, genesisCrosslink } from "../../protocol/crosslink.ts";
import { paddedTreeProof, paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { encodeEvidence } from "../../relayer/parent/dispute-codec.ts";
import { addressAt, crypto, domain, ETHER, GWEI, keyOf, Shard } from "../ledger/shard-fixture.ts";
import { type StepEvidence, stepEvidence } from "../support/claimed-openings.ts";
import { type LieOptions, type LyingCrosslink, lie, type SoundBlock, type SoundCrosslink } from "../support/liars.ts";
import { mutated } from "../support/mutation.ts";
import { property } from "../support/property.ts";
import { disputedWitness, StepExecutor, type StepInBlock } from "../support/step-executor.ts";

const ALICE = keyOf(1);
const BOB = keyOf(2);
const EPOCH = 2;
const OPTIONS: LieOptions = { crypto, domain, slotsPerEpoch: 8 };
const GARBAGE: Step = { kind: STEP_KIND.transaction, payload: Uint8Array.of(2, 0xc0) };
const MAX_FEES = 2n ** 128n - 1n;
const TRANSFER_FEE = 21_000n * GWEI;

/** A shard with its sound crosslinks, and how each step of them is opened, also one that takes the place of a sound one. */
class OpenedShard {
  readonly shard = new Shard(1);
  readonly sound: SoundCrosslink[] = [];
  readonly #openings: StepOpening[][][] = [];
  readonly #inadmissible: StepOpening[][] = [];
  readonly #previous: (BlockHeader | null)[][] = [];
  #parent: Crosslink = genesisCrosslink(1);
  #below: HeaderOpening | null = null;

  /** @param inadmissible put at the end of each block, or in the place of its first step if it is a BlockStart */
  build(epoch: number, blocks: readonly (readonly Step[])[], inadmissible: Step): void {
    const { shard } = this;
    const { environment, state } = shard;
    const built: SoundBlock[] = [];
    const hashes: Uint8Array[] = [];
    const openings: StepOpening[][] = [];
    const refused: StepOpening[] = [];
    const previous: (BlockHeader | null)[] = [];
    for (const [i, candidates] of blocks.entries()) {
      const slot = environment.parameters.slotsPerEpoch * epoch + i;
      const { steps, skipped } = shard.build(slot, candidates);
      expect(skipped).to.deep.equal([]);
      state.undoBlock();
      previous.push(state.header);
      openings.push(steps.map((_, j) => openStepOn(environment, state, slot, steps, j)));
      const place = inadmissible.kind === STEP_KIND.blockStart ? 0 : steps.length;
      refused.push(openStepOn(environment, state, slot, [...steps.slice(0, place), inadmissible], place));
      const again = shard.build(slot, candidates);
      built.push(again);
      hashes.push(again.blockHash);
    }
    const parent = this.#parent;
    const crosslink: Crosslink = {
      shardId: environment.shardId,
      generation: 0,
      epoch,
      parent: crosslinkHash(crypto, domain, parent),
      firstBlock: parent.lastBlock + 1,
      lastBlock: parent.lastBlock + blocks.length,
      blocksRoot: paddedTreeRoot(crypto, hashes),
      stateRoot: state.root.slice(),
    };
    this.sound.push({ crosslink, parent, below: this.#below, blocks: built });
    this.#openings.push(openings);
    this.#inadmissible.push(refused);
    this.#previous.push(previous);
    const last = built.length - 1;
    const { header } = built[last] as SoundBlock;
    this.#parent = crosslink;
    this.#below = { header, siblings: paddedTreeProof(crypto, hashes, last) };
  }

  /** A step of a sound block, or the inadmissible one of that block. */
  step(at: number, index: number, step: number, isInadmissible = false): StepInBlock {
    const { environment } = this.shard;
    const block = this.sound[at]?.blocks[index] as SoundBlock;
    const openings = this.#openings[at]?.[index] as StepOpening[];
    const opening = (isInadmissible ? this.#inadmissible[at]?.[index] : openings[step]) as StepOpening;
    const { slot } = block.header;
    return { environment, slot, previousFees: this.#previous[at]?.[index]?.fees ?? 0n, opening };
  }
}

describe("InvalidStep", () => {
  const opened = new OpenedShard();
  let executor: StepExecutor;

  before(async () => {
    const { shard } = opened;
    const call = { destination: 2, recipient: addressAt(1), data: Uint8Array.of(1) };
    // On genesis; then on that, with fees to credit and an outbox that is there.
    opened.build(
      1,
      [[shard.deposit(ALICE.address, ETHER)], [shard.message(ALICE, call, 5n, 0n), shard.deposit(BOB.address, ETHER)]],
      GARBAGE,
    );
    opened.build(
      EPOCH,
      [
        [shard.transfer(ALICE, addressAt(7), 5n, 1n), shard.message(ALICE, call, 5n, 2n)],
        [],
        [
          shard.forced(shard.signed(BOB, ALICE.address, 1n, 0n)),
          shard.transfer(BOB, BOB.address, 5n, 1n),
          shard.transfer(BOB, ALICE.address, 5n, 2n),
          shard.deposit(addressAt(9), 0n),
        ],
      ],
      GARBAGE,
    );
    executor = await StepExecutor.deploy(shard.environment);
  });

  const sound = (at: number): LyingCrosslink => lie("None", opened.sound[at] as SoundCrosslink, OPTIONS);

  /** Every step of every sound crosslink. */
  function* steps(): Generator<[at: number, index: number, step: number]> {
    for (const [at, { blocks }] of opened.sound.entries()) {
      for (const [index, block] of blocks.entries()) {
        for (const step of block.steps.keys()) yield [at, index, step];
      }
    }
  }

  function ask(claimed: LyingCrosslink, evidence: StepEvidence, step: StepInBlock) {
    return executor.ask(step, claimed.crosslink, encodeEvidence(evidence));
  }

  async function expectFault(fault: Fault, at: number, index: number, step: number, inadmissible = GARBAGE) {
    const crosslink = opened.sound[at] as SoundCrosslink;
    const last = (crosslink.blocks[index] as SoundBlock).steps.length - 1;
    const claimed = lie(fault, crosslink, { ...OPTIONS, index, step: Math.min(step, last), inadmissible });
    const inBlock = opened.step(at, index, step, fault === "StepInadmissible");
    const found = await ask(claimed, stepEvidence(claimed, index, step, disputedWitness(inBlock)), inBlock);
    expect({ fault: found.fault, blockIndex: found.blockIndex }).to.deep.equal({ fault, blockIndex: index });
  }

  it("finds every step of sound crosslinks sound", async () => {
    for (const [at, index, step] of steps()) {
      const inBlock = opened.step(at, index, step);
      const { fault } = await ask(sound(at), stepEvidence(sound(at), index, step, disputedWitness(inBlock)), inBlock);
      expect(fault).to.equal("None", `crosslink ${at}, block ${index}, step ${step}`);
    }
  });

  for (const fault of ["WrongPayloadLength", "WrongStepFees", "WrongStepState"] as const) {
    it(`finds ${fault} in any step`, async () => {
      for (const [at, index, step] of steps()) await expectFault(fault, at, index, step);
    });
  }

  it("finds StepInadmissible at the end of any block", async () => {
    for (const [at, { blocks }] of opened.sound.entries()) {
      for (const [index, block] of blocks.entries())
        await expectFault("StepInadmissible", at, index, block.steps.length);
    }
  });

  it("finds StepInadmissible at the start of a block", async () => {
    const payload = encodeBlockStart({ slot: 8 * EPOCH, seed: crypto.sha256(word(99)), shardCount: 3 });
    const inadmissible = { kind: STEP_KIND.blockStart, payload };
    const another = new OpenedShard();
    another.build(1, [[another.shard.deposit(ALICE.address, ETHER)]], inadmissible);
    another.build(EPOCH, [[another.shard.transfer(ALICE, BOB.address, 1n, 0n)]], inadmissible);
    const options = { ...OPTIONS, index: 0, step: 0, inadmissible };
    const claimed = lie("StepInadmissible", another.sound[1] as SoundCrosslink, options);
    const inBlock = another.step(1, 0, 0, true);
    const { fault } = await ask(claimed, stepEvidence(claimed, 0, 0, disputedWitness(inBlock)), inBlock);
    expect(fault).to.equal("StepInadmissible");
  });

  it("blames no block for a first step that was executed on another block than it names", async () => {
    const crosslink = opened.sound[1] as SoundCrosslink;
    for (const [step, blockIndex] of [
      [0, 0xffff],
      [1, 2],
    ] as const) {
      const blocks = crosslink.blocks.map((block, i) => {
        const trace = block.trace.map((leaf, j) => (i === 2 && j === step ? { ...leaf, stateRoot: ZERO_HASH } : leaf));
        return { ...block, trace };
      });
      const claimed = lie("WrongParentHash", { ...crosslink, blocks }, { ...OPTIONS, index: 2 });
      const inBlock = opened.step(1, 2, step);
      const found = await ask(claimed, stepEvidence(claimed, 2, step, disputedWitness(inBlock)), inBlock);
      expect({ ...found }).to.include({ fault: "WrongStepState", blockIndex });
    }
  });

  /** The second crosslink with other fees in the leaf before the transfer of its first block, and in that. */
  function withFees(before: bigint, after: bigint): LyingCrosslink {
    const crosslink = opened.sound[1] as SoundCrosslink;
    const blocks = crosslink.blocks.map((block, i) => {
      if (i > 0) return block;
      const claims = [before, after];
      return { ...block, trace: block.trace.map((leaf, j) => ({ ...leaf, fees: claims[j] ?? leaf.fees })) };
    });
    return lie("None", { ...crosslink, blocks }, OPTIONS);
  }

  it("adds up fees of any size", async () => {
    for (const [before, after, fault] of [
      [MAX_FEES, 0n, "WrongStepFees"],
      [MAX_FEES, MAX_FEES, "WrongStepFees"],
      [MAX_FEES + 1n - TRANSFER_FEE, 0n, "WrongStepFees"],
      [MAX_FEES - TRANSFER_FEE, MAX_FEES, "None"],
    ] as const) {
      const claimed = withFees(before, after);
      const inBlock = opened.step(1, 0, 1);
      expect((await ask(claimed, stepEvidence(claimed, 0, 1, disputedWitness(inBlock)), inBlock)).fault).to.equal(
        fault,
      );
    }
  });

  describe("reverts", () => {
    for (const fault of [
      "WrongLeafIndex",
      "UnknownStepKind",
      "PayloadTooLong",
      "MisplacedBlockStart",
      "LeafPadding",
    ] as const) {
      it(`for a leaf that is at fault by itself: ${fault}`, async () => {
        for (const step of [0, 2]) {
          const claimed = lie(fault, opened.sound[1] as SoundCrosslink, { ...OPTIONS, index: 2, step });
          const inBlock = opened.step(1, 2, step);
          await expect(
            ask(claimed, stepEvidence(claimed, 2, step, disputedWitness(inBlock)), inBlock),
          ).to.be.revertedWithCustomError(executor.judge, "InvalidStep_LeafAtFault");
        }
      });
    }

    const flip = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte));
    type Opening = { readonly siblings: readonly Uint8Array[] };
    const offPath = <T extends Opening>(it: T): T => ({ ...it, siblings: it.siblings.map(flip) });
    const changes: Record<string, [error: string, step: number, change: (it: StepEvidence) => StepEvidence]> = {
      "another block": ["Openings_WrongHeader", 1, (it) => ({ ...it, index: 1 })],
      "a block that there is not": ["PaddedTree_IndexOutOfRange", 1, (it) => ({ ...it, index: 3 })],
      "another path of the header": ["Openings_WrongHeader", 1, (it) => ({ ...it, header: offPath(it.header) })],
      "another header": [
        "Openings_WrongHeader",
        1,
        (it) => ({ ...it, header: { ...it.header, header: { ...it.header.header, slot: 23 } } }),
      ],
      "another step": ["Openings_WrongLeaf", 1, (it) => ({ ...it, step: 2 })],
      "a step that there is not": ["PaddedTree_IndexOutOfRange", 1, (it) => ({ ...it, step: 5 })],
      "another path of the leaf": ["Openings_WrongLeaf", 1, (it) => ({ ...it, leaf: offPath(it.leaf) })],
      "another leaf": ["Openings_WrongLeaf", 1, (it) => ({ ...it, leaf: { ...it.leaf, stateRoot: ZERO_HASH } })],
      "no leaf before": ["Openings_WrongLeaf", 1, (it) => ({ ...it, previous: null })],
      "the leaf itself before": ["PaddedTree_ProofLength", 2, (it) => ({ ...it, previous: it.leaf })],
      "another leaf before": [
        "Openings_WrongLeaf",
        2,
        (it) => ({ ...it, previous: { ...(it.previous as StepEvidence["leaf"]), stateRoot: ZERO_HASH } }),
      ],
      "another payload": ["InvalidStep_WrongPayload", 1, (it) => ({ ...it, payload: flip(it.payload) })],
      "no block below": ["PaddedTree_ProofLength", 0, (it) => ({ ...it, below: null })],
      "another block below": [
        "Openings_WrongHeader",
        0,
        (it) => ({ ...it, below: { parent: null, header: offPath((it.below as BelowOpening).header) } }),
      ],
    };
    for (const [name, [error, step, change]] of Object.entries(changes)) {
      it(`for ${name}`, async () => {
        const inBlock = opened.step(1, 2, step);
        const evidence = change(stepEvidence(sound(1), 2, step, disputedWitness(inBlock)));
        await expect(ask(sound(1), evidence, inBlock)).to.be.revertedWithCustomError(executor.judge, error);
      });
    }

    it("for another parent crosslink", async () => {
      const inBlock = opened.step(1, 0, 0);
      const evidence = stepEvidence(sound(1), 0, 0, disputedWitness(inBlock));
      const below = evidence.below as BelowOpening;
      const parent = { ...(below.parent as Crosslink), stateRoot: ZERO_HASH };
      await expect(ask(sound(1), { ...evidence, below: { ...below, parent } }, inBlock)).to.be.revertedWithCustomError(
        executor.judge,
        "Openings_WrongParent",
      );
    });

    it("for another predicate, and for evidence that is not encoded as it should be", async () => {
      const inBlock = opened.step(1, 2, 1);
      const encoded = encodeEvidence(stepEvidence(sound(1), 2, 1, disputedWitness(inBlock)));
      const { crosslink } = sound(1);
      await expect(executor.ask(inBlock, crosslink, encoded, { predicate: "Leaf" })).to.be.revertedWithCustomError(
        executor.judge,
        "Judge_WrongPredicate",
      );
      for (const bytes of ["0x", `0x${encoded.slice(66)}`, encoded.replace(/20/, "40")]) {
        await expect(executor.ask(inBlock, crosslink, bytes)).to.be.revertedWithCustomError(
          executor.judge,
          "InvalidStep_NotCanonical",
        );
      }
    });

    it("when the gas runs out, at whatever point", async () => {
      for (const [at, index, step] of [
        [1, 0, 0],
        [1, 0, 1],
        [1, 0, 2],
        [1, 2, 1],
      ] as const) {
        const inBlock = opened.step(at, index, step);
        const evidence = encodeEvidence(stepEvidence(sound(at), index, step, disputedWitness(inBlock)));
        let answers = 0;
        for (let gasLimit = 200_000; answers < 8; gasLimit += 4_001) {
          const found = await executor.ask(inBlock, sound(at).crosslink, evidence, { gasLimit }).catch(() => null);
          if (found === null) continue;
          answers++;
          expect(found.fault).to.equal("None", `${gasLimit} gas`);
        }
      }
    });

    it("or finds sound what is sound, whatever is done to the evidence", async () => {
      for (const [at, index, step] of steps()) {
        const inBlock = opened.step(at, index, step);
        const sample = fromHex(encodeEvidence(stepEvidence(sound(at), index, step, disputedWitness(inBlock))));
        await fc.assert(
          fc.asyncProperty(mutated([sample]), async (bytes) => {
            const found = await executor.ask(inBlock, sound(at).crosslink, toHex(bytes)).catch(() => null);
            expect(found?.fault ?? "None").to.equal("None");
          }),
          property(20),
        );
      }
    });
  });
});
