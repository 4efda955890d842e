import { expect } from "chai";
import { encodeBlock } from "../../ledger/block.ts";
import { maxBlockBytes } from "../../ledger/block-bounds.ts";
import { verifyBlock } from "../../ledger/verify-block.ts";
import { ByteReader, ByteWriter, concat, ZERO_HASH } from "../../protocol/bytes.ts";
import { hashNode } from "../../protocol/padded-tree.ts";
import { stateLeafHash } from "../../protocol/state.ts";
import { type ExampleBlock, exampleBlocks } from "./example-blocks.ts";
import { crypto } from "./shard-fixture.ts";

/** A partial tree as a tree, to change it in ways that no encoder does. */
type Node =
  | { kind: 0 }
  | { kind: 1; hash: Uint8Array }
  | { kind: 2; key: Uint8Array; word: Uint8Array }
  | { kind: 3; left: Node; right: Node };

function parse(reader: ByteReader): Node {
  switch (reader.u8()) {
    case 0:
      return { kind: 0 };
    case 1:
      return { kind: 1, hash: reader.bytes(32).slice() };
    case 2:
      return { kind: 2, key: reader.bytes(32).slice(), word: reader.bytes(32).slice() };
    default:
      return { kind: 3, left: parse(reader), right: parse(reader) };
  }
}

function write(node: Node): Uint8Array {
  switch (node.kind) {
    case 0:
      return Uint8Array.of(0);
    case 1:
      return concat(Uint8Array.of(1), node.hash);
    case 2:
      return concat(Uint8Array.of(2), node.key, node.word);
    case 3:
      return concat(Uint8Array.of(3), write(node.left), write(node.right));
  }
}

function hashOf(node: Node): Uint8Array {
  switch (node.kind) {
    case 0:
      return ZERO_HASH;
    case 1:
      return node.hash;
    case 2:
      return stateLeafHash(crypto, node.key, node.word);
    case 3:
      return hashNode(crypto, hashOf(node.left), hashOf(node.right));
  }
}

/** All trees that differ from this one by what `change` makes of one of its nodes; null where it makes nothing. */
function variants(node: Node, change: (node: Node) => Node | null): Node[] {
  const changed = change(node);
  const here = changed === null ? [] : [changed];
  if (node.kind !== 3) return here;
  return [
    ...here,
    ...variants(node.left, change).map((left): Node => ({ ...node, left })),
    ...variants(node.right, change).map((right): Node => ({ ...node, right })),
  ];
}

interface Parts {
  readonly tree: Node;
  readonly openings: Uint8Array;
}

function split(witness: Uint8Array): Parts {
  const reader = new ByteReader(witness);
  const tree = parse(new ByteReader(reader.bytes(reader.u32())));
  return { tree, openings: reader.rest() };
}

function join({ tree, openings }: Parts): Uint8Array {
  const bytes = write(tree);
  return new ByteWriter().u32(bytes.length).bytes(bytes).bytes(openings).finish();
}

describe("ledger/block-witness", () => {
  const examples = exampleBlocks();
  const verdict = ({ shard, previous, block }: ExampleBlock, witness: Uint8Array): string => {
    const result = verifyBlock(shard.environment, shard.place(previous), encodeBlock({ ...block, witness }));
    return result.ok ? "sound" : result.error.code;
  };
  const refusals = (example: ExampleBlock, change: (node: Node) => Node | null): string[] => {
    const parts = split(example.block.witness);
    return variants(parts.tree, change).map((tree) => verdict(example, join({ ...parts, tree })));
  };
  const all = (change: (node: Node) => Node | null): Set<string> =>
    new Set(examples.flatMap((example) => refusals(example, change)));

  it("is read and written back by this test", () => {
    for (const example of examples) expect(verdict(example, join(split(example.block.witness)))).to.equal("sound");
  });

  it("does not open with the hash in place of a touched leaf", () => {
    const codes = all((node) => (node.kind === 2 ? { kind: 1, hash: hashOf(node) } : null));
    expect([...codes]).to.deep.equal(["MissingWitness"]);
  });

  it("does not open with the hash in place of a touched inner node", () => {
    const codes = all((node) => (node.kind === 3 ? { kind: 1, hash: hashOf(node) } : null));
    expect([...codes]).to.deep.equal(["MissingWitness"]);
  });

  it("refuses the hash of nothing in place of an empty subtree", () => {
    expect([...all((node) => (node.kind === 0 ? { kind: 1, hash: ZERO_HASH } : null))]).to.deep.equal([
      "MalformedWitness",
    ]);
  });

  it("refuses other words and other keys", () => {
    const flip = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 31 ? byte ^ 1 : byte));
    const words = all((node) => (node.kind === 2 ? { ...node, word: flip(node.word) } : null));
    expect([...words]).to.deep.equal(["WrongPreStateRoot"]);
    const keys = all((node) => (node.kind === 2 ? { ...node, key: flip(node.key) } : null));
    expect([...keys]).to.deep.equal(["WrongPreStateRoot"]);
  });

  it("refuses a leaf off the path of its key", () => {
    const codes = all((node) => (node.kind === 3 ? { ...node, left: node.right, right: node.left } : null));
    codes.delete("WrongPreStateRoot");
    expect([...codes]).to.deep.equal(["MalformedWitness"]);
  });

  it("refuses more of the tree than is touched", () => {
    // The last block of the first shard touches little; an earlier one, of the same state before it, knows more of the tree.
    const example = examples.find(({ name }) => name === "nothing but fees to credit")!;
    const { tree } = example.shard.state;
    const known = new Map<string, Node>();
    const collect = (reference: number): Node => {
      const { store } = tree;
      const node: Node =
        reference === 0
          ? { kind: 0 }
          : reference < 0
            ? { kind: 2, key: store.key(-1 - reference).slice(), word: store.word(-1 - reference).slice() }
            : { kind: 3, left: collect(store.child(reference, 0)), right: collect(store.child(reference, 1)) };
      known.set(hashOf(node).join(), node);
      return node;
    };
    collect(tree.store.root);
    const codes = refusals(example, (node) => (node.kind === 1 ? (known.get(node.hash.join()) ?? null) : null));
    expect(codes.length).to.be.greaterThan(0);
    expect([...new Set(codes)]).to.deep.equal(["NonCanonicalWitness"]);
  });

  it("refuses a tree deeper than a key, and unknown marks", () => {
    const example = examples[0]!;
    const deep = new Uint8Array(2 * 257 + 1);
    for (let i = 0; i < 257; i++) deep[i] = 3;
    const witness = (bytes: Uint8Array) => new ByteWriter().u32(bytes.length).bytes(bytes).u16(0).finish();
    expect(verdict(example, witness(deep))).to.equal("MalformedWitness");
    expect(verdict(example, witness(Uint8Array.of(4)))).to.equal("MalformedWitness");
    expect(verdict(example, witness(Uint8Array.of(0, 0)))).to.equal("MalformedWitness");
    expect(verdict(example, witness(Uint8Array.of(0)))).to.equal("sound");
  });

  it("refuses more inner nodes than the steps can touch, before it builds them", () => {
    const example = examples[0]!;
    expect(example.block.header.stepCount).to.equal(1);
    const witness = (tree: Node) => join({ tree, openings: Uint8Array.of(0, 0) });
    const hash: Node = { kind: 1, hash: new Uint8Array(32).fill(1) };
    const complete = (depth: number): Node =>
      depth === 0 ? hash : { kind: 3, left: complete(depth - 1), right: complete(depth - 1) };
    // 1023 inner nodes, and 2047; a step touches four keys of 256 bits.
    expect(verdict(example, witness(complete(10)))).to.equal("WrongPreStateRoot");
    expect(verdict(example, witness(complete(11)))).to.equal("MalformedWitness");
  });

  it("refuses inner nodes over one leaf or none", () => {
    const empty: Node = { kind: 0 };
    expect([...all((node) => (node.kind === 0 ? { kind: 3, left: empty, right: empty } : null))]).to.deep.equal([
      "MalformedWitness",
    ]);
    const codes = all((node) => (node.kind === 2 ? { kind: 3, left: node, right: empty } : null));
    expect([...codes]).to.deep.equal(["MalformedWitness"]);
  });

  it("has no more bytes than its steps allow", () => {
    for (const { block } of examples) {
      expect(encodeBlock(block).length).to.be.at.most(maxBlockBytes(block.header.stepCount));
    }
  });

  describe("outbox openings", () => {
    const example = examples.find(({ name }) => name.includes("an old outbox"))!;
    const { tree, openings } = split(example.block.witness);
    const with_ = (bytes: Uint8Array) => verdict(example, join({ tree, openings: bytes }));
    const opening = openings.subarray(2);
    const other = new ByteWriter().u32(9).u64(1).fixed(new Uint8Array(32).fill(1), 32).finish();
    const absent = new ByteWriter().u32(9).u64(0).finish();

    it("are there for the outbox that is not new", () =>
      expect(with_(concat(Uint8Array.of(0, 1), opening))).to.equal("sound"));
    it("may not be missing", () => expect(with_(Uint8Array.of(0, 0))).to.equal("WrongOutboxOpening"));
    it("may not be of outboxes that are not appended to", () =>
      expect(with_(concat(Uint8Array.of(0, 2), opening, other))).to.equal("NonCanonicalWitness"));
    it("may not be twice", () =>
      expect(with_(concat(Uint8Array.of(0, 2), opening, opening))).to.equal("MalformedWitness"));
    it("may not be out of order", () =>
      expect(with_(concat(Uint8Array.of(0, 2), other, opening))).to.equal("MalformedWitness"));
    it("may not be of an empty outbox", () =>
      expect(with_(concat(Uint8Array.of(0, 2), opening, absent))).to.equal("MalformedWitness"));
    it("may not say another count", () => {
      const count = opening.slice();
      count[11] = 4;
      expect(with_(concat(Uint8Array.of(0, 1), count.subarray(0, 12 + 32)))).to.equal("WrongOutboxOpening");
    });
  });
});
