import { expect } from "chai";
import fc from "fast-check";
import type { DisputeEvidence, Fault, HeaderOpening, LeafOpening } from "../../../ledger/dispute-evidence.ts";
import { FAULTS } from "../../../ledger/dispute-evidence.ts";
import { LedgerError } from "../../../ledger/errors.ts";
import { prepareSteps } from "../../../ledger/execute-step.ts";
import { replayStep } from "../../../ledger/replay-step.ts";
import { ShardState } from "../../../ledger/shard-state.ts";
import { encodeBlockStart, encodeImportInbox, STEP_KIND, type Step } from "../../../ledger/step.ts";
import { blockHash } from "../../../protocol/block-header.ts";
import { equal, toHex, ZERO_HASH } from "../../../protocol/bytes.ts";
import type { Crosslink } from "../../../protocol/crosslink.ts";
import type { InboxEntry } from "../../../protocol/inbox-entry.ts";
import { paddedTreeRoot, rootFromPath } from "../../../protocol/padded-tree.ts";
import { rawTraceLeafHash, readTraceWord } from "../../../protocol/trace.ts";
import { ClaimedTrace } from "../../../relayer/watcher/claimed-trace.ts";
import { findFault, leadTo } from "../../../relayer/watcher/find-fault.ts";
import type { FaultFinding, Finding } from "../../../relayer/watcher/finding.ts";
import { addressAt, crypto, domain, ETHER, keyOf, Shard } from "../../ledger/shard-fixture.ts";
import { type LieOptions, type LyingCrosslink, lie, partOf, type SoundCrosslink } from "../../support/liars.ts";
import { property } from "../../support/property.ts";
import { SoundShard } from "../../support/sound-shard.ts";

const ALICE = keyOf(1);
const EPOCH = 5;
const OPTIONS: LieOptions = { crypto, domain, slotsPerEpoch: 8 };

type Copies = "none" | "published" | "tampered";

/** A shard with its sound crosslinks, and a watcher's own state of it. */
class Watched {
  readonly shard = new Shard(1);
  readonly state = ShardState.genesis(crypto, 128);
  /** Epochs in which messages of shard 2 were demanded. */
  readonly demands: number[] = [];
  readonly sound: SoundCrosslink[] = [];
  readonly #builder = new SoundShard(this.shard.environment);
  #nonce = 0n;
  readonly entries: InboxEntry[] = [];

  deposit(value: bigint, epoch = 0): Step {
    const entry = this.shard.entry({ recipient: ALICE.address, value }, this.entries.length, epoch);
    this.entries.push(entry);
    return { kind: STEP_KIND.importInbox, payload: encodeImportInbox(entry) };
  }

  transfers(count: number): Step[] {
    return Array.from({ length: count }, (_, i) => this.shard.transfer(ALICE, addressAt(i), 1n, this.#nonce++));
  }

  build(epoch: number, blocks: readonly (readonly Step[])[]): SoundCrosslink {
    const sound = this.#builder.build(epoch, blocks);
    this.sound.push(sound);
    return sound;
  }

  /** What the watcher comes to when everything that it asks for and that can be answered is answered. */
  async judge(lying: LyingCrosslink, copies: Copies, height = 8): Promise<FaultFinding | "sound"> {
    const { crosslink, parent, below, blocks } = lying;
    const { environment } = this.shard;
    const headers = blocks.map(({ header }) => header);
    const traces = blocks.map(({ header }) => new ClaimedTrace(crypto, header.stepCount));
    const bodies = blocks.map(({ steps }) =>
      steps.map(({ leaf, payload }) => ({ kind: readTraceWord(leaf.word).kind, payload })),
    );
    const tampered = bodies.map((body) => body.map((step, i) => (i === 1 ? { ...step, payload: ZERO_HASH } : step)));
    const published = { none: [], published: [bodies], tampered: [tampered, bodies] }[copies];
    let known: typeof headers | null = null;
    const silence = (): FaultFinding => ({
      kind: "fault",
      fault: "Unanswered",
      index: null,
      evidence: { predicate: "Silence", challenge: 1n },
    });
    for (let asked = 0; asked < 80; asked++) {
      const root = toHex(this.state.root);
      const finding: Finding = await findFault(
        {
          environment,
          state: this.state,
          commitmentOf: () => null,
          duties: {
            parameters: { forceEpochs: 2, inboxEntriesPerEpoch: 1 },
            inboxEntry: (_, index) => this.entries[index] ?? null,
            demandedSources: () => [2],
            demand: (_, source, index) => {
              const epoch = source === 2 ? this.demands[index] : undefined;
              return epoch === undefined ? null : { epoch };
            },
          },
        },
        {
          crosslink,
          parent,
          below,
          headers: known,
          copiesOf: (index) => published.map((each) => each[index] as Step[]),
          claimedOf: (index) => traces[index] as ClaimedTrace,
        },
      );
      if (finding.kind === "sound") return "sound";
      expect(toHex(this.state.root), "the state is as it was").to.equal(root);
      if (finding.kind === "fault") return finding;
      if (finding.what === "headers") {
        if (known !== null || !leadTo(environment, headers, crosslink.blocksRoot)) return silence();
        known = headers;
        continue;
      }
      for (const chunk of finding.chunks) {
        const { stepCount, traceRoot } = headers[finding.index] as HeaderOpening["header"];
        const trace = traces[finding.index] as ClaimedTrace;
        expect(trace.isRevealed(chunk), "nothing is asked for twice").to.equal(false);
        for (let at = 256 * chunk; at < Math.min(256 * (chunk + 1), stepCount); at += 2 ** height) {
          const part = partOf(blocks[finding.index] as LyingCrosslink["blocks"][number], {
            first: at,
            count: Math.min(2 ** height, stepCount - at),
          });
          const first = part.steps[0] as (typeof part.steps)[number];
          const alone = new ClaimedTrace(crypto, stepCount);
          alone.add(part);
          // As the contract: what does not lead to the trace root is no answer.
          if (!equal(rootFromPath(crypto, rawTraceLeafHash(crypto, first.leaf), at, alone.path(at, [])), traceRoot)) {
            return silence();
          }
          trace.add(part);
        }
      }
    }
    throw new Error("the watcher asks without end");
  }
}

/** Whether a verifier that knows nothing but the crosslink would see the fault, too. */
function shows({ shard }: Watched, { crosslink, parent }: LyingCrosslink, { fault, evidence }: FaultFinding): boolean {
  const { environment } = shard;
  const isIn = ({ header, siblings }: HeaderOpening, { blocksRoot }: Crosslink, index: number) =>
    equal(rootFromPath(crypto, blockHash(crypto, domain, header), index, siblings), blocksRoot);
  const isLeaf = (leaf: LeafOpening, { header }: HeaderOpening, step: number) =>
    equal(rootFromPath(crypto, rawTraceLeafHash(crypto, leaf), step, leaf.siblings), header.traceRoot);
  const isBefore = ({ siblings, ...previous }: LeafOpening, leaf: LeafOpening, step: number) => {
    const root = rootFromPath(crypto, rawTraceLeafHash(crypto, previous), step - 1, siblings);
    return equal(root, leaf.siblings[siblings.length] as Uint8Array);
  };
  const isBelow = (below: Extract<DisputeEvidence, { predicate: "Step" }>["below"], index: number) => {
    if (index > 0) return below !== null && isIn(below.header, crosslink, index - 1);
    if (below === null) return parent.lastBlock === 0;
    return below.parent === parent && isIn(below.header, parent, parent.lastBlock - parent.firstBlock);
  };
  switch (evidence.predicate) {
    case "Crosslink":
      return crosslink.firstBlock !== evidence.parent.lastBlock + 1;
    case "Header":
      return isIn(evidence.header, crosslink, evidence.index);
    case "HeaderLink":
      return isIn(evidence.header, crosslink, evidence.index) && isBelow(evidence.below, evidence.index);
    case "Boundary": {
      const { header, index, leaf } = evidence;
      if (!isIn(header, crosslink, index)) return false;
      if (leaf === null) return !equal(header.header.stateRoot, crosslink.stateRoot);
      const last = header.header.stepCount - 1;
      const hides = leaf.siblings.some((hash, k) => ((last >> k) & 1) === 0 && !equal(hash, zeroTree(k)));
      return isLeaf(leaf, header, last) && hides === (fault === "TracePadding");
    }
    case "Leaf":
      return isIn(evidence.header, crosslink, evidence.index) && isLeaf(evidence.leaf, evidence.header, evidence.step);
    case "Step": {
      const { header, index, step, leaf, previous, below, payload, witness } = evidence;
      const { slot } = header.header;
      const ends = isIn(header, crosslink, index) && isLeaf(leaf, header, step);
      const starts = previous === null ? isBelow(below, index) : isBefore(previous, leaf, step);
      if (!ends || !starts || !equal(crypto.keccak256(payload), leaf.payloadHash)) return false;
      const { kind, length, fees } = readTraceWord(leaf.word);
      if (fault === "WrongPayloadLength") return length !== payload.length;
      const [prepared] = prepareSteps(environment, [{ kind, payload }]);
      const preRoot = previous?.stateRoot ?? below?.header.header.stateRoot ?? ZERO_HASH;
      const feesBefore = previous === null ? 0n : readTraceWord(previous.word).fees;
      const opening = { index: step, step: prepared as NonNullable<typeof prepared>, preRoot, feesBefore, witness };
      try {
        const outcome = replayStep(environment, slot, below?.header.header.fees ?? 0n, opening);
        if (outcome.fees !== fees) return fault === "WrongStepFees";
        return fault === "WrongStepState" && !equal(outcome.stateRoot, leaf.stateRoot);
      } catch (error) {
        const isVerdict = error instanceof LedgerError && !/Witness|Outbox|Facts/.test(error.code);
        return isVerdict && fault === "StepInadmissible";
      }
    }
    case "InboxDuty":
    case "MessageDuty":
      return isIn(evidence.last, crosslink, crosslink.lastBlock - crosslink.firstBlock);
    case "Silence":
      return fault === "Unanswered";
  }
}

/** Root of an empty subtree in a padded tree. */
function zeroTree(height: number): Uint8Array {
  return paddedTreeRoot(crypto, new Array<Uint8Array>(2 ** height).fill(ZERO_HASH));
}

describe("findFault", () => {
  /** Two crosslinks of which the watcher has followed the first: 3 blocks each, so that their trees have padding. */
  async function twoCrosslinks(): Promise<{ watched: Watched; sound: SoundCrosslink }> {
    const watched = new Watched();
    const first = watched.build(1, [[watched.deposit(ETHER)], watched.transfers(3), watched.transfers(1)]);
    expect(await watched.judge(lie("None", first, OPTIONS), "published")).to.equal("sound");
    const blocks = [watched.transfers(17), watched.transfers(2), watched.transfers(20)];
    return { watched, sound: watched.build(EPOCH, blocks) };
  }

  /** Faults that are lies, and not omissions. */
  const LIES = FAULTS.filter((fault) => !["None", "InboxLeftLying", "MessageLeftLying", "Unanswered"].includes(fault));

  function expectFound(watched: Watched, lying: LyingCrosslink, found: FaultFinding | "sound", fault: Fault): void {
    if (found === "sound") throw new Error(`${fault} is taken for sound`);
    expect(found.fault).to.equal(fault);
    expect(shows(watched, lying, found), `evidence of ${fault}`).to.equal(true);
  }

  for (const fault of LIES) {
    it(`finds ${fault}, with the block published or withheld`, async () => {
      for (const copies of ["published", "none"] as const) {
        const { watched, sound } = await twoCrosslinks();
        const lying = lie(fault, sound, OPTIONS);
        // What hides leaves of the blocks tree cannot be answered: the headers do not lead to its root.
        const expected = fault === "BlocksPadding" ? "Unanswered" : fault;
        expectFound(watched, lying, await watched.judge(lying, copies, 3), expected);
      }
    });
  }

  it("finds one lie anywhere, whatever copies say, and accuses no honest crosslink", async () => {
    const anywhere = fc.record({
      fault: fc.constantFrom("None" as const, ...LIES),
      index: fc.nat(2),
      where: fc.nat(1000),
      copies: fc.constantFrom("none" as const, "published" as const, "tampered" as const),
      height: fc.integer({ min: 3, max: 8 }),
      sizes: fc.tuple(fc.nat(40), fc.nat(40), fc.nat(40)),
    });
    await fc.assert(
      fc.asyncProperty(anywhere, async ({ fault, index, where, copies, height, sizes }) => {
        const watched = new Watched();
        const [deposit, ...blocks] = [[watched.deposit(ETHER)], ...sizes.map((size) => watched.transfers(size))];
        const first = watched.build(1, [deposit as Step[]]);
        expect(await watched.judge(lie("None", first, OPTIONS), copies, height)).to.equal("sound");
        const sound = watched.build(EPOCH, blocks);
        const count = (sound.blocks[index] as (typeof sound.blocks)[number]).steps.length;
        fc.pre(fault !== "TracePadding" || !Number.isInteger(Math.log2(count)));
        const lying = lie(fault, sound, { ...OPTIONS, index, step: where % count });
        const found = await watched.judge(lying, copies, height);
        if (fault === "None") {
          expect(found).to.equal("sound");
          return;
        }
        // Leaves that stand within what is answered at once cannot be hidden: then there is no answer.
        const isSilence = fault === "BlocksPadding" || (found !== "sound" && found.fault === "Unanswered");
        if (isSilence) expect(fault).to.match(/Padding$/);
        expectFound(watched, lying, found, isSilence ? "Unanswered" : fault);
      }),
      property(120),
    );
  }).timeout(60_000);

  it("finds what is wrong in a trace of several chunks by the roots of an answer to another one", async () => {
    const watched = new Watched();
    const first = watched.build(1, [[watched.deposit(ETHER)]]);
    expect(await watched.judge(lie("None", first, OPTIONS), "published")).to.equal("sound");
    const sound = watched.build(EPOCH, [watched.transfers(540)]);
    for (const [fault, step] of [
      ["WrongStepState", 299],
      ["WrongStepState", 256],
      ["WrongStepFees", 520],
      ["LeafPadding", 3],
      ["TracePadding", 0],
      ["StepInadmissible", 0],
    ] as const) {
      for (const copies of ["published", "tampered", "none"] as const) {
        const lying = lie(fault, sound, { ...OPTIONS, step });
        expectFound(watched, lying, await watched.judge(lying, copies, 6), fault);
      }
    }
  }).timeout(60_000);

  it("shows every kind of inadmissible step", async () => {
    const { watched, sound } = await twoCrosslinks();
    const { shard } = watched;
    const signed = (nonce: bigint, value = 1n) => shard.transfer(ALICE, addressAt(1), value, nonce);
    const start = (slot: number) => encodeBlockStart({ slot, seed: ZERO_HASH, shardCount: 3 });
    const steps: Step[] = [
      signed(0n),
      signed(44n, 2n * ETHER),
      shard.transfer(ALICE, null as unknown as Uint8Array, 1n, 44n),
      shard.deposit(addressAt(4), 1n),
      { kind: STEP_KIND.importInbox, payload: ZERO_HASH },
      { kind: STEP_KIND.importMessage, payload: ZERO_HASH },
      { kind: STEP_KIND.blockStart, payload: start(42) },
      { kind: STEP_KIND.blockStart, payload: start(41) },
      { kind: STEP_KIND.blockStart, payload: ZERO_HASH },
    ];
    shard.facts.inbox.clear();
    for (const inadmissible of steps) {
      const lying = lie("StepInadmissible", sound, { ...OPTIONS, inadmissible });
      expectFound(watched, lying, await watched.judge(lying, "published"), "StepInadmissible");
    }
  });

  it("finds an inbox entry that is left lying, and none where the quota is met", async () => {
    // Of two entries in an epoch a crosslink imports two at least.
    for (const [imported, expected] of [
      [1, "InboxLeftLying"],
      [2, null],
    ] as const) {
      const { watched, sound } = await twoCrosslinks();
      expect(await watched.judge(lie("None", sound, OPTIONS), "published")).to.equal("sound");
      const deposits = [1n, 2n, 3n].map((value) => watched.deposit(value, EPOCH - 1));
      const lying = lie("InboxLeftLying", watched.build(EPOCH + 1, [deposits.slice(0, imported)]), OPTIONS);
      const found = await watched.judge(lying, "published");
      if (expected === null) expect(found).to.equal("sound");
      else expectFound(watched, lying, found, expected);
    }
  });

  it("finds a message that was demanded and is left lying", async () => {
    const { watched, sound } = await twoCrosslinks();
    watched.demands.push(EPOCH - 1);
    expect(await watched.judge(lie("None", sound, OPTIONS), "published")).to.equal("sound");
    const lying = lie("MessageLeftLying", watched.build(EPOCH + 1, [watched.transfers(1)]), OPTIONS);
    expectFound(watched, lying, await watched.judge(lying, "published"), "MessageLeftLying");
  });

  it("says nothing before the parent chain is known far enough", async () => {
    const { watched, sound } = await twoCrosslinks();
    watched.shard.facts.horizon = 3;
    const root = toHex(watched.state.root);
    const refusal = await watched.judge(lie("None", sound, OPTIONS), "published").catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(LedgerError).with.property("code", "FactsUnavailable");
    expect(toHex(watched.state.root)).to.equal(root);
    watched.shard.facts.horizon = Number.POSITIVE_INFINITY;
    expect(await watched.judge(lie("None", sound, OPTIONS), "published")).to.equal("sound");
  });
});
