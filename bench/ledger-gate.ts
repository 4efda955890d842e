/**
 * Gate of the ledger: executing a block of transfers, with a state root after every step, on a million accounts costs at most
 * 19 us per transfer beyond the recovery of its signature.
 *
 * Usage: node bench/ledger-gate.ts [accounts] [runs]. Times are CPU time of the process, medians over the runs. Ends with
 * status 1 when the gate fails.
 */
import { createNativeCrypto } from "../crypto/native.ts";
import { recoverSenders } from "../ledger/admission.ts";
import { encodeBlock } from "../ledger/block.ts";
import { BlockExecution } from "../ledger/block-execution.ts";
import { expectedBlockStart } from "../ledger/block-start.ts";
import { buildBlock } from "../ledger/build-block.ts";
import { createLedgerEnvironment, type ParentFacts } from "../ledger/environment.ts";
import { prepareSteps } from "../ledger/execute-step.ts";
import { loadTree } from "../ledger/load-tree.ts";
import { ShardState } from "../ledger/shard-state.ts";
import { encodeBlockStart, STEP_KIND, type Step } from "../ledger/step.ts";
import { verifyBlock } from "../ledger/verify-block.ts";
import { concat, fromBigInt, word, ZERO_HASH } from "../protocol/bytes.ts";
import { createDomain } from "../protocol/eip712.ts";
import { addressOfKey, signAsOperator } from "../protocol/operator-signature.ts";
import { encodeAccount, encodeHead, headKey, writeAccountKeyPreimage } from "../protocol/state.ts";
import { encodeTransaction, signTransaction, type UnsignedTransaction } from "../protocol/transaction.ts";

const GATE_MICROSECONDS = 19;
const BLOCK_SIZES = [1_000, 10_000];
const GWEI = 10n ** 9n;
/** Transfers before the first block that counts, for the just-in-time compiler. */
const WARM_UP = 100_000;
const OPERATOR_SECRET = word(11);

const accounts = Number(process.argv[2] ?? 1_000_000);
const runs = Number(process.argv[3] ?? 15);

const crypto = await createNativeCrypto();
const facts: ParentFacts = {
  seed: () => crypto.sha256(ZERO_HASH),
  shardCount: () => 2,
  inboxEntryDigest: () => null,
  settledCheckpointRoot: () => null,
};
const environment = createLedgerEnvironment({
  crypto,
  domain: createDomain(crypto, 31337n, new Uint8Array(20)),
  parameters: { slotsPerEpoch: 32, inputDelay: 1, shardCount: 4 },
  facts,
  shardId: 1,
});

/** CPU time of the process in microseconds. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Address i: as random as one of a key. */
function addressAt(i: number): Uint8Array {
  return crypto.sha256(word(i)).subarray(12);
}

function populate(): ShardState {
  const preimages = new Uint8Array(64 * accounts);
  for (let i = 0; i < accounts; i++) writeAccountKeyPreimage(preimages, 64 * i, addressAt(i));
  const accountKeys = new Uint8Array(32 * accounts);
  crypto.sha256Pairs(preimages, accountKeys);
  const funded = encodeAccount(0n, 10n ** 18n);
  const accountWords = new Uint8Array(32 * accounts);
  for (let i = 0; i < accounts; i++) accountWords.set(funded, 32 * i);
  const keys = concat(accountKeys, headKey(crypto));
  const words = concat(accountWords, encodeHead({ number: 1, slot: 64, epoch: 2, shardCount: 2 }));
  const start = cpu();
  const { root } = loadTree(crypto, { keys, words });
  console.log(`${accounts} accounts loaded in ${((cpu() - start) / 1e6).toFixed(2)} s`);
  const header = {
    shardId: 1,
    generation: 0,
    number: 1,
    parentHash: ZERO_HASH,
    slot: 64,
    stepCount: 1,
    traceRoot: ZERO_HASH,
    stateRoot: root,
    fees: 0n,
  };
  return ShardState.load(crypto, { header, leaves: { keys, words }, outboxes: [] }, 4);
}

const state = populate();
const nonces = new Map<number, bigint>();

function randomAccount(): number {
  return Math.floor(Math.random() * accounts);
}

function nextTransfer(sender: number): UnsignedTransaction {
  const nonce = nonces.get(sender) ?? 0n;
  nonces.set(sender, nonce + 1n);
  return {
    chainId: environment.chainId,
    nonce,
    maxPriorityFeePerGas: GWEI,
    maxFeePerGas: 2n * GWEI,
    gasLimit: 21_000n,
    to: addressAt(randomAccount()),
    value: BigInt(1 + Math.floor(Math.random() * 1e9)),
    data: new Uint8Array(0),
  };
}

interface Transfers {
  readonly steps: Step[];
  readonly senders: Uint8Array;
}

/** Transfers between random accounts. The signatures are noise: senders come with the steps, as from the workers that recover them. */
function transfers(count: number): Transfers {
  const senders = new Uint8Array(20 * count);
  const steps = Array.from({ length: count }, (_, i) => {
    const sender = randomAccount();
    senders.set(addressAt(sender), 20 * i);
    const signature = { r: crypto.sha256(word(2 * i)), s: crypto.sha256(word(2 * i + 1)), yParity: i % 2 };
    return { kind: STEP_KIND.transaction, payload: encodeTransaction(nextTransfer(sender), signature) };
  });
  return { steps, senders };
}

interface Phases {
  /** Decoding, hashing and judging without state. */
  readonly prepare: number;
  readonly execute: number;
  readonly witness: number;
  /** Roots after every step, trace, header. */
  readonly commit: number;
}

let slot = 64;

/** One block, as `buildBlock` makes it, with or without its witness; microseconds per transfer. */
function run({ steps, senders }: Transfers, withWitness: boolean): { phases: Phases; witnessBytes: number } {
  const count = steps.length;
  const start = cpu();
  const prepared = prepareSteps(environment, steps, senders);
  const preparedAt = cpu();
  const execution = new BlockExecution(environment, state.tree, state.outboxes, state.header, ++slot);
  const payload = encodeBlockStart(expectedBlockStart(execution.context));
  for (const step of prepareSteps(environment, [{ kind: STEP_KIND.blockStart, payload }])) execution.apply(step);
  for (const step of execution.readingAhead(prepared)) execution.apply(step);
  const executedAt = cpu();
  const witnessBytes = withWitness ? execution.witness().length : 0;
  const witnessedAt = cpu();
  const { outcome, undo } = execution.commit(0);
  state.advance(outcome.header, undo);
  const committedAt = cpu();
  return {
    phases: {
      prepare: (preparedAt - start) / count,
      execute: (executedAt - preparedAt) / count,
      witness: (witnessedAt - executedAt) / count,
      commit: (committedAt - witnessedAt) / count,
    },
    witnessBytes: witnessBytes / count,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

function recoveryCost(): number {
  const secret = fromBigInt(7n, 32);
  const payloads = Array.from({ length: 1_000 }, () => signTransaction(crypto, nextTransfer(0), secret));
  nonces.delete(0);
  recoverSenders(crypto, payloads);
  const start = cpu();
  recoverSenders(crypto, payloads);
  return (cpu() - start) / payloads.length;
}

/** Blocks of this size before the first one that counts. */
function warmUp(count: number): number {
  return Math.ceil(WARM_UP / count);
}

/** Stateless verification of a block by its witness; microseconds per transfer, without recovery. */
function verification(count: number): number {
  const operator = addressOfKey(crypto, OPERATOR_SECRET);
  const times = Array.from({ length: warmUp(count) + runs }, () => {
    const { steps, senders } = transfers(count);
    const previous = state.header;
    const built = buildBlock(environment, state, { slot: ++slot, generation: 0, candidates: steps, senders });
    const operatorSignature = signAsOperator(crypto, built.blockHash, OPERATOR_SECRET);
    const bytes = encodeBlock({ ...built, operatorSignature });
    const start = cpu();
    const verdict = verifyBlock(environment, { previous, generation: 0, operator }, bytes, senders);
    if (!verdict.ok) throw verdict.error;
    return (cpu() - start) / count;
  });
  return median(times.slice(warmUp(count)));
}

/** Medians over the runs; `together` is the median of the sums. */
function measure(count: number, withWitness: boolean): { of: Phases; together: number; witnessBytes: number } {
  // Made before the first block runs, so that blocks pay for their own garbage only.
  const blocks = Array.from({ length: warmUp(count) + runs }, () => transfers(count));
  const results = blocks.map((block) => run(block, withWitness)).slice(warmUp(count));
  const phase = (name: keyof Phases) => median(results.map(({ phases }) => phases[name]));
  return {
    of: { prepare: phase("prepare"), execute: phase("execute"), witness: phase("witness"), commit: phase("commit") },
    together: median(results.map(({ phases: p }) => p.prepare + p.execute + p.witness + p.commit)),
    witnessBytes: median(results.map(({ witnessBytes }) => witnessBytes)),
  };
}

function show(name: string, { of, together }: ReturnType<typeof measure>): void {
  const figures = [
    `decode and hash ${of.prepare.toFixed(2)}`,
    `execute ${of.execute.toFixed(2)}`,
    ...(of.witness > 0 ? [`witness ${of.witness.toFixed(2)}`] : []),
    `roots, trace and header ${of.commit.toFixed(2)}`,
  ];
  console.log(`${name}: ${together.toFixed(2)} us per transfer (${figures.join(", ")})`);
}

let worst = 0;
for (const count of BLOCK_SIZES) {
  const bare = measure(count, false);
  show(`blocks of ${count}`, bare);
  const full = measure(count, true);
  show(`blocks of ${count} with witness, ${Math.round(full.witnessBytes)} bytes per transfer`, full);
  console.log(`blocks of ${count} verified by their witness: ${verification(count).toFixed(2)} us per transfer`);
  worst = Math.max(worst, bare.together);
}
console.log(`recovery of a signature, for comparison: ${recoveryCost().toFixed(1)} us`);
const passed = worst <= GATE_MICROSECONDS;
console.log(`${passed ? "passed" : "FAILED"}: ${worst.toFixed(2)} us of at most ${GATE_MICROSECONDS}`);
process.exitCode = passed ? 0 : 1;
