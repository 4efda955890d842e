import { expect } from "chai";
import { LedgerError } from "../../ledger/errors.ts";
import { prepareSteps } from "../../ledger/execute-step.ts";
import { replayStep } from "../../ledger/replay-step.ts";
import { openStep, openStepOn, type StepAccess, type StepOpening } from "../../ledger/step-witness.ts";
import { toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { type ExampleBlock, exampleBlocks } from "./example-blocks.ts";

describe("ledger/step-witness", () => {
  const examples = exampleBlocks();
  const open = ({ shard, previous, block }: ExampleBlock, index: number): StepOpening =>
    openStep(shard.environment, previous, block, index);
  const replay = ({ shard, previous, block }: ExampleBlock, opening: StepOpening) =>
    replayStep(shard.environment, block.header.slot, previous?.fees ?? 0n, opening);
  const every = examples.flatMap((example) => example.block.steps.map((_, index) => ({ example, index })));

  for (const example of examples) {
    it(`replays every step alone to the root and the fees of its trace leaf: ${example.name}`, () => {
      let root = example.previous?.stateRoot ?? ZERO_HASH;
      let fees = 0n;
      for (const leaf of example.built.trace) {
        const opening = open(example, leaf.index);
        expect(toHex(opening.preRoot)).to.equal(toHex(root));
        expect(opening.feesBefore).to.equal(fees);
        const outcome = replay(example, opening);
        expect(toHex(outcome.stateRoot)).to.equal(toHex(leaf.stateRoot));
        expect(outcome.fees).to.equal(leaf.fees);
        expect(outcome.receipt).to.deep.equal(example.built.receipts[leaf.index]);
        root = leaf.stateRoot;
        fees = leaf.fees;
      }
    });
  }

  it("takes the same out of a block on top of the whole state, and leaves that as it was", () => {
    for (const example of exampleBlocks().reverse()) {
      const { shard, previous, block } = example;
      shard.state.undoBlock();
      const root = toHex(shard.state.root);
      const outboxes = shard.state.outboxes.all();
      for (const index of block.steps.keys()) {
        const opening = openStepOn(shard.environment, shard.state, block.header.slot, block.steps, index);
        expect(opening).to.deep.equal(openStep(shard.environment, previous, block, index));
        expect(toHex(shard.state.root)).to.equal(root);
        expect(shard.state.outboxes.all()).to.deep.equal(outboxes);
      }
    }
  });

  it("has accesses that end in every way", () => {
    const ends = every.flatMap(({ example, index }) => open(example, index).witness.accesses.map(({ end }) => end));
    expect([...new Set(ends)].sort()).to.deep.equal([0, 1, 2]);
  });

  it("refuses a witness in which anything is changed, missing or too much", () => {
    const flip = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 7 ? byte ^ 1 : byte));
    const changes: ((access: StepAccess) => StepAccess | null)[] = [
      (access) => ({ ...access, key: flip(access.key) }),
      (access) => (access.word === undefined ? null : { ...access, word: flip(access.word) }),
      (access) => (access.otherKey === undefined ? null : { ...access, otherKey: access.key }),
      (access) => (access.otherWord === undefined ? null : { ...access, otherWord: flip(access.otherWord) }),
      (access) => (access.siblings.length === 0 ? null : { ...access, siblings: access.siblings.slice(1) }),
      (access) => ({ ...access, siblings: [...access.siblings, ZERO_HASH] }),
      (access) => (access.siblings.length === 0 ? null : { ...access, siblings: access.siblings.map(flip) }),
      (access) => ({ ...access, end: access.end === 1 ? 0 : 1 }),
      (access) => ({ ...access, end: access.end === 2 ? 1 : 2 }),
    ];
    for (const { example, index } of every) {
      const opening = open(example, index);
      const refuses = (witness: StepOpening["witness"]) =>
        expect(() => replay(example, { ...opening, witness })).to.throw(LedgerError, /Witness|OutboxOpening/);
      const { accesses, outboxOpening } = opening.witness;
      accesses.forEach((access, i) => {
        for (const change of changes) {
          const changed = change(access);
          if (changed !== null) refuses({ ...opening.witness, accesses: accesses.with(i, changed) });
        }
      });
      refuses({ ...opening.witness, accesses: accesses.slice(0, -1) });
      refuses({ ...opening.witness, accesses: [...accesses, accesses[0]!] });
      if (outboxOpening === undefined) {
        refuses({ accesses, outboxOpening: { destination: 3, outbox: { count: 1, frontier: [ZERO_HASH] } } });
      } else {
        refuses({ accesses });
      }
    }
  });

  it("leads to the verdict on an inadmissible step, too", () => {
    const example = examples.find(({ name }) => name === "transfers and messages")!;
    const { block } = example;
    // The second transfer of Alice in place of her first: a nonce too far.
    const steps = block.steps.with(1, block.steps[3]!);
    const opening = openStep(example.shard.environment, example.previous, { ...block, steps }, 1);
    expect(opening.witness.accesses).to.have.length(1);
    expect(() => replay(example, opening)).to.throw(LedgerError, "WrongNonce");
  });

  it("takes no step for another", () => {
    const example = examples.find(({ name }) => name === "transfers and messages")!;
    const opening = open(example, 1);
    const [step] = prepareSteps(example.shard.environment, [example.block.steps[2]!]);
    expect(() => replay(example, { ...opening, step: step! })).to.throw(LedgerError, "MissingWitness");
  });
});
