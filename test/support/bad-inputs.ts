import { expect } from "chai";
import { Interface, type Signer, type TransactionRequest } from "ethers";
import { toHex } from "../../protocol/bytes.ts";
import { BeaconRegistry__factory } from "../../types/factories/beacon/BeaconRegistry__factory.ts";
import { CrosslinkAnchors__factory } from "../../types/factories/beacon/CrosslinkAnchors__factory.ts";
import { RollCall__factory } from "../../types/factories/beacon/RollCall__factory.ts";
import { Slashings__factory } from "../../types/factories/beacon/Slashings__factory.ts";
import { Staking__factory } from "../../types/factories/beacon/Staking__factory.ts";
import { DataChallenges__factory } from "../../types/factories/disputes/DataChallenges__factory.ts";
import { Disputes__factory } from "../../types/factories/disputes/Disputes__factory.ts";
import { JudgeMock__factory } from "../../types/factories/mocks/JudgeMock__factory.ts";
import { Inbox__factory } from "../../types/factories/shards/Inbox__factory.ts";
import { ShardRegistry__factory } from "../../types/factories/shards/ShardRegistry__factory.ts";
import { Vault__factory } from "../../types/factories/shards/Vault__factory.ts";
import type { Beacon } from "./beacon.ts";

/** Tables of bad inputs: each is the good input with one thing changed, and has one error. */

/** An argument of an error that a test leaves open, as the hash of something that never was. */
export const ANY = Symbol("any value");

/** A custom error and its arguments; numbers of any size, bytes as hexadecimal or as they are. */
export type Refusal = readonly [name: string, ...args: (bigint | boolean | number | string | Uint8Array | symbol)[]];

export interface BadInput<Input> {
  readonly name: string;
  /** What is different from the good input. */
  readonly change: (good: Input) => Partial<Input> | Promise<Partial<Input>>;
  readonly refusal: Refusal | ((bad: Input, good: Input) => Refusal);
}

export interface Table<Input> {
  readonly beacon: () => Beacon;
  readonly good: () => Input;
  readonly transaction: (input: Input) => TransactionRequest;
  readonly rows: readonly BadInput<Input>[];
}

/** One test per row. What was refused stays in the chain, for the good input to come after it. */
export function refusesEach<Input extends object>({ beacon, good, transaction, rows }: Table<Input>): void {
  for (const { name, change, refusal } of rows) {
    it(`refuses ${name}`, async () => {
      const bad = { ...good(), ...(await change(good())) };
      await expectRefused(beacon(), transaction(bad), typeof refusal === "function" ? refusal(bad, good()) : refusal);
    });
  }
}

/**
 * The transaction is mined, fails with this error, and leaves the state of the whole chain (accounts, code and storage
 * of everybody) as a transaction leaves it that does nothing. Both are free, so that not even gas makes a difference.
 */
export async function expectRefused(
  beacon: Beacon,
  transaction: TransactionRequest,
  [name, ...args]: Refusal,
  from: Signer = beacon.stranger,
): Promise<void> {
  const snapshot = await beacon.networkHelpers.takeSnapshot();
  const idle = await mine(beacon, from, { to: NOBODY });
  expect(idle.status).to.equal(1);
  await snapshot.restore();
  const refused = await mine(beacon, from, transaction);
  expect(refused.status, "the status of the transaction").to.equal(0);
  const actual = decodeError(refused.output);
  const expected = args.map((arg, i) => (arg === ANY ? actual[i + 1] : normalized(arg)));
  expect(actual).to.deep.equal([name, ...expected]);
  expect(refused.stateRoot, "the state after the transaction").to.equal(idle.stateRoot);
}

/** An account that is not there: what touches it without coins leaves nothing. */
const NOBODY = "0x00000000000000000000000000000000000b0d1e";

const GAS_LIMIT = 16_777_216n;

const ERRORS = new Interface(
  [
    BeaconRegistry__factory,
    Staking__factory,
    CrosslinkAnchors__factory,
    RollCall__factory,
    Slashings__factory,
    ShardRegistry__factory,
    Vault__factory,
    Inbox__factory,
    Disputes__factory,
    DataChallenges__factory,
    JudgeMock__factory,
  ].flatMap(({ abi }) => abi.filter(({ type }) => type === "error")),
);

/** A block a second after the latest, with the transaction alone in it. */
async function mine({ ethers, networkHelpers }: Beacon, from: Signer, transaction: TransactionRequest) {
  await networkHelpers.time.setNextBlockTimestamp((await networkHelpers.time.latest()) + 1);
  await networkHelpers.setNextBlockBaseFeePerGas(0);
  let output: unknown;
  try {
    await from.sendTransaction({ gasLimit: GAS_LIMIT, gasPrice: 0n, ...transaction });
  } catch (error) {
    // A failed transaction is mined all the same; what it returned is known here alone.
    output = (error as { data?: unknown }).data;
  }
  const { stateRoot, transactions } = await ethers.provider.send("eth_getBlockByNumber", ["latest", false]);
  expect(transactions).to.have.length(1);
  const receipt = await ethers.provider.getTransactionReceipt(transactions[0]);
  return { output, stateRoot, status: receipt?.status };
}

/** Name and arguments; what is no custom error of the contracts stands for itself. */
function decodeError(output: unknown): readonly unknown[] {
  const error = typeof output === "string" ? ERRORS.parseError(output) : null;
  return error === null ? [output] : [error.name, ...error.args];
}

function normalized(arg: Refusal[number]): unknown {
  if (typeof arg === "number") return BigInt(arg);
  return arg instanceof Uint8Array ? toHex(arg) : arg;
}
