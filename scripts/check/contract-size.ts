// Every contract must fit what the EVM accepts: 24,576 bytes of code (EIP-170), 49,152 of init code (EIP-3860).
import { readFileSync } from "node:fs";
import path from "node:path";
import Table from "cli-table3";
import { report } from "./report.ts";
import { filesUnder, root } from "./sources.ts";

const MAX_CODE = 24_576;
const MAX_INIT_CODE = 49_152;

interface Artifact {
  readonly contractName: string;
  readonly sourceName: string;
  readonly abi: readonly { readonly type: string }[];
  readonly bytecode: string;
  readonly deployedBytecode: string;
}

const bytes = (hex: string): number => (hex.length - 2) / 2;
const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;

/** Interfaces have no code; libraries without functions of their own are compiled into their users. */
function isDeployed({ abi, bytecode }: Artifact): boolean {
  return bytes(bytecode) > 0 && abi.some(({ type }) => type !== "error" && type !== "event");
}

const contracts = filesUnder("artifacts/contracts", [".json"])
  .map((file): Artifact => JSON.parse(readFileSync(path.join(root, file), "utf8")))
  .filter((artifact) => isDeployed(artifact) && !artifact.sourceName.startsWith("contracts/mocks/"))
  .map(({ contractName, bytecode, deployedBytecode }) => ({
    contractName,
    code: bytes(deployedBytecode),
    initCode: bytes(bytecode),
  }))
  .sort((a, b) => b.code - a.code);

const table = new Table({
  head: ["contract", "code", "of 24,576", "init code", "of 49,152"],
  colAligns: ["left", "right", "right", "right", "right"],
  style: { head: [], border: [], compact: true },
});
for (const { contractName, code, initCode } of contracts) {
  table.push([contractName, code, percent(code, MAX_CODE), initCode, percent(initCode, MAX_INIT_CODE)]);
}
if (contracts.length > 0) console.log(table.toString());

const problems = contracts.flatMap(({ contractName, code, initCode }) => [
  ...(code > MAX_CODE ? [`${contractName}: ${code - MAX_CODE} bytes of code too many`] : []),
  ...(initCode > MAX_INIT_CODE ? [`${contractName}: ${initCode - MAX_INIT_CODE} bytes of init code too many`] : []),
]);
report(problems, `${contracts.length} contracts`);
