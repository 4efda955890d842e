import { createHash, randomBytes } from "node:crypto";
import { overrideTask } from "hardhat/config";
import type { TaskOverrideActionFunction } from "hardhat/types/tasks";
import type { Result } from "hardhat/types/utils";
import { errorResult } from "hardhat/utils/result";

/**
 * What Hardhat's Solidity tests lack: a fresh seed per run, printed and repeatable as those of all other tests are, and
 * a look at what an invariant run did. An action that never did anything holds every property, so it fails the run.
 */

const seedText = process.env.WATCHFIRE_SEED ?? randomBytes(8).toString("hex");

/** For `test.solidity.fuzz.seed`. */
export const SOLIDITY_SEED = `0x${createHash("sha256").update(seedText).digest("hex")}`;

/** What EDR counts for each function that it calls; a call that `assume` ended is a discard. */
interface Calls {
  readonly calls: bigint;
  readonly reverts: bigint;
  readonly discards: bigint;
}

interface RunResult {
  readonly suiteResults: readonly {
    readonly testResults: readonly { readonly kind: { readonly metrics?: Readonly<Record<string, Calls>> } }[];
  }[];
}

/** Prints how often each action did something, and names those that never did. */
function reportActions({ suiteResults }: RunResult): string[] {
  const metrics = suiteResults.flatMap(({ testResults }) => testResults.map(({ kind }) => kind.metrics ?? {}));
  const actions = metrics.flatMap((functions) => Object.entries(functions)).sort(([a], [b]) => a.localeCompare(b));
  for (const [name, { calls, discards }] of actions) {
    const action = name.slice(name.lastIndexOf(".") + 1).padEnd(24);
    console.log(`    ${action} ${calls - discards} times, ${discards} times not possible`);
  }
  return actions.filter(([, { calls, reverts, discards }]) => calls === reverts + discards).map(([name]) => name);
}

const action: TaskOverrideActionFunction = async (taskArguments, _hre, runSuper) => {
  console.log(`      WATCHFIRE_SEED=${seedText} (Solidity)`);
  const result: Result<RunResult, RunResult> = await runSuper(taskArguments);
  const idle = reportActions(result.success ? result.value : result.error);
  if (!result.success || idle.length === 0) return result;
  console.error(`these actions never did anything in this run: ${idle.join(", ")}`);
  return errorResult(result.value);
};

export const solidityTests = overrideTask(["test", "solidity"])
  .setAction(async () => ({ default: action }))
  .build();
