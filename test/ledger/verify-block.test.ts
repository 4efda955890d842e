import { expect } from "chai";
import { type Block, decodeBlock, encodeBlock } from "../../ledger/block.ts";
import type { LedgerError } from "../../ledger/errors.ts";
import { executeBlock } from "../../ledger/execute-block.ts";
import { type BlockVerdict, verifyBlock } from "../../ledger/verify-block.ts";
import { blockHash } from "../../protocol/block-header.ts";
import { concat, toHex, word } from "../../protocol/bytes.ts";
import { signAsOperator } from "../../protocol/operator-signature.ts";
import { paddedTreeRoot } from "../../protocol/padded-tree.ts";
import { traceLeafHash } from "../../protocol/trace.ts";
import { type ExampleBlock, exampleBlocks } from "./example-blocks.ts";
import { crypto, domain, keyOf, OPERATOR, Shard } from "./shard-fixture.ts";

const ALICE = keyOf(1);

function verify({ shard, previous }: ExampleBlock, bytes: Uint8Array): BlockVerdict {
  return verifyBlock(shard.environment, shard.place(previous), bytes);
}

function codeOf(verdict: BlockVerdict): string {
  return verdict.ok ? "sound" : verdict.error.code;
}

/** The block with another header, signed again. */
function withHeader(block: Block, parts: Partial<Block["header"]>): Block {
  const header = { ...block.header, ...parts };
  const operatorSignature = signAsOperator(crypto, blockHash(crypto, domain, header), OPERATOR.secret);
  return { ...block, header, operatorSignature };
}

describe("ledger/verify-block", () => {
  const examples = exampleBlocks();

  for (const example of examples) {
    it(`says of a block by its witness what execution says: ${example.name}`, () => {
      const verdict = verify(example, encodeBlock(example.block));
      if (!verdict.ok) throw verdict.error;
      const { header, receipts, messages, trace } = verdict.outcome;
      const { built } = example;
      expect({ header, receipts, messages, trace }).to.deep.equal({
        header: built.header,
        receipts: built.receipts,
        messages: built.messages,
        trace: built.trace,
      });
      expect(toHex(verdict.outcome.blockHash)).to.equal(toHex(built.blockHash));
      expect(decodeBlock(encodeBlock(example.block))).to.deep.equal(example.block);
    });
  }

  it("has the trace of the definition", () => {
    for (const { built } of examples) {
      const leaves = built.trace.map((leaf) => traceLeafHash(crypto, leaf));
      expect(toHex(built.header.traceRoot)).to.equal(toHex(paddedTreeRoot(crypto, leaves)));
    }
  });

  it("full nodes come to the same state", () => {
    const nodes = new Map<number, Shard>();
    for (const { shard, block, built } of examples) {
      const { shardId } = shard.environment;
      const node = nodes.get(shardId) ?? new Shard(shardId);
      nodes.set(shardId, node);
      const outcome = executeBlock(shard.environment, node.state, node.place(), block);
      expect(toHex(node.state.root)).to.equal(toHex(built.header.stateRoot));
      expect(outcome.receipts).to.deep.equal(built.receipts);
    }
  });

  // The blocks are small, so every byte of two of them can be tried.
  for (const name of ["transfers and messages", "messages from another shard"]) {
    it(`refuses the block with any one byte changed: ${name}`, () => {
      const example = examples.find((each) => each.name === name)!;
      const bytes = encodeBlock(example.block);
      for (let i = 0; i < bytes.length; i++) {
        bytes[i] = bytes[i]! ^ (1 << (i % 8));
        if (verify(example, bytes).ok) throw new Error(`byte ${i} of ${bytes.length} does not matter`);
        bytes[i] = bytes[i]! ^ (1 << (i % 8));
      }
      expect(codeOf(verify(example, bytes))).to.equal("sound");
    });
  }

  it("refuses the block cut short anywhere, or with anything behind it", () => {
    const example = examples[2]!;
    const bytes = encodeBlock(example.block);
    for (let length = 0; length < bytes.length; length += 7) {
      expect(codeOf(verify(example, bytes.subarray(0, length)))).to.be.oneOf([
        "Malformed",
        "MalformedWitness",
        "NoSteps",
      ]);
    }
    expect(codeOf(verify(example, concat(bytes, Uint8Array.of(0))))).to.equal("MalformedWitness");
  });

  it("refuses wrong steps wherever the header follows them, and names the step", () => {
    const example = examples[2]!;
    const { block } = example;
    const swapped = [block.steps[0]!, block.steps[3]!, ...block.steps.slice(2)];
    const verdict = verify(example, encodeBlock(withHeader({ ...block, steps: swapped }, {})));
    expect(verdict).to.include({ ok: false, step: 1 });
    expect(codeOf(verdict)).to.equal("WrongNonce");
  });

  const headers: Record<string, (block: Block) => Block> = {
    WrongShard: (block) => withHeader(block, { shardId: 9 }),
    WrongGeneration: (block) => withHeader(block, { generation: 1 }),
    WrongNumber: (block) => withHeader(block, { number: 9 }),
    WrongParentHash: (block) => withHeader(block, { parentHash: word(1) }),
    InvalidOperatorSignature: (block) => ({
      ...block,
      operatorSignature: signAsOperator(crypto, blockHash(crypto, domain, block.header), ALICE.secret),
    }),
    WrongSlot: (block) => withHeader(block, { slot: 10 }),
    WrongFees: (block) => withHeader(block, { fees: block.header.fees + 1n }),
    WrongStateRoot: (block) => withHeader(block, { stateRoot: word(1) }),
    WrongTraceRoot: (block) => withHeader(block, { traceRoot: word(1) }),
    NoSteps: (block) => withHeader(block, { stepCount: 0 }),
    TooManySteps: (block) => withHeader(block, { stepCount: 16_385 }),
  };
  for (const [code, change] of Object.entries(headers)) {
    it(`refuses a header with ${code}, and so do full nodes`, () => {
      const example = examples[2]!;
      const bytes = encodeBlock(change(example.block));
      expect(codeOf(verify(example, bytes))).to.equal(code);

      const node = new Shard();
      executeBlock(example.shard.environment, node.state, node.place(), examples[1]!.block);
      const root = toHex(node.state.root);
      try {
        executeBlock(example.shard.environment, node.state, node.place(), decodeBlock(bytes));
        expect.fail("it was executed");
      } catch (error) {
        expect((error as LedgerError).code).to.equal(code);
      }
      expect(toHex(node.state.root)).to.equal(root);
      executeBlock(example.shard.environment, node.state, node.place(), example.block);
    });
  }

  it("refuses a block above 16 MiB before it looks at it", () => {
    expect(codeOf(verify(examples[0]!, new Uint8Array(16 * 1024 * 1024)))).to.equal("BlockTooLong");
  });

  it("takes senders that were recovered elsewhere at their word only", () => {
    const { shard, previous, block } = examples[2]!;
    const wrong = new Uint8Array(20 * block.steps.filter(({ kind }) => kind === 1).length).fill(1);
    expect(verifyBlock(shard.environment, shard.place(previous), encodeBlock(block), wrong).ok).to.equal(false);
  });
});
