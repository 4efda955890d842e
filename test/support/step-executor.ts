import { network } from "hardhat";
import {
  type DisputedStepWitness,
  FAULTS,
  type Fault,
  PREDICATES,
  type Predicate,
} from "../../ledger/dispute-evidence.ts";
import type { LedgerEnvironment } from "../../ledger/environment.ts";
import { LEDGER_ERROR_CODES, LedgerError, type LedgerErrorCode } from "../../ledger/errors.ts";
import { replayStep } from "../../ledger/replay-step.ts";
import { decodeImportMessage, STEP_KIND } from "../../ledger/step.ts";
import type { StepOpening } from "../../ledger/step-witness.ts";
import { DecodeError, toBigInt, toHex, ZERO_HASH } from "../../protocol/bytes.ts";
import { checkpointCommitment } from "../../protocol/checkpoint.ts";
import type { Crosslink } from "../../protocol/crosslink.ts";
import { witnessStruct } from "../../relayer/parent/dispute-codec.ts";
import type { StepCallStruct, StepWitnessStruct } from "../../types/disputes/LedgerVerifier.ts";
import { InvalidStep__factory } from "../../types/factories/disputes/InvalidStep__factory.ts";
import { LedgerVerifier__factory } from "../../types/factories/disputes/LedgerVerifier__factory.ts";
import { ParentFactsMock__factory } from "../../types/factories/mocks/ParentFactsMock__factory.ts";
import { firstSigner } from "./beacon.ts";

/** The contracts' `StepError`, by number. */
export const STEP_ERRORS = ["None", ...LEDGER_ERROR_CODES] as const;

export type StepErrorName = (typeof STEP_ERRORS)[number];

/** What either side says of a step. */
export interface StepResult {
  readonly code: StepErrorName;
  /** Two of them, zero where the code has none; texts are left out. */
  readonly arguments: readonly bigint[];
  /** Zero when the step is inadmissible. */
  readonly stateRoot: string;
  readonly fee: bigint;
}

/** A step alone, as `openStep` gives it, in its block. */
export interface StepInBlock {
  readonly environment: LedgerEnvironment;
  readonly slot: number;
  readonly previousFees: bigint;
  readonly opening: StepOpening;
}

/** Codes that are no verdict: the contract reverts where ledger/ has one of them. */
export const REVERTING_CODES: ReadonlySet<LedgerErrorCode> = new Set([
  "MissingWitness",
  "WrongOutboxOpening",
  "NonCanonicalWitness",
  "FactsUnavailable",
]);

const ABSENT_HASH = new Uint8Array(32).fill(0xab);
const SWEPT_GAS = 60_000;
const GAS_STRIDE = 501;
const NEVER = 2n ** 64n - 1n;

/** What ledger/ says of a step; null where the contract has to revert. */
export function replayed({ environment, slot, previousFees, opening }: StepInBlock): StepResult | null {
  try {
    const { stateRoot, fees } = replayStep(environment, slot, previousFees, opening);
    return { code: "None", arguments: [0n, 0n], stateRoot: toHex(stateRoot), fee: fees - opening.feesBefore };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    if (REVERTING_CODES.has(error.code)) return null;
    return { code: error.code, arguments: numbersOf(error), stateRoot: toHex(ZERO_HASH), fee: 0n };
  }
}

function numbersOf({ code, args }: LedgerError): bigint[] {
  const numbers = code === "Malformed" ? [] : Object.values(args).map((value) => BigInt(value));
  return [...numbers, 0n, 0n].slice(0, 2);
}

/** LedgerVerifier over a parent chain that knows what `environment.facts` says. */
export class StepExecutor {
  readonly verifier: Awaited<ReturnType<typeof deploy>>["verifier"];
  /** Asks the verifier. */
  readonly judge: Awaited<ReturnType<typeof deploy>>["judge"];
  readonly ethers: Awaited<ReturnType<typeof deploy>>["ethers"];
  readonly #facts: Awaited<ReturnType<typeof deploy>>["facts"];

  private constructor({ verifier, judge, facts, ethers }: Awaited<ReturnType<typeof deploy>>) {
    this.verifier = verifier;
    this.judge = judge;
    this.ethers = ethers;
    this.#facts = facts;
  }

  /** For environments with this one's domain and parameters. */
  static async deploy(environment: LedgerEnvironment): Promise<StepExecutor> {
    return new StepExecutor(await deploy(environment));
  }

  /** What the contract says, and the gas of the call that asks for it. @throws when it reverts */
  async execute(step: StepInBlock, changes: StepChanges = {}): Promise<StepResult & { readonly gasUsed: number }> {
    const facts = { ...factsOf(step), ...changes.facts };
    const args = stepArguments(step);
    const { outcome, gasUsed } = await this.#facts.execute.staticCall(this.verifier, facts, ...args);
    return {
      code: STEP_ERRORS[Number(outcome.code)] as StepErrorName,
      arguments: [...outcome.arguments],
      stateRoot: outcome.stateRoot,
      fee: outcome.fee,
      gasUsed: Number(gasUsed),
    };
  }

  /**
   * What InvalidStep finds, and the gas of the call that asks for it. @throws when it reverts
   * @param step says what the parent chain knows
   * @param evidence ABI encoding, hexadecimal
   */
  async ask(
    step: StepInBlock,
    crosslink: Crosslink,
    evidence: string,
    { predicate = "Step", ...overrides }: { predicate?: Predicate; gasLimit?: number } = {},
  ) {
    const facts = factsOf(step);
    const { fault, blockIndex, gasUsed } = await this.#facts.judge.staticCall(
      this.judge,
      facts,
      PREDICATES.indexOf(predicate),
      hexed(crosslink),
      evidence,
      overrides,
    );
    return { fault: FAULTS[Number(fault)] as Fault, blockIndex: Number(blockIndex), gasUsed: Number(gasUsed) };
  }

  /** Asks with every amount of gas around the one that is just enough; returns what came back at all. */
  async sweepGas(step: StepInBlock): Promise<Pick<StepResult, "code" | "stateRoot">[]> {
    const data = this.verifier.interface.encodeFunctionData("execute", stepArguments(step));
    const to = await this.verifier.getAddress();
    const enough = Number(await this.ethers.provider.estimateGas({ to, data }));
    const answers: Pick<StepResult, "code" | "stateRoot">[] = [];
    for (let gasLimit = enough - SWEPT_GAS; gasLimit < enough + SWEPT_GAS; gasLimit += GAS_STRIDE) {
      const result = await this.ethers.provider.call({ to, data, gasLimit }).catch(() => null);
      if (result === null) continue;
      const [outcome] = this.verifier.interface.decodeFunctionResult("execute", result);
      answers.push({ code: STEP_ERRORS[Number(outcome.code)] as StepErrorName, stateRoot: outcome.stateRoot });
    }
    return answers;
  }
}

export interface StepChanges {
  readonly facts?: Partial<ReturnType<typeof factsOf>>;
}

async function deploy({ domain, parameters }: LedgerEnvironment) {
  const { ethers, networkHelpers } = await network.create();
  const signer = await firstSigner(ethers);
  // The digests and the chain ids of the domain are bound to the registry's address.
  const address = toHex(domain.registry);
  const elsewhere = await new ParentFactsMock__factory(signer).deploy();
  await networkHelpers.setCode(address, (await elsewhere.getDeployedCode()) ?? "0x");
  const facts = ParentFactsMock__factory.connect(address, signer);
  const { slotsPerEpoch, inputDelay, shardCount } = parameters;
  await facts.configure(slotsPerEpoch, inputDelay, shardCount);
  const verifier = await new LedgerVerifier__factory(signer).deploy(address, address, address, address);
  const judge = await new InvalidStep__factory(signer).deploy(address, verifier);
  return { verifier, judge, facts, ethers };
}

/** The step's witness with the opening of the checkpoint that it names. */
export function disputedWitness(step: StepInBlock): DisputedStepWitness {
  const root = settledRoot(step);
  return { ...step.opening.witness, checkpoint: root === null ? null : { root, absentHash: ABSENT_HASH } };
}

/** Arguments of `LedgerVerifier.execute`. */
export function stepArguments(step: StepInBlock) {
  const { environment, slot, previousFees, opening } = step;
  const { index, preRoot } = opening;
  const { kind, payload } = opening.step;
  const call = { shardId: environment.shardId, slot, previousFees, index, kind, stateRoot: toHex(preRoot) };
  const args: [StepCallStruct, string, StepWitnessStruct] = [
    call,
    toHex(payload),
    hexed(witnessStruct(disputedWitness(step))),
  ];
  return args;
}

/** What the step asks the parent chain, answered. */
function factsOf(step: StepInBlock) {
  const { environment, slot, opening } = step;
  const { crypto, domain, facts, parameters, shardId } = environment;
  const { payload, kind } = opening.step;
  const epoch = Math.floor(slot / parameters.slotsPerEpoch);
  const factsEpoch = epoch - parameters.inputDelay;
  const seed = facts.seed(epoch);
  const openedCount = facts.shardCount(Math.max(0, factsEpoch));
  const entryIndex = kind === STEP_KIND.importInbox ? toBigInt(payload.subarray(0, 8)) : NEVER;
  const entry = entryIndex < 2n ** 53n ? facts.inboxEntryDigest(shardId, Number(entryIndex)) : null;
  const named = namedCheckpoint(step);
  const root = settledRoot(step);
  return {
    domainSeparator: toHex(domain.separator),
    currentEpoch: epoch + 1,
    seedEpoch: seed === null ? NEVER : epoch,
    seed: toHex(seed ?? ZERO_HASH),
    openedEpoch: openedCount === null ? NEVER : Math.max(0, factsEpoch),
    openedCount: openedCount ?? 0,
    entryIndex,
    entry: toHex(entry?.digest ?? ZERO_HASH),
    checkpointEpoch: named?.epoch ?? NEVER,
    settlement: settlementOf(step),
    commitment: root === null ? toHex(ZERO_HASH) : toHex(checkpointCommitment(crypto, root, ABSENT_HASH)),
  };
}

/** The checkpoint that an ImportMessage names. */
function namedCheckpoint({ environment, opening }: StepInBlock): { epoch: number; position: number } | null {
  const { shardId, parameters } = environment;
  if (opening.step.kind !== STEP_KIND.importMessage) return null;
  try {
    const { checkpointEpoch, position } = decodeImportMessage(shardId, parameters.shardCount, opening.step.payload);
    return { epoch: checkpointEpoch, position };
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** Its root, if it is settled at some time. */
function settledRoot(step: StepInBlock): Uint8Array | null {
  const named = namedCheckpoint(step);
  if (named === null) return null;
  return step.environment.facts.settledCheckpointRoot(named.epoch, named.position, Number.MAX_SAFE_INTEGER);
}

/** Settled as late as the step can see it or, if that does not, one epoch later; other positions are excepted. */
function settlementOf(step: StepInBlock) {
  const { facts, parameters } = step.environment;
  const named = namedCheckpoint(step);
  if (named === null || settledRoot(step) === null) return { settledEpoch: 0, exceptions: 0n };
  const factsEpoch = Math.floor(step.slot / parameters.slotsPerEpoch) - parameters.inputDelay;
  const isSeen = factsEpoch >= 0 && facts.settledCheckpointRoot(named.epoch, named.position, factsEpoch) !== null;
  const others = (2n ** 192n - 1n) ^ (1n << BigInt(named.position));
  return { settledEpoch: isSeen ? factsEpoch : Math.max(0, factsEpoch) + 1, exceptions: others };
}

type Hexed<T> = T extends Uint8Array
  ? string
  : T extends readonly (infer E)[]
    ? Hexed<E>[]
    : T extends object
      ? { -readonly [K in keyof T]: Hexed<T[K]> }
      : T;

function hexed<T>(value: T): Hexed<T> {
  if (value instanceof Uint8Array) return toHex(value) as Hexed<T>;
  if (Array.isArray(value)) return value.map((each) => hexed(each)) as Hexed<T>;
  if (typeof value !== "object" || value === null) return value as Hexed<T>;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, hexed(field)])) as Hexed<T>;
}
