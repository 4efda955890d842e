import { network } from "hardhat";
import { concat, fromHex, word, ZERO_HASH } from "../../../protocol/bytes.ts";
import { checkpointCommitment } from "../../../protocol/checkpoint.ts";
import type { Crypto } from "../../../protocol/crypto.ts";
import { addressWord, createDomain, type Domain } from "../../../protocol/eip712.ts";
import { type Parameters, parametersFor } from "../../../protocol/presets.ts";
import { array, bytesOf, type Encoded, fixed, number, tuple } from "./abi.ts";
import type { Draws } from "./draws.ts";
import { executeInput } from "./step-call.ts";
import type { StepCase } from "./step-case.ts";
import { type Claim, randomClaim } from "./step-evidence.ts";

/** Gas of one call, which is none of a chain's. */
export const CALL_GAS = 2n ** 40n;

/** A call among the facts of a case. */
export interface Call {
  readonly one: StepCase;
  readonly input: Uint8Array;
}

/** Hash of what a call returned, null where it reverted. */
export type Outcome = string | null;

/** What a contract is asked, and what it says. */
interface Answer {
  readonly question: Uint8Array;
  readonly answer: Uint8Array;
}

type Selectors = Readonly<
  Record<keyof typeof QUESTIONS | "execute" | "judgeStep" | "judgeAll" | "judge" | "sweep", Uint8Array>
>;

export interface LocalChain {
  readonly url: string;
  /** Private key of an account with coins, hexadecimal. */
  readonly key: string;
}

/** The real `LedgerVerifier` in a network of its own, among contracts that say what each case wants them to. */
export class VerifierUnderTest {
  readonly domain: Domain;
  readonly parameters: Parameters;
  /** `LedgerVerifier`, as a word. */
  readonly verifier: Uint8Array;
  /** `InvalidStep`, which asks it, as a word. */
  readonly judgeOfSteps: Uint8Array;
  readonly #crypto: Crypto;
  readonly #request: (input: Uint8Array) => Promise<string>;
  readonly #selectors: Selectors;

  private constructor(parts: {
    crypto: Crypto;
    parameters: Parameters;
    mock: string;
    verifier: string;
    judge: string;
    selectors: Selectors;
    request: (input: Uint8Array) => Promise<string>;
  }) {
    this.#crypto = parts.crypto;
    this.parameters = parts.parameters;
    this.domain = createDomain(parts.crypto, 31337n, fromHex(parts.mock));
    this.verifier = addressWord(fromHex(parts.verifier));
    this.judgeOfSteps = addressWord(fromHex(parts.judge));
    this.#selectors = parts.selectors;
    this.#request = parts.request;
  }

  /** @param parent a local chain to use, whose blocks have room for `CALL_GAS`; without it one of Hardhat's own */
  static async deploy(crypto: Crypto, parent?: LocalChain): Promise<VerifierUnderTest> {
    const { ethers, provider } =
      parent === undefined
        ? await network.create({ override: { blockGasLimit: CALL_GAS } })
        : await network.create({ network: "parent", override: { url: parent.url, accounts: [parent.key] } });
    const mock = await ethers.deployContract("StepCasesMock");
    const address = await mock.getAddress();
    const parameters = parametersFor("minimal", "devnet");
    const selectorOf = async ([contract, name]: readonly [string, string]): Promise<Uint8Array> => {
      const { interface: known } = await ethers.getContractFactory(contract);
      const found = known.getFunction(name);
      if (found === null) throw new Error(`${contract} has no ${name}`);
      return fromHex(found.selector);
    };
    const constant = async (question: Uint8Array, answer: string | Uint8Array) =>
      (await mock.setConstant(question, answer)).wait();

    const registry = await ethers.getContractFactory("BeaconRegistry");
    await constant(
      await selectorOf(["BeaconRegistry", "parameters"]),
      registry.interface.encodeFunctionResult("parameters", [parameters]),
    );
    const { separator } = createDomain(crypto, 31337n, fromHex(address));
    await constant(await selectorOf(["BeaconRegistry", "domainSeparator"]), separator);
    // What no case knows is not there.
    for (const [name, words] of Object.entries({ entry: 1, settlement: 2, checkpoint: 5 })) {
      const selector = await selectorOf(QUESTIONS[name as keyof typeof QUESTIONS]);
      await (await mock.setDefault(selector, new Uint8Array(32 * words))).wait();
    }

    const verifier = await ethers.deployContract("LedgerVerifier", [address, address, address, address]);
    const judge = await ethers.deployContract("InvalidStep", [address, verifier]);
    const selectors: Record<string, Uint8Array> = {
      judgeStep: await selectorOf(["InvalidStep", "judge"]),
      execute: await selectorOf(["LedgerVerifier", "execute"]),
      judgeAll: await selectorOf(["StepCasesMock", "judgeAll"]),
      judge: await selectorOf(["StepCasesMock", "judge"]),
      sweep: await selectorOf(["StepCasesMock", "sweep"]),
    };
    for (const [name, question] of Object.entries(QUESTIONS)) selectors[name] = await selectorOf(question);
    const request = async (input: Uint8Array): Promise<string> => {
      const call = { to: address, data: toHexFast(input), gas: `0x${CALL_GAS.toString(16)}` };
      return (await provider.request({ method: "eth_call", params: [call, "latest"] })) as string;
    };
    return new VerifierUnderTest({
      crypto,
      parameters,
      mock: address,
      verifier: await verifier.getAddress(),
      judge: await judge.getAddress(),
      selectors: selectors as Selectors,
      request,
    });
  }

  /** Input of `execute` for a case. */
  inputOf(one: StepCase): Uint8Array {
    return executeInput(this.#selectors.execute, one);
  }

  /** A crosslink around the step of a case, with the evidence of it. */
  claimOf(draws: Draws, one: StepCase, isHonest: boolean): Claim {
    return randomClaim(draws, this.#selectors.judgeStep, one, isHonest);
  }

  /**
   * For each call, among the facts of its case, the hash of what was returned; null where it reverted.
   * @param target the verifier or the judge
   */
  async callAll(calls: readonly Call[], target: Uint8Array = this.verifier): Promise<Outcome[]> {
    const input = tuple(fixed(target), array(calls.map((call) => this.#caseOf(call))));
    return outcomesIn(await this.#request(concat(this.#selectors.judgeAll, input.bytes)), calls.length);
  }

  /** As `callAll`, for one call with `count` limits of gas: `from`, and each `step` more than the one before. */
  async sweep(
    call: Call,
    { from, step, count }: { readonly from: number; readonly step: number; readonly count: number },
    target: Uint8Array = this.verifier,
  ): Promise<Outcome[]> {
    const input = tuple(fixed(target), this.#caseOf(call), number(from), number(step), number(count));
    return outcomesIn(await this.#request(concat(this.#selectors.sweep, input.bytes)), count);
  }

  /** One call to the verifier: whether it answers, and its answer, or its reason to revert. */
  async call(call: Call): Promise<{ readonly ok: boolean; readonly output: string }> {
    const input = tuple(fixed(this.verifier), this.#caseOf(call));
    const output = (await this.#request(concat(this.#selectors.judge, input.bytes))).slice(2);
    const length = Number.parseInt(output.slice(128, 192), 16);
    return { ok: output.slice(0, 64).endsWith("1"), output: `0x${output.slice(192, 192 + 2 * length)}` };
  }

  #caseOf({ one, input }: Call): Encoded {
    const answers = this.#answersTo(one);
    return tuple(
      array(answers.map(({ question }) => bytesOf(question))),
      array(answers.map(({ answer }) => bytesOf(answer))),
      bytesOf(input),
    );
  }

  #answersTo({ environment, facts }: StepCase): Answer[] {
    const { seed, shardCount, inboxEntry, checkpoint } = facts;
    const answers: Answer[] = [
      this.#answer("seed", [seed.epoch], seed.value),
      this.#answer("openedAsOf", [shardCount.asOfEpoch], word(shardCount.value)),
      // Everything up to the facts' epoch is known.
      this.#answer("currentEpoch", [], word(shardCount.asOfEpoch + 1)),
    ];
    if (inboxEntry !== null) {
      answers.push(this.#answer("entry", [environment.shardId, inboxEntry.index], inboxEntry.digest));
    }
    if (checkpoint !== null) {
      const { epoch, root, absentHash, settledEpoch, exceptions } = checkpoint;
      answers.push(this.#answer("settlement", [epoch], concat(word(settledEpoch ?? 0), word(exceptions))));
      const commitment = checkpointCommitment(this.#crypto, root, absentHash);
      answers.push(this.#answer("checkpoint", [epoch], concat(commitment, ...new Array(4).fill(ZERO_HASH))));
    }
    return answers;
  }

  #answer(name: keyof typeof QUESTIONS, args: readonly number[], answer: Uint8Array): Answer {
    return { question: concat(this.#selectors[name], ...args.map((arg) => word(arg))), answer };
  }
}

/** What a verifier may ask, of which contract. */
const QUESTIONS = {
  seed: ["BeaconRegistry", "seed"],
  currentEpoch: ["BeaconRegistry", "currentEpoch"],
  openedAsOf: ["ShardRegistry", "openedAsOf"],
  entry: ["Inbox", "entry"],
  settlement: ["CrosslinkAnchors", "settlement"],
  checkpoint: ["CrosslinkAnchors", "checkpoint"],
} as const;

/** An array of hashes, of which zero stands for a revert. */
function outcomesIn(output: string, count: number): Outcome[] {
  return Array.from({ length: count }, (_, i) => {
    const hash = output.slice(2 + 64 * (2 + i), 2 + 64 * (3 + i));
    return /^0*$/.test(hash) ? null : `0x${hash}`;
  });
}

function toHexFast(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`;
}
