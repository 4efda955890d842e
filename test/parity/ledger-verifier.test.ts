import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { LEDGER_ERROR_CODES } from "../../ledger/errors.ts";
import { prepareSteps } from "../../ledger/execute-step.ts";
import { encodeBlockStart, encodeImportInbox, type ImportMessage, STEP_KIND, type Step } from "../../ledger/step.ts";
import { openStep, type StepAccess, witnessStep } from "../../ledger/step-witness.ts";
import { appendTreeRoot } from "../../protocol/append-tree.ts";
import { concat, fromBigInt, toHex, word, ZERO_HASH } from "../../protocol/bytes.ts";
import { INBOX_FORCED_TRANSACTION } from "../../protocol/inbox-entry.ts";
import { outboxKey, outboxWordOf } from "../../protocol/state.ts";
import { FEE_COLLECTOR_ADDRESS, MESSENGER_ADDRESS } from "../../protocol/system-contracts.ts";
import { decodeTransaction, encodeTransaction } from "../../protocol/transaction.ts";
import { exampleBlocks } from "../ledger/example-blocks.ts";
import { importStep, Settlement } from "../ledger/settlement.ts";
import { addressAt, crypto, ETHER, GWEI, keyOf, Shard } from "../ledger/shard-fixture.ts";
import { replayed, type StepChanges, StepExecutor, type StepInBlock } from "../support/step-executor.ts";

const ALICE = keyOf(1);
const BOB = keyOf(2);
const CAROL = keyOf(3);
const TRANSFER_FEE = 21_000n * GWEI;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const NOTHING = new Uint8Array(0);
/** In a new epoch, whose facts reach to the one before. */
const SLOT = 16;
/** First slot in which the checkpoint of `exchange` counts as settled. */
const SETTLED_SLOT = 40;

/** What ends as a verdict on a step; blocks, claims and witnesses have codes of their own. */
const VERDICTS = LEDGER_ERROR_CODES.filter(
  (code) =>
    code === "Malformed" ||
    (LEDGER_ERROR_CODES.indexOf(code) >= LEDGER_ERROR_CODES.indexOf("PayloadTooLong") &&
      LEDGER_ERROR_CODES.indexOf(code) <= LEDGER_ERROR_CODES.indexOf("MessageIndexOutOfRange")),
);

const transaction = (payload: Uint8Array): Step => ({ kind: STEP_KIND.transaction, payload });
const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte));

/** The step at `index` of a block, on the state that the shard has now. */
function stepOn(
  shard: Shard,
  step: Step,
  slot = SLOT,
  index = step.kind === STEP_KIND.blockStart ? 0 : 1,
): StepInBlock {
  const { environment, state } = shard;
  const [prepared] = prepareSteps(environment, [step]);
  if (prepared === undefined) throw new Error("no step");
  const previousFees = state.header?.fees ?? 0n;
  const preRoot = state.root;
  const context = { environment, outboxes: state.outboxes, slot, previousFees };
  const witness = witnessStep(context, state.tree, index, prepared);
  return { environment, slot, previousFees, opening: { index, step: prepared, preRoot, feesBefore: 0n, witness } };
}

/** A shard in which Alice has one ether. */
function fundedShard(shardId = 1): Shard {
  const shard = new Shard(shardId);
  shard.build(8, [shard.deposit(ALICE.address, ETHER)]);
  return shard;
}

describe("LedgerVerifier and ledger/", () => {
  const seen = new Set<string>();
  let executor: StepExecutor;

  before(async () => {
    executor = await StepExecutor.deploy(new Shard().environment);
  });

  /** Both sides give the same answer, and the one that is expected. */
  async function expectSame(step: StepInBlock, code: string): Promise<void> {
    const expected = replayed(step);
    const { gasUsed, ...actual } = await executor.execute(step);
    expect(actual).to.deep.equal(expected);
    expect(actual.code).to.equal(code);
    seen.add(actual.code);
  }

  it("have the same errors, in the same order", () => {
    const source = readFileSync(path.join(import.meta.dirname, "../../contracts/types/StepError.sol"), "utf8");
    const members = /enum StepError \{([^}]*)\}/.exec(source)?.[1]?.replaceAll(/\/\/.*/g, "");
    const names = members?.split(",").map((name) => name.trim());
    expect(names).to.deep.equal(["None", ...LEDGER_ERROR_CODES]);
  });

  for (const { name, shard, previous, built, block } of exampleBlocks()) {
    it(`lead every step to the root and the fees of its trace leaf: ${name}`, async () => {
      let fees = 0n;
      for (const leaf of built.trace) {
        const opening = openStep(shard.environment, previous, block, leaf.index);
        const step = {
          environment: shard.environment,
          slot: block.header.slot,
          previousFees: previous?.fees ?? 0n,
          opening,
        };
        await expectSame(step, "None");
        const outcome = await executor.execute(step);
        expect(outcome.stateRoot).to.equal(toHex(leaf.stateRoot), `step ${leaf.index}`);
        expect(outcome.fee).to.equal(leaf.fees - fees, `step ${leaf.index}`);
        fees = leaf.fees;
      }
    });
  }

  describe("agree on any step", () => {
    const refused: Record<string, [string, () => StepInBlock]> = {
      "a transaction at the start": ["MisplacedBlockStart", () => stepOn(fundedShard(), transaction(NOTHING), SLOT, 0)],
      "a second BlockStart": [
        "MisplacedBlockStart",
        () => stepOn(fundedShard(), { kind: STEP_KIND.blockStart, payload: NOTHING }, SLOT, 3),
      ],
      "a payload beyond the limit": ["PayloadTooLong", () => stepOn(fundedShard(), transaction(new Uint8Array(8193)))],
      "a payload of the limit": ["Malformed", () => stepOn(fundedShard(), transaction(new Uint8Array(8192)))],
      "the reserved Refund": ["UnknownStepKind", () => stepOn(fundedShard(), { kind: 4, payload: NOTHING })],
      "an unknown kind": ["UnknownStepKind", () => stepOn(fundedShard(), { kind: 255, payload: NOTHING })],
    };
    for (const [name, [code, step]] of Object.entries(refused)) {
      it(`${name}: ${code}`, async () => expectSame(step(), code));
    }
  });

  describe("agree on BlockStart", () => {
    const seed = crypto.sha256(word(2));
    const start = (parts: Partial<Parameters<typeof encodeBlockStart>[0]> = {}): Step => ({
      kind: STEP_KIND.blockStart,
      payload: encodeBlockStart({ slot: SLOT, seed, shardCount: 3, ...parts }),
    });
    /** With fees in the block below. */
    function busyShard(): Shard {
      const shard = fundedShard();
      shard.build(9, [shard.transfer(ALICE, BOB.address, 1n, 0n)]);
      return shard;
    }
    const cases: Record<string, [string, () => StepInBlock]> = {
      "in a new epoch": ["None", () => stepOn(fundedShard(), start())],
      "with fees to credit": ["None", () => stepOn(busyShard(), start())],
      "in the same epoch": ["None", () => stepOn(busyShard(), start({ slot: 10, seed: crypto.sha256(word(1)) }), 10)],
      "of block 1, in epoch 0": [
        "None",
        () => stepOn(new Shard(), start({ slot: 0, seed: crypto.sha256(word(0)) }), 0),
      ],
      "a byte too long": [
        "Malformed",
        () => stepOn(fundedShard(), { kind: 0, payload: concat(start().payload, Uint8Array.of(0)) }),
      ],
      "a byte too short": ["Malformed", () => stepOn(fundedShard(), { kind: 0, payload: start().payload.slice(1) })],
      "with a slot of 2^53": [
        "Malformed",
        () => stepOn(fundedShard(), { kind: 0, payload: concat(fromBigInt(2n ** 53n, 8), start().payload.slice(8)) }),
      ],
      "with another slot": ["WrongSlot", () => stepOn(fundedShard(), start({ slot: SLOT + 1 }))],
      "with the largest slot": ["WrongSlot", () => stepOn(fundedShard(), start({ slot: Number.MAX_SAFE_INTEGER }))],
      "in the slot of the block below": ["SlotNotLater", () => stepOn(fundedShard(), start({ slot: 8 }), 8)],
      "before the block below, which has fees": ["SlotNotLater", () => stepOn(busyShard(), start({ slot: 7 }), 7)],
      "with another seed": ["WrongSeed", () => stepOn(busyShard(), start({ seed: flip(seed) }))],
      "with more shards": ["WrongShardCount", () => stepOn(fundedShard(), start({ shardCount: 4 }))],
    };
    for (const [name, [code, step]] of Object.entries(cases)) {
      it(`${name}: ${code}`, async () => expectSame(step(), code));
    }
  });

  describe("agree on a transaction", () => {
    type Signature = Parameters<typeof encodeTransaction>[1];
    /** Alice's transfer under another signature. */
    function resigned(shard: Shard, parts: Partial<Signature>): Step {
      const { yParity, ...fields } = decodeTransaction(shard.signed(ALICE, BOB.address, 1n, 0n));
      const { r, s } = fields;
      return transaction(encodeTransaction(fields, { r, s, yParity: Number(yParity), ...parts }));
    }
    /** The access list is the last signed field: [[address 0, []]] instead of []. */
    function withAccessList(shard: Shard): Step {
      const { signedFields, r, s } = decodeTransaction(shard.signed(ALICE, BOB.address, 1n, 0n));
      const entry = concat(Uint8Array.of(0xd7, 0xd6, 0x94), new Uint8Array(20), Uint8Array.of(0xc0));
      const body = concat(signedFields.subarray(0, -1), entry, Uint8Array.of(0x01, 0xa0), r, Uint8Array.of(0xa0), s);
      return transaction(concat(Uint8Array.of(0x02, 0xf8, body.length), body));
    }
    const call = { destination: 2, recipient: addressAt(1), data: Uint8Array.of(1, 2, 3) };
    const toMessenger = (shard: Shard, data: Uint8Array) =>
      shard.transfer(ALICE, MESSENGER_ADDRESS, 7n, 0n, { data, gasLimit: 100_000n });
    const encodedCall = (shard: Shard): Uint8Array =>
      decodeTransaction(shard.message(ALICE, call, 7n, 0n).payload).data;

    const cases: Record<string, [string, (shard: Shard) => Step]> = {
      "to a new account": ["None", (it) => it.transfer(ALICE, addressAt(1), 5n, 0n)],
      "to the sender": ["None", (it) => it.transfer(ALICE, ALICE.address, 5n, 0n)],
      "of nothing to an account that is not there": ["None", (it) => it.transfer(ALICE, addressAt(1), 0n, 0n)],
      "of everything": ["None", (it) => it.transfer(ALICE, BOB.address, ETHER - TRANSFER_FEE, 0n)],
      "capped by its maximal fee": [
        "None",
        (it) => it.transfer(ALICE, BOB.address, 1n, 0n, { maxFeePerGas: (3n * GWEI) / 2n, maxPriorityFeePerGas: GWEI }),
      ],
      "without a byte": ["Malformed", () => transaction(NOTHING)],
      "with the largest nonce": ["Malformed", (it) => it.transfer(ALICE, BOB.address, 1n, 2n ** 64n - 1n)],
      "for another chain": [
        "WrongChainId",
        (it) => it.transfer(ALICE, BOB.address, 1n, 0n, { chainId: 2n ** 64n - 1n }),
      ],
      "with an access list": ["AccessList", withAccessList],
      "that creates": ["Creation", (it) => transaction(it.signed(ALICE, null, 0n, 0n))],
      "with data": ["UnknownCall", (it) => it.transfer(ALICE, BOB.address, 1n, 0n, { data: Uint8Array.of(1) })],
      "to the fee collector": ["UnknownCall", (it) => it.transfer(ALICE, FEE_COLLECTOR_ADDRESS, 1n, 0n)],
      "to the messenger with another call": ["UnknownCall", (it) => toMessenger(it, Uint8Array.of(1, 2, 3, 4))],
      "with too little gas": ["GasLimitTooLow", (it) => it.transfer(ALICE, BOB.address, 1n, 0n, { gasLimit: 20_999n })],
      "with too little gas for a message": [
        "GasLimitTooLow",
        (it) => it.transfer(ALICE, MESSENGER_ADDRESS, 0n, 0n, { data: encodedCall(it), gasLimit: 99_999n }),
      ],
      "with a priority fee above the maximum": [
        "PriorityFeeAboveMaxFee",
        (it) => it.transfer(ALICE, BOB.address, 1n, 0n, { maxPriorityFeePerGas: GWEI + 1n }),
      ],
      "below the base fee": ["FeeTooLow", (it) => it.transfer(ALICE, BOB.address, 1n, 0n, { maxFeePerGas: GWEI - 1n })],
      "with parity 2": ["InvalidSignature", (it) => resigned(it, { yParity: 2 })],
      "with r = 0": ["InvalidSignature", (it) => resigned(it, { r: NOTHING })],
      "with s = 0": ["InvalidSignature", (it) => resigned(it, { s: NOTHING })],
      "with r of no point": ["InvalidSignature", (it) => resigned(it, { r: Uint8Array.of(5) })],
      "with r of the order": ["InvalidSignature", (it) => resigned(it, { r: fromBigInt(ORDER, 32) })],
      "with a high s": ["InvalidSignature", (it) => resigned(it, { s: fromBigInt(ORDER - 1n, 32) })],
      "with a nonce too high": ["WrongNonce", (it) => it.transfer(ALICE, BOB.address, 1n, 1n)],
      "of somebody without an account": ["InsufficientBalance", (it) => it.transfer(BOB, ALICE.address, 0n, 0n)],
      "of one wei too much": [
        "InsufficientBalance",
        (it) => it.transfer(ALICE, BOB.address, ETHER - TRANSFER_FEE + 1n, 0n),
      ],
      "of all the value there is": [
        "InsufficientBalance",
        (it) => it.transfer(ALICE, BOB.address, 2n ** 128n - 1n, 0n),
      ],
      "that sends a message": ["None", (it) => it.message(ALICE, call, 7n, 0n)],
      "that sends no data": ["None", (it) => it.message(ALICE, { ...call, data: NOTHING }, 7n, 0n)],
      "that sends 256 bytes": ["None", (it) => it.message(ALICE, { ...call, data: new Uint8Array(256) }, 7n, 0n)],
      "that sends to the parent": ["None", (it) => it.message(ALICE, { ...call, destination: 0 }, 7n, 0n)],
      "that sends 257 bytes": ["None", (it) => it.message(ALICE, { ...call, data: new Uint8Array(257) }, 7n, 0n)],
      "that sends to its own shard": ["None", (it) => it.message(ALICE, { ...call, destination: 1 }, 7n, 0n)],
      "that sends to a shard that is not open": [
        "None",
        (it) => it.message(ALICE, { ...call, destination: 4 }, 7n, 0n),
      ],
      "that sends to nobody": ["None", (it) => it.message(ALICE, { ...call, recipient: new Uint8Array(20) }, 7n, 0n)],
      "that sends without arguments": ["None", (it) => toMessenger(it, encodedCall(it).slice(0, 4))],
      "that sends with a byte too many": ["None", (it) => toMessenger(it, concat(encodedCall(it), Uint8Array.of(0)))],
      "that sends with a byte in the padding": ["None", (it) => toMessenger(it, encodedCall(it).fill(1, -1))],
      "that sends to more than 32 bits": ["None", (it) => toMessenger(it, encodedCall(it).fill(1, 4, 5))],
      "that sends to more than an address": ["None", (it) => toMessenger(it, encodedCall(it).fill(1, 47, 48))],
      "that sends by another offset": ["None", (it) => toMessenger(it, encodedCall(it).fill(1, 90, 91))],
      "that sends an endless length": ["None", (it) => toMessenger(it, encodedCall(it).fill(255, 104, 136))],
    };
    for (const [name, [code, step]] of Object.entries(cases)) {
      it(`${name}: ${code}`, async () => {
        const shard = fundedShard();
        await expectSame(stepOn(shard, step(shard)), code);
      });
    }

    it("that sends one more message, into outboxes of every length", async () => {
      for (let count = 1n; count <= 9n; count++) {
        const shard = fundedShard();
        shard.build(
          9,
          Array.from({ length: Number(count) }, (_, i) => shard.message(ALICE, call, 1n, BigInt(i))),
        );
        await expectSame(stepOn(shard, shard.message(ALICE, call, 1n, count)), "None");
      }
    });
  });

  describe("agree on an import from the inbox", () => {
    const entryStep = (shard: Shard, parts: Parameters<Shard["entry"]>[0], ...at: number[]): Step => ({
      kind: STEP_KIND.importInbox,
      payload: encodeImportInbox(shard.entry(parts, ...at)),
    });
    const deposit = { recipient: BOB.address, value: 9n };
    const changed = (step: Step, offset: number, ...bytes: number[]): Step => {
      const payload = step.payload.slice();
      payload.set(bytes, offset);
      return { ...step, payload };
    };
    const cases: Record<string, [string, (shard: Shard) => StepInBlock]> = {
      "of a deposit": ["None", (it) => stepOn(it, it.deposit(BOB.address, 9n))],
      "of a deposit to somebody known": ["None", (it) => stepOn(it, it.deposit(ALICE.address, 2n ** 128n - 1n))],
      "that is no entry": [
        "Malformed",
        (it) => stepOn(it, { kind: STEP_KIND.importInbox, payload: new Uint8Array(72) }),
      ],
      "of an unknown kind": ["Malformed", (it) => stepOn(it, entryStep(it, { ...deposit, kind: 2 }))],
      "of a deposit with data": [
        "Malformed",
        (it) => stepOn(it, entryStep(it, { ...deposit, data: Uint8Array.of(1) })),
      ],
      "of a forced transaction with value": [
        "Malformed",
        (it) => stepOn(it, entryStep(it, { kind: INBOX_FORCED_TRANSACTION, value: 1n })),
      ],
      "of a forced transaction with a recipient": [
        "Malformed",
        (it) => stepOn(it, entryStep(it, { kind: INBOX_FORCED_TRANSACTION, recipient: BOB.address })),
      ],
      "of index 2^53": ["Malformed", (it) => stepOn(it, changed(it.deposit(BOB.address, 9n), 1, 0x20))],
      "of epoch 2^53": ["Malformed", (it) => stepOn(it, changed(it.deposit(BOB.address, 9n), 9, 0x20))],
      "of an entry that is not next": ["WrongCursor", (it) => stepOn(it, entryStep(it, deposit, 2))],
      "of an entry from long ago": ["WrongCursor", (it) => stepOn(it, entryStep(it, deposit, 0))],
      "of an entry that there is not": [
        "UnknownInboxEntry",
        (it) => {
          const step = it.deposit(BOB.address, 9n);
          it.facts.inbox.clear();
          return stepOn(it, step);
        },
      ],
      "of another entry": ["WrongInboxEntry", (it) => stepOn(it, changed(it.deposit(BOB.address, 9n), 72, 10))],
      "of an entry of the block's epoch": ["InboxEntryTooRecent", (it) => stepOn(it, entryStep(it, deposit, 1, 2))],
      "of an entry of the last epoch that counts": ["None", (it) => stepOn(it, entryStep(it, deposit, 1, 1))],
      "in epoch 0, when no facts count": [
        "InboxEntryTooRecent",
        () => {
          const shard = new Shard();
          return stepOn(shard, shard.deposit(BOB.address, 9n), 7);
        },
      ],
      "of a forced transfer": ["None", (it) => stepOn(it, it.forced(it.signed(ALICE, BOB.address, 5n, 0n)))],
      "of a forced message": [
        "None",
        (it) => {
          const call = { destination: 2, recipient: BOB.address, data: NOTHING };
          return stepOn(it, it.forced(it.message(ALICE, call, 7n, 0n).payload));
        },
      ],
      "of a forced transaction that is none": ["None", (it) => stepOn(it, it.forced(Uint8Array.of(1)))],
      "of a forced transaction of another chain": [
        "None",
        (it) => stepOn(it, it.forced(it.signed(ALICE, BOB.address, 5n, 0n, { chainId: 9n }))),
      ],
      "of a forced transaction with another nonce": [
        "None",
        (it) => stepOn(it, it.forced(it.signed(ALICE, BOB.address, 5n, 3n))),
      ],
      "of a forced transaction that cannot be paid": [
        "None",
        (it) => stepOn(it, it.forced(it.signed(BOB, ALICE.address, 5n, 0n))),
      ],
    };
    for (const [name, [code, step]] of Object.entries(cases)) {
      it(`${name}: ${code}`, async () => expectSame(step(fundedShard()), code));
    }
  });

  const call = { destination: 2, recipient: CAROL.address, data: Uint8Array.of(7) };

  /** Shard 1 has sent three messages, which shard 2 may import. */
  function exchange(settledEpoch = 4) {
    const source = fundedShard(1);
    const destination = new Shard(2);
    destination.build(8, []);
    const { messages: sent } = source.build(16, [
      source.message(ALICE, call, 10n, 0n),
      source.message(ALICE, call, 20n, 1n),
      source.message(ALICE, call, 30n, 2n),
    ]);
    const settlement = new Settlement([source, destination], 2, settledEpoch);
    return { source, destination, sent, settlement, first: settlement.importMessage(source, destination, sent, 0) };
  }

  describe("agree on an import of a message", () => {
    it("in order", async () => {
      const { source, destination, sent, settlement } = exchange();
      for (const [index] of sent.entries()) {
        const step = importStep(settlement.importMessage(source, destination, sent, index));
        await expectSame(stepOn(destination, step, SETTLED_SLOT), "None");
        destination.state.tree.rollback();
        destination.build(SETTLED_SLOT + index, [step]);
      }
    });

    const refused: Record<string, [string, (step: ImportMessage) => ImportMessage]> = {
      "of its own": ["WrongSource", (step) => ({ ...step, message: { ...step.message, source: 2 } })],
      "of the parent": ["WrongSource", (step) => ({ ...step, message: { ...step.message, source: 0 } })],
      "that is not next": ["WrongCursor", (step) => ({ ...step, message: { ...step.message, index: 1 } })],
      "of another checkpoint": ["CheckpointNotSettled", (step) => ({ ...step, checkpointEpoch: 1 })],
      "of another body": ["WrongCheckpointRoot", (step) => ({ ...step, bodyRoot: flip(step.bodyRoot) })],
      "at another position": ["WrongCheckpointRoot", (step) => ({ ...step, position: 1 })],
      "of another crosslink": [
        "WrongCheckpointRoot",
        (step) => ({ ...step, crosslink: { ...step.crosslink, lastBlock: 3 } }),
      ],
      "by another path of entries": [
        "WrongCheckpointRoot",
        (step) => ({ ...step, entrySiblings: step.entrySiblings.map(flip) }),
      ],
      "with more value": ["WrongMessageProof", (step) => ({ ...step, message: { ...step.message, value: 11n } })],
      "with other data": ["WrongMessageProof", (step) => ({ ...step, message: { ...step.message, data: NOTHING } })],
      "by another outbox path": [
        "WrongMessageProof",
        (step) => ({ ...step, outboxSiblings: step.outboxSiblings.map(flip) }),
      ],
      "by another state path": [
        "WrongMessageProof",
        (step) => ({ ...step, stateSiblings: step.stateSiblings.map(flip) }),
      ],
      "by no state path": ["WrongMessageProof", (step) => ({ ...step, stateSiblings: [] })],
      "by a state path of 255": [
        "WrongMessageProof",
        (step) => ({ ...step, stateSiblings: new Array<Uint8Array>(220).fill(ZERO_HASH) }),
      ],
      "under another count": ["WrongMessageProof", (step) => ({ ...step, count: 4 })],
      "under no count": ["WrongMessageProof", (step) => ({ ...step, count: 0, outboxSiblings: [] })],
      "under the largest count": [
        "WrongMessageProof",
        (step) => ({ ...step, count: 2 ** 32 - 1, outboxSiblings: new Array<Uint8Array>(32).fill(ZERO_HASH) }),
      ],
      "under a count of 33 bits": ["Malformed", (step) => ({ ...step, count: 2 ** 32, outboxSiblings: [] })],
      "with a sibling too few": ["Malformed", (step) => ({ ...step, outboxSiblings: step.outboxSiblings.slice(1) })],
      "with a sibling too many": [
        "Malformed",
        (step) => ({ ...step, outboxSiblings: [...step.outboxSiblings, ZERO_HASH] }),
      ],
      "at a position that does not exist": ["Malformed", (step) => ({ ...step, position: 4 })],
      "with too much data": [
        "Malformed",
        (step) => ({ ...step, message: { ...step.message, data: new Uint8Array(257) } }),
      ],
    };
    for (const [name, [code, change]] of Object.entries(refused)) {
      it(`${name}: ${code}`, async () => {
        const { destination, first } = exchange();
        await expectSame(stepOn(destination, importStep(change(first)), SETTLED_SLOT), code);
      });
    }

    it("whose numbers have more than 53 bits: Malformed", async () => {
      const { destination, first } = exchange();
      const { payload, kind } = importStep(first);
      const crosslinkAt = 4 + 8 + 20 + 20 + 16 + 2 + 1 + 8 + 32 + 2 + 2 * 32;
      const numbers = [4, 71, crosslinkAt + 4, crosslinkAt + 44, crosslinkAt + 52];
      const countAt = payload.length - 32 * first.outboxSiblings.length - 8;
      for (const at of [...numbers, countAt]) {
        const changed = payload.slice();
        changed[at + 1] = 0x20;
        await expectSame(stepOn(destination, { kind, payload: changed }, SETTLED_SLOT), "Malformed");
        changed[at + 1] = 0;
        const unchanged = stepOn(exchange().destination, { kind, payload: changed }, SETTLED_SLOT);
        await expectSame(unchanged, "None");
      }
    });

    it("of every length that is too short: Malformed", async () => {
      const { destination, first } = exchange();
      const { payload, kind } = importStep(first);
      for (let length = 0; length < payload.length; length += 13) {
        await expectSame(stepOn(destination, { kind, payload: payload.slice(0, length) }, SETTLED_SLOT), "Malformed");
      }
    });

    it("before its checkpoint counts as settled: CheckpointNotSettled", async () => {
      const { destination, first } = exchange();
      await expectSame(stepOn(destination, importStep(first), SETTLED_SLOT - 1), "CheckpointNotSettled");
      await expectSame(stepOn(exchange().destination, importStep(first), 7), "CheckpointNotSettled");
    });

    it("of a position that is excepted: CheckpointNotSettled", async () => {
      const { destination, first } = exchange();
      const step = stepOn(destination, importStep(first), SETTLED_SLOT);
      const settlement = { settledEpoch: 4, exceptions: 1n << BigInt(first.position) };
      const { code } = await executor.execute(step, { facts: { settlement } });
      expect(code).to.equal("CheckpointNotSettled");
    });

    it("beyond the count that the state commits to: MessageIndexOutOfRange", async () => {
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
      for (const index of [0, 1, 2, 3]) {
        const step = importStep({ ...settlement.importMessage(source, destination, sent, index), count: 3 });
        await expectSame(
          stepOn(destination, step, SETTLED_SLOT + index),
          index < 3 ? "None" : "MessageIndexOutOfRange",
        );
        if (index === 3) continue;
        destination.state.tree.rollback();
        destination.build(SETTLED_SLOT + index, [step]);
      }
    });
  });

  describe("between them", () => {
    it("have given every verdict that there is", () => {
      expect([...seen].sort()).to.deep.equal(["None", ...VERDICTS].sort());
    });
  });

  describe("give no verdict, the contract reverts", () => {
    async function expectRevert(step: StepInBlock, error: string, changes: StepChanges = {}): Promise<void> {
      await expect(executor.execute(step, changes)).to.be.revertedWithCustomError(executor.verifier, error);
    }

    it("on a witness in which anything is changed, missing or too much", async () => {
      const changes: ((access: StepAccess) => StepAccess | null)[] = [
        (access) => (access.word === undefined ? null : { ...access, word: flip(access.word) }),
        (access) => (access.otherKey === undefined ? null : { ...access, otherKey: access.key }),
        (access) => (access.otherWord === undefined ? null : { ...access, otherWord: flip(access.otherWord) }),
        (access) => (access.siblings.length === 0 ? null : { ...access, siblings: access.siblings.slice(1) }),
        (access) => ({ ...access, siblings: [...access.siblings, ZERO_HASH] }),
        (access) => ({ ...access, siblings: new Array<Uint8Array>(257).fill(ZERO_HASH) }),
        (access) => (access.siblings.length === 0 ? null : { ...access, siblings: access.siblings.map(flip) }),
        (access) => ({ ...access, end: access.end === 1 ? 0 : 1 }),
        (access) => ({ ...access, end: access.end === 2 ? 1 : 2 }),
      ];
      for (const { shard, previous, block } of exampleBlocks()) {
        for (const index of block.steps.keys()) {
          const opening = openStep(shard.environment, previous, block, index);
          const { environment } = shard;
          const step = { environment, slot: block.header.slot, previousFees: previous?.fees ?? 0n, opening };
          const refuses = async (witness: typeof opening.witness) => {
            const changed = { ...step, opening: { ...opening, witness } };
            await expect(executor.execute(changed)).to.be.revert(executor.ethers);
          };
          const { accesses, outboxOpening } = opening.witness;
          for (const [i, access] of accesses.entries()) {
            for (const change of changes) {
              const changed = change(access);
              if (changed !== null) await refuses({ ...opening.witness, accesses: accesses.with(i, changed) });
            }
          }
          await refuses({ ...opening.witness, accesses: accesses.slice(0, -1) });
          await refuses({ ...opening.witness, accesses: [...accesses, accesses[0] as StepAccess] });
          if (outboxOpening === undefined) {
            await refuses({ accesses, outboxOpening: { destination: 3, outbox: { count: 1, frontier: [ZERO_HASH] } } });
            await refuses({ accesses, outboxOpening: { destination: 3, outbox: { count: 0, frontier: [ZERO_HASH] } } });
          } else {
            const { destination, outbox } = outboxOpening;
            const { count, frontier } = outbox;
            await refuses({ accesses });
            for (const other of [
              { count: count + 1, frontier },
              { count, frontier: frontier.map(flip) },
              { count, frontier: [...frontier, ZERO_HASH] },
              { count, frontier: [] },
              { count: 2 ** 32, frontier: [ZERO_HASH] },
            ]) {
              await refuses({ accesses, outboxOpening: { destination, outbox: other } });
            }
          }
        }
      }
    });

    it("on facts that may still come to count", async () => {
      const shard = fundedShard();
      const missing = shard.deposit(BOB.address, 9n);
      shard.facts.inbox.clear();
      const inbox = stepOn(shard, missing);
      const { destination, first } = exchange();
      const message = stepOn(destination, importStep({ ...first, checkpointEpoch: 1 }), SLOT);
      for (const step of [inbox, message]) {
        // Facts count up to epoch 1.
        await expectRevert(step, "StepContexts_EpochNotOver", { facts: { currentEpoch: 1 } });
        expect((await executor.execute(step, { facts: { currentEpoch: 2 } })).code).not.to.equal("None");
      }
    });

    it("on a seed or a number of shards that is not known", async () => {
      const shard = fundedShard();
      const payload = encodeBlockStart({ slot: SLOT, seed: crypto.sha256(word(2)), shardCount: 3 });
      const step = stepOn(shard, { kind: STEP_KIND.blockStart, payload });
      for (const facts of [{ seedEpoch: 9 }, { openedEpoch: 9 }]) {
        await expect(executor.execute(step, { facts })).to.be.revert(executor.ethers);
      }
    });

    it("on a checkpoint that is opened wrong", async () => {
      const { destination, first } = exchange();
      const step = stepOn(destination, importStep(first), SETTLED_SLOT);
      await expectRevert(step, "StepContexts_WrongCheckpoint", { facts: { commitment: toHex(ZERO_HASH) } });
    });

    it("when the gas runs out, at whatever point", async () => {
      const shard = fundedShard();
      const sound = shard.transfer(ALICE, addressAt(1), 5n, 0n);
      for (const candidate of [sound, shard.transfer(ALICE, addressAt(1), 5n, 3n)]) {
        const step = stepOn(fundedShard(), candidate);
        const { stateRoot, code } = await executor.execute(step);
        const answers = await executor.sweepGas(step);
        expect(answers.length).to.be.greaterThan(5);
        for (const answer of answers) expect(answer).to.deep.equal({ stateRoot, code });
      }
    });
  });
});
