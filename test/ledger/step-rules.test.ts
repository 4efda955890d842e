import { expect } from "chai";
import { LedgerError } from "../../ledger/errors.ts";
import { executeBlock } from "../../ledger/execute-block.ts";
import { encodeBlockStart, encodeImportInbox, STEP_KIND, type Step } from "../../ledger/step.ts";
import { appendTreeRoot } from "../../protocol/append-tree.ts";
import { blockHash } from "../../protocol/block-header.ts";
import { toHex, word, ZERO_HASH } from "../../protocol/bytes.ts";
import { INBOX_FORCED_TRANSACTION } from "../../protocol/inbox-entry.ts";
import { signAsOperator } from "../../protocol/operator-signature.ts";
import { outboxKey, outboxWordOf } from "../../protocol/state.ts";
import { FEE_COLLECTOR_ADDRESS, MESSENGER_ADDRESS } from "../../protocol/system-contracts.ts";
import { decodeTransaction, encodeTransaction } from "../../protocol/transaction.ts";
import { importStep, Settlement } from "./settlement.ts";
import { addressAt, crypto, domain, ETHER, GWEI, keyOf, OPERATOR, Shard } from "./shard-fixture.ts";

const ALICE = keyOf(1);
const BOB = keyOf(2);
const CAROL = keyOf(3);
const TRANSFER_FEE = 21_000n * GWEI;
const MESSAGE_FEE = 100_000n * GWEI;
const NOTHING = new Uint8Array(0);

/** A shard in which Alice has one ether. */
function fundedShard(shardId = 1): Shard {
  const shard = new Shard(shardId);
  shard.build(8, [shard.deposit(ALICE.address, ETHER)]);
  return shard;
}

/** Why a candidate is left out of the next block; null when it is not. */
function refusal(shard: Shard, step: Step, slot = 16): string | null {
  return shard.build(slot, [step]).skipped[0]?.error.code ?? null;
}

/** The transaction with something else in place of parts of its signature. */
function resigned(payload: Uint8Array, parts: Partial<{ r: Uint8Array; s: Uint8Array; yParity: number }>): Step {
  const { yParity, ...fields } = decodeTransaction(payload);
  const { r, s } = fields;
  return {
    kind: STEP_KIND.transaction,
    payload: encodeTransaction(fields, { r, s, yParity: Number(yParity), ...parts }),
  };
}

describe("ledger/rules of Transaction", () => {
  const cases: Record<string, (shard: Shard) => Step> = {
    Malformed: () => ({ kind: STEP_KIND.transaction, payload: Uint8Array.of(2, 0xc0) }),
    WrongChainId: (shard) => shard.transfer(ALICE, BOB.address, 1n, 0n, { chainId: 1n }),
    Creation: (shard) => ({ kind: STEP_KIND.transaction, payload: shard.signed(ALICE, null, 0n, 0n) }),
    UnknownCall: (shard) => shard.transfer(ALICE, BOB.address, 1n, 0n, { data: Uint8Array.of(1) }),
    GasLimitTooLow: (shard) => shard.transfer(ALICE, BOB.address, 1n, 0n, { gasLimit: 20_999n }),
    PriorityFeeAboveMaxFee: (shard) => shard.transfer(ALICE, BOB.address, 1n, 0n, { maxPriorityFeePerGas: GWEI + 1n }),
    FeeTooLow: (shard) => shard.transfer(ALICE, BOB.address, 1n, 0n, { maxFeePerGas: GWEI - 1n }),
    InvalidSignature: (shard) => resigned(shard.signed(ALICE, BOB.address, 1n, 0n), { yParity: 2 }),
    WrongNonce: (shard) => shard.transfer(ALICE, BOB.address, 1n, 1n),
    InsufficientBalance: (shard) => shard.transfer(ALICE, BOB.address, ETHER - TRANSFER_FEE + 1n, 0n),
  };
  for (const [code, candidate] of Object.entries(cases)) {
    it(`refuses with ${code}`, () => {
      const shard = fundedShard();
      const root = shard.build(16, []).header.stateRoot;
      expect(refusal(shard, candidate(shard), 17)).to.equal(code);
      expect(shard.balance(ALICE.address)).to.equal(ETHER);
      expect(toHex(root)).to.not.equal(toHex(ZERO_HASH));
    });
  }

  it("refuses an access list with AccessList", () => {
    const shard = fundedShard();
    const payload = shard.signed(ALICE, BOB.address, 1n, 0n);
    // 0xc0 before y parity: the empty list. In its place one entry: an address without keys.
    const at = payload.length - 66 - 2;
    const end = [...payload.keys()].findLast((i) => i <= at && payload[i] === 0xc0)!;
    const entry = Uint8Array.of(0xd7, 0xd6, 0x94, ...addressAt(1), 0xc0);
    const body = [...payload.subarray(3, end), ...entry, ...payload.subarray(end + 1)];
    const listed = Uint8Array.of(2, 0xf8, body.length, ...body);
    expect(refusal(shard, { kind: STEP_KIND.transaction, payload: listed })).to.equal("AccessList");
  });

  it("refuses high s, and r or s of zero", () => {
    const shard = fundedShard();
    const payload = shard.signed(ALICE, BOB.address, 1n, 0n);
    const { s, yParity } = decodeTransaction(payload);
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const high = word(order - BigInt(toHex(s)));
    expect(refusal(shard, resigned(payload, { s: high, yParity: 1 - Number(yParity) }), 16)).to.equal(
      "InvalidSignature",
    );
    expect(refusal(shard, resigned(payload, { s: ZERO_HASH }), 17)).to.equal("InvalidSignature");
    expect(refusal(shard, resigned(payload, { r: ZERO_HASH }), 18)).to.equal("InvalidSignature");
    expect(refusal(shard, resigned(payload, { r: word(order) }), 19)).to.equal("InvalidSignature");
  });

  it("judges by the first rule that is broken", () => {
    const shard = fundedShard();
    const broken = shard.transfer(ALICE, MESSENGER_ADDRESS, 2n * ETHER, 7n, { gasLimit: 0n, maxFeePerGas: 0n });
    expect(refusal(shard, broken)).to.equal("UnknownCall");
  });

  it("refuses plain transfers to system addresses", () => {
    const shard = fundedShard();
    expect(refusal(shard, shard.transfer(ALICE, FEE_COLLECTOR_ADDRESS, 1n, 0n))).to.equal("UnknownCall");
    const reserved = FEE_COLLECTOR_ADDRESS.slice();
    reserved[19] = 0x0f;
    expect(refusal(shard, shard.transfer(ALICE, reserved, 1n, 0n), 17)).to.equal("UnknownCall");
    reserved[19] = 0x10;
    expect(refusal(shard, shard.transfer(ALICE, reserved, 1n, 0n), 18)).to.equal(null);
  });

  it("moves value; the sender pays the flat gas at the effective price", () => {
    const shard = fundedShard();
    const more = { gasLimit: 50_000n, maxFeePerGas: 3n * GWEI, maxPriorityFeePerGas: GWEI / 2n };
    const { receipts, header } = shard.build(16, [shard.transfer(ALICE, BOB.address, 5n, 0n, more)]);
    const fee = 21_000n * (GWEI + GWEI / 2n);
    expect(header.fees).to.equal(fee);
    expect(receipts[1]?.transaction).to.include({ status: 1, gasUsed: 21_000n, gasPrice: GWEI + GWEI / 2n });
    expect(shard.state.account(ALICE.address)).to.deep.equal({ nonce: 1n, balance: ETHER - fee - 5n });
    expect(shard.balance(BOB.address)).to.equal(5n);
  });

  it("caps the price at the maximal fee", () => {
    const shard = fundedShard();
    const more = { maxFeePerGas: 2n * GWEI, maxPriorityFeePerGas: 2n * GWEI };
    expect(shard.build(16, [shard.transfer(ALICE, BOB.address, 0n, 0n, more)]).header.fees).to.equal(2n * TRANSFER_FEE);
  });

  it("lets an account pay itself, and only the fee is gone", () => {
    const shard = fundedShard();
    shard.build(16, [shard.transfer(ALICE, ALICE.address, ETHER - TRANSFER_FEE, 0n)]);
    expect(shard.state.account(ALICE.address)).to.deep.equal({ nonce: 1n, balance: ETHER - TRANSFER_FEE });
  });

  it("lets an account send all it has", () => {
    const shard = fundedShard();
    shard.build(16, [shard.transfer(ALICE, BOB.address, ETHER - TRANSFER_FEE, 0n)]);
    expect(shard.state.account(ALICE.address)).to.deep.equal({ nonce: 1n, balance: 0n });
    expect(shard.balance(BOB.address)).to.equal(ETHER - TRANSFER_FEE);
  });

  it("adds no leaf for value zero to an account that is absent", () => {
    const shard = fundedShard();
    const size = shard.state.tree.size;
    shard.build(16, [shard.transfer(ALICE, addressAt(1), 0n, 0n)]);
    expect(shard.state.tree.size).to.equal(size);
  });

  it("credits the fees of a block to the fee collector in the next one", () => {
    const shard = fundedShard();
    shard.build(16, [shard.transfer(ALICE, BOB.address, 1n, 0n), shard.transfer(ALICE, BOB.address, 1n, 1n)]);
    expect(shard.balance(FEE_COLLECTOR_ADDRESS)).to.equal(0n);
    shard.build(17, []);
    expect(shard.balance(FEE_COLLECTOR_ADDRESS)).to.equal(2n * TRANSFER_FEE);
    shard.build(18, []);
    expect(shard.balance(FEE_COLLECTOR_ADDRESS)).to.equal(2n * TRANSFER_FEE);
  });
});

describe("ledger/rules of sendMessage", () => {
  const call = { destination: 2, recipient: addressAt(1), data: Uint8Array.of(1, 2, 3) };

  it("debits the sender, numbers messages by destination and logs them", () => {
    const shard = fundedShard();
    const { messages, receipts } = shard.build(16, [
      shard.message(ALICE, call, 10n, 0n),
      shard.message(ALICE, { ...call, destination: 0 }, 20n, 1n),
      shard.message(ALICE, call, 30n, 2n),
    ]);
    expect(messages.map(({ message: { destination, index, value } }) => [destination, index, value])).to.deep.equal([
      [2, 0, 10n],
      [0, 0, 20n],
      [2, 1, 30n],
    ]);
    expect(receipts[1]?.logs).to.have.length(1);
    expect(shard.balance(ALICE.address)).to.equal(ETHER - 60n - 3n * MESSAGE_FEE);
    expect(shard.state.outbox(2).count).to.equal(2);
  });

  const failures: Record<string, (shard: Shard) => Step> = {
    "arguments that are not canonical": (shard) =>
      shard.transfer(ALICE, MESSENGER_ADDRESS, 7n, 0n, {
        data: Uint8Array.of(0x10, 0x1a, 0xc9, 0xee),
        gasLimit: 100_000n,
      }),
    "data that is too long": (shard) => shard.message(ALICE, { ...call, data: new Uint8Array(257) }, 7n, 0n),
    "its own shard as destination": (shard) => shard.message(ALICE, { ...call, destination: 1 }, 7n, 0n),
    "a destination that is not open": (shard) => shard.message(ALICE, { ...call, destination: 4 }, 7n, 0n),
    "recipient zero": (shard) => shard.message(ALICE, { ...call, recipient: new Uint8Array(20) }, 7n, 0n),
  };
  for (const [name, candidate] of Object.entries(failures)) {
    it(`fails, charged and without any other effect, for ${name}`, () => {
      const shard = fundedShard();
      const { receipts, messages } = shard.build(16, [candidate(shard)]);
      expect(receipts[1]?.transaction).to.include({ status: 0, gasUsed: 100_000n });
      expect(messages).to.deep.equal([]);
      expect(shard.state.account(ALICE.address)).to.deep.equal({ nonce: 1n, balance: ETHER - MESSAGE_FEE });
    });
  }

  it("takes 256 bytes of data", () => {
    const shard = fundedShard();
    expect(
      shard.build(16, [shard.message(ALICE, { ...call, data: new Uint8Array(256) }, 7n, 0n)]).messages,
    ).to.have.length(1);
  });

  it("refuses other calls to the messenger with UnknownCall", () => {
    const shard = fundedShard();
    const more = { data: Uint8Array.of(1, 2, 3, 4), gasLimit: 100_000n };
    expect(refusal(shard, shard.transfer(ALICE, MESSENGER_ADDRESS, 0n, 0n, more))).to.equal("UnknownCall");
  });
});

describe("ledger/rules of ImportInbox", () => {
  const payload = (parts: Parameters<Shard["entry"]>[0], shard: Shard, ...at: number[]): Step => ({
    kind: STEP_KIND.importInbox,
    payload: encodeImportInbox(shard.entry(parts, ...at)),
  });
  const deposit = { recipient: BOB.address, value: 9n };

  it("credits deposits in order, once", () => {
    const shard = fundedShard();
    const step = shard.deposit(BOB.address, 9n);
    const { skipped } = shard.build(16, [step, step]);
    expect(skipped.map(({ error }) => error.code)).to.deep.equal(["WrongCursor"]);
    expect(shard.balance(BOB.address)).to.equal(9n);
    expect(shard.state.cursor(0)).to.equal(2);
  });

  it("refuses what is malformed, unknown, different or too recent", () => {
    const shard = fundedShard();
    expect(refusal(shard, { kind: STEP_KIND.importInbox, payload: new Uint8Array(72) }, 16)).to.equal("Malformed");
    const unknown = payload(deposit, shard);
    shard.facts.inbox.delete("1/1");
    expect(refusal(shard, unknown, 17)).to.equal("UnknownInboxEntry");
    payload({ ...deposit, value: 10n }, shard, 1);
    expect(refusal(shard, unknown, 18)).to.equal("WrongInboxEntry");
    expect(refusal(shard, payload(deposit, shard, 1, 2), 16 + 7)).to.equal("InboxEntryTooRecent");
    expect(refusal(shard, payload(deposit, shard, 1, 2), 24)).to.equal(null);
  });

  it("refuses fields that the entry's kind does not have", () => {
    const shard = fundedShard();
    expect(refusal(shard, payload({ ...deposit, data: Uint8Array.of(1) }, shard, 1), 16)).to.equal("Malformed");
    expect(refusal(shard, payload({ kind: INBOX_FORCED_TRANSACTION, value: 1n }, shard, 1), 17)).to.equal("Malformed");
    const recipient = BOB.address;
    expect(refusal(shard, payload({ kind: INBOX_FORCED_TRANSACTION, recipient }, shard, 1), 18)).to.equal("Malformed");
    expect(refusal(shard, payload({ ...deposit, kind: 2 }, shard, 1), 19)).to.equal("Malformed");
  });

  it("executes a forced transaction, fee included", () => {
    const shard = fundedShard();
    const { receipts, header } = shard.build(16, [shard.forced(shard.signed(ALICE, BOB.address, 5n, 0n))]);
    expect(receipts[1]?.transaction).to.include({ status: 1, gasUsed: 21_000n });
    expect(header.fees).to.equal(TRANSFER_FEE);
    expect(shard.balance(BOB.address)).to.equal(5n);
  });

  it("consumes an inadmissible forced transaction as a no-op", () => {
    const shard = fundedShard();
    const { receipts, header } = shard.build(16, [
      shard.forced(NOTHING),
      shard.forced(shard.signed(ALICE, BOB.address, 5n, 3n)),
      shard.forced(shard.signed(BOB, ALICE.address, 5n, 0n)),
      shard.forced(shard.signed(ALICE, BOB.address, 5n, 0n, { chainId: 9n })),
    ]);
    const codes = receipts.slice(1).map(({ rejection }) => rejection?.code);
    expect(codes).to.deep.equal(["Malformed", "WrongNonce", "InsufficientBalance", "WrongChainId"]);
    expect(header.fees).to.equal(0n);
    expect(shard.state.account(ALICE.address)).to.deep.equal({ nonce: 0n, balance: ETHER });
    expect(shard.state.cursor(0)).to.equal(5);
  });
});

describe("ledger/rules of ImportMessage", () => {
  const call = { destination: 2, recipient: CAROL.address, data: Uint8Array.of(7) };
  function exchange() {
    const source = fundedShard(1);
    const destination = new Shard(2);
    destination.build(8, []);
    const { messages: sent } = source.build(16, [
      source.message(ALICE, call, 10n, 0n),
      source.message(ALICE, call, 20n, 1n),
      source.message(ALICE, call, 30n, 2n),
    ]);
    const settlement = new Settlement([source, destination], 2, 4);
    const imports = sent.map((_, index) => settlement.importMessage(source, destination, sent, index));
    return { destination, imports };
  }
  /** First slot in which the checkpoint counts as settled. */
  const SLOT = 40;

  it("credits messages in order, once, and logs them", () => {
    const { destination, imports } = exchange();
    const [first, second, third] = imports.map(importStep) as [Step, Step, Step];
    const { skipped, receipts } = destination.build(SLOT, [second, first, first, second, third]);
    expect(skipped.map(({ error }) => error.code)).to.deep.equal(["WrongCursor", "WrongCursor"]);
    expect(receipts[1]?.logs).to.have.length(1);
    expect(destination.balance(CAROL.address)).to.equal(60n);
    expect(destination.state.cursor(1)).to.equal(3);
  });

  it("waits until the checkpoint is settled as of the input delay", () => {
    const { destination, imports } = exchange();
    expect(refusal(destination, importStep(imports[0]!), SLOT - 1)).to.equal("CheckpointNotSettled");
    expect(refusal(destination, importStep(imports[0]!), SLOT)).to.equal(null);
  });

  const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte));
  type Import = ReturnType<typeof exchange>["imports"][number];
  const refused: Record<string, [string, (step: Import) => Import]> = {
    "its own messages": ["WrongSource", (step) => ({ ...step, message: { ...step.message, source: 2 } })],
    "the parent as source": ["WrongSource", (step) => ({ ...step, message: { ...step.message, source: 0 } })],
    "another checkpoint": ["CheckpointNotSettled", (step) => ({ ...step, checkpointEpoch: 1 })],
    "another body": ["WrongCheckpointRoot", (step) => ({ ...step, bodyRoot: flip(step.bodyRoot) })],
    "another position": ["WrongCheckpointRoot", (step) => ({ ...step, position: 1 })],
    "another crosslink": ["WrongCheckpointRoot", (step) => ({ ...step, crosslink: { ...step.crosslink, epoch: 3 } })],
    "an entry's path": ["WrongCheckpointRoot", (step) => ({ ...step, entrySiblings: step.entrySiblings.map(flip) })],
    "more value": ["WrongMessageProof", (step) => ({ ...step, message: { ...step.message, value: 11n } })],
    "another recipient": [
      "WrongMessageProof",
      (step) => ({ ...step, message: { ...step.message, recipient: BOB.address } }),
    ],
    "other data": ["WrongMessageProof", (step) => ({ ...step, message: { ...step.message, data: NOTHING } })],
    "an outbox path": ["WrongMessageProof", (step) => ({ ...step, outboxSiblings: step.outboxSiblings.map(flip) })],
    "a state path": ["WrongMessageProof", (step) => ({ ...step, stateSiblings: step.stateSiblings.map(flip) })],
    "a shorter state path": ["WrongMessageProof", (step) => ({ ...step, stateSiblings: step.stateSiblings.slice(1) })],
    "another count": ["WrongMessageProof", (step) => ({ ...step, count: 4 })],
    "missing siblings": ["Malformed", (step) => ({ ...step, outboxSiblings: step.outboxSiblings.slice(1) })],
    "a position that does not exist": ["Malformed", (step) => ({ ...step, position: 4 })],
    "too much data": ["Malformed", (step) => ({ ...step, message: { ...step.message, data: new Uint8Array(257) } })],
  };
  for (const [name, [code, change]] of Object.entries(refused)) {
    it(`refuses ${name} with ${code}`, () => {
      const { destination, imports } = exchange();
      expect(refusal(destination, importStep(change(imports[0]!)), SLOT)).to.equal(code);
    });
  }

  it("refuses an index beyond the count that the state commits to with MessageIndexOutOfRange", () => {
    const source = fundedShard(1);
    const destination = new Shard(2);
    destination.build(8, []);
    const calls = [0n, 1n, 2n, 3n].map((nonce) => source.message(ALICE, call, 10n, nonce));
    const { messages: sent } = source.build(16, calls);
    // A state that no sound block leads to: four messages under a count of three.
    const { tree } = source.state;
    tree.beginStep(0);
    const root = appendTreeRoot(crypto, source.state.outbox(2));
    tree.write(tree.open(outboxKey(crypto, 2)), outboxWordOf(crypto, 3, root));
    tree.commit(1);
    const settlement = new Settlement([source, destination], 2, 4);
    const last = { ...settlement.importMessage(source, destination, sent, 3), count: 3 };
    for (const index of [0, 1, 2]) {
      const step = { ...settlement.importMessage(source, destination, sent, index), count: 3 };
      expect(refusal(destination, importStep(step), SLOT + index)).to.equal(null);
    }
    expect(refusal(destination, importStep(last), SLOT + 3)).to.equal("MessageIndexOutOfRange");
  });
});

describe("ledger/rules of BlockStart and of any step", () => {
  /** The verdict on a block of just these steps. */
  function verdict(steps: readonly Step[], slot = 16): string {
    const shard = fundedShard();
    const full = fundedShard();
    const { header } = shard.build(slot, []);
    const changed = { ...header, stepCount: steps.length };
    const operatorSignature = signAsOperator(crypto, blockHash(crypto, domain, changed), OPERATOR.secret);
    const root = toHex(full.state.root);
    try {
      executeBlock(full.environment, full.state, full.place(), {
        header: changed,
        operatorSignature,
        steps,
        witness: NOTHING,
      });
      return "sound";
    } catch (error) {
      expect(toHex(full.state.root)).to.equal(root);
      return (error as LedgerError).code;
    }
  }
  const start = (parts: Partial<Parameters<typeof encodeBlockStart>[0]> = {}): Step => {
    const seed = crypto.sha256(word(2));
    return { kind: STEP_KIND.blockStart, payload: encodeBlockStart({ slot: 16, seed, shardCount: 3, ...parts }) };
  };

  it("accepts the one sound BlockStart", () => expect(verdict([start()])).to.equal("sound"));

  const refused: Record<string, [string, Step[]]> = {
    "a payload that is too long": ["Malformed", [{ kind: 0, payload: new Uint8Array(45) }]],
    "another slot than the header's": ["WrongSlot", [start({ slot: 17 })]],
    "another seed": ["WrongSeed", [start({ seed: ZERO_HASH })]],
    "another count of shards": ["WrongShardCount", [start({ shardCount: 2 })]],
    "a block without BlockStart": ["MisplacedBlockStart", [{ kind: 1, payload: NOTHING }]],
    "a second BlockStart": ["MisplacedBlockStart", [start(), start()]],
    "the reserved Refund": ["UnknownStepKind", [start(), { kind: 4, payload: NOTHING }]],
    "an unknown kind": ["UnknownStepKind", [start(), { kind: 255, payload: NOTHING }]],
    "a payload beyond the limit": ["PayloadTooLong", [start(), { kind: 1, payload: new Uint8Array(8193) }]],
  };
  for (const [name, [code, steps]] of Object.entries(refused)) {
    it(`refuses ${name} with ${code}`, () => expect(verdict(steps)).to.equal(code));
  }

  it("refuses a slot that is not later than the last block's, and leaves the state as it was", () => {
    const shard = fundedShard();
    const root = toHex(shard.state.root);
    expect(() => shard.build(8, [])).to.throw(LedgerError, "SlotNotLater");
    expect(toHex(shard.state.root)).to.equal(root);
  });

  it("does not judge while the parent chain is not known far enough", () => {
    const shard = fundedShard();
    shard.facts.horizon = 2;
    expect(() => shard.build(16, [])).to.throw(LedgerError, "FactsUnavailable");
  });

  it("writes the seed when the epoch is new, and only then", () => {
    const shard = fundedShard();
    const size = shard.state.tree.size;
    expect(shard.state.head()).to.deep.equal({ number: 1, slot: 8, epoch: 1, shardCount: 3 });
    shard.build(9, []);
    shard.build(16, []);
    expect(shard.state.head()).to.deep.equal({ number: 3, slot: 16, epoch: 2, shardCount: 3 });
    expect(shard.state.tree.size).to.equal(size);
  });
});
