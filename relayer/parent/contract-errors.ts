import { type ErrorDescription, Interface, isCallException } from "ethers";
import { IBeaconRegistry__factory } from "../../types/factories/beacon/IBeaconRegistry__factory.ts";
import { ICrosslinkAnchors__factory } from "../../types/factories/beacon/ICrosslinkAnchors__factory.ts";
import { IRollCall__factory } from "../../types/factories/beacon/IRollCall__factory.ts";
import { ISlashings__factory } from "../../types/factories/beacon/ISlashings__factory.ts";
import { IStaking__factory } from "../../types/factories/beacon/IStaking__factory.ts";
import { IDataChallenges__factory } from "../../types/factories/disputes/IDataChallenges__factory.ts";
import { IDisputes__factory } from "../../types/factories/disputes/IDisputes__factory.ts";
import { IgnoredDuties__factory } from "../../types/factories/disputes/IgnoredDuties__factory.ts";
import { StepContexts__factory } from "../../types/factories/disputes/steps/StepContext.sol/StepContexts__factory.ts";
import { AbsentSeats__factory } from "../../types/factories/libraries/AbsentSeats__factory.ts";
import { AppendTree__factory } from "../../types/factories/libraries/AppendTree__factory.ts";
import { Bls__factory } from "../../types/factories/libraries/Bls__factory.ts";
import { CheckpointEntries__factory } from "../../types/factories/libraries/CheckpointEntries__factory.ts";
import { HashToCurve__factory } from "../../types/factories/libraries/HashToCurve__factory.ts";
import { Openings__factory } from "../../types/factories/libraries/Openings__factory.ts";
import { PaddedTree__factory } from "../../types/factories/libraries/PaddedTree__factory.ts";
import { SparseMerkleTree__factory } from "../../types/factories/libraries/SparseMerkleTree__factory.ts";
import { StateAccesses__factory } from "../../types/factories/libraries/StateAccesses__factory.ts";
import { ValidatorList__factory } from "../../types/factories/libraries/ValidatorList__factory.ts";
import { ValidatorSet__factory } from "../../types/factories/libraries/ValidatorSet__factory.ts";
import { IInbox__factory } from "../../types/factories/shards/IInbox__factory.ts";
import { IShardRegistry__factory } from "../../types/factories/shards/IShardRegistry__factory.ts";
import { IVault__factory } from "../../types/factories/shards/IVault__factory.ts";
import { G1Points__factory } from "../../types/factories/types/G1Point.sol/G1Points__factory.ts";

/** Everything that a contract can revert with: errors of internal libraries are not in the interfaces. */
const ABIS = [
  IBeaconRegistry__factory,
  ICrosslinkAnchors__factory,
  IStaking__factory,
  IShardRegistry__factory,
  IInbox__factory,
  IVault__factory,
  IRollCall__factory,
  ISlashings__factory,
  IDisputes__factory,
  IDataChallenges__factory,
  IgnoredDuties__factory,
  AbsentSeats__factory,
  AppendTree__factory,
  Bls__factory,
  CheckpointEntries__factory,
  G1Points__factory,
  HashToCurve__factory,
  Openings__factory,
  PaddedTree__factory,
  SparseMerkleTree__factory,
  StateAccesses__factory,
  StepContexts__factory,
  ValidatorList__factory,
  ValidatorSet__factory,
].map((factory) => factory.abi);

const errors = new Interface(ABIS.flatMap((abi) => abi.filter((fragment) => fragment.type === "error")));

/** A contract refused, and said why. */
export class ContractReverted extends Error {
  override readonly name = "ContractReverted";
  /** Name of the custom error; null when the contract gave none that is known. */
  readonly error: string | null;
  /** Values of the custom error by name. */
  readonly values: Readonly<Record<string, unknown>>;

  constructor(action: string, error: string | null, values: Readonly<Record<string, unknown>>, raw: string) {
    const shown = Object.entries(values).map(([name, value]) => `${name}: ${String(value)}`);
    super(`${action} was refused: ${error === null ? `no known reason (${raw})` : `${error}(${shown.join(", ")})`}`);
    this.error = error;
    this.values = values;
  }
}

/** The refusal that the failure of a call or of a gas estimate tells of; null when it failed for another reason. */
export function contractReverted(action: string, failure: unknown): ContractReverted | null {
  if (!isCallException(failure)) return null;
  const { data } = failure;
  const parsed = data === null ? null : parse(data);
  if (parsed === null) return new ContractReverted(action, null, {}, data ?? failure.shortMessage);
  const values = Object.fromEntries(parsed.fragment.inputs.map(({ name }, i) => [name, parsed.args[i]]));
  return new ContractReverted(action, parsed.name, values, data ?? "");
}

function parse(data: string): ErrorDescription | null {
  try {
    return errors.parseError(data);
  } catch {
    // A known selector over bytes that do not fit it: a foreign contract's error.
    return null;
  }
}
