// Everything that can be checked without running the program. `npm run check` runs all parts and goes on after a
// failure; `npm run check -- imports types` runs those parts only.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

interface Part {
  readonly name: string;
  readonly what: string;
  /** Arguments of node: a script and its arguments. */
  readonly argv: readonly string[];
}

const root = path.join(import.meta.dirname, "..");

/** The JavaScript file behind a package's command. */
function binary(packageName: string, command: string): string {
  const folder = path.join(root, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  return path.join(folder, typeof bin === "string" ? bin : bin[command]);
}

const parts: readonly Part[] = [
  {
    name: "biome",
    what: "format and lint of TypeScript, JavaScript and JSON",
    argv: [
      binary("@biomejs/biome", "biome"),
      ...["ci", ".", "--error-on-warnings", "--diagnostic-level=warn"],
      // Biome colours its output in CI even when that goes to a file.
      ...(process.stdout.isTTY ? [] : ["--colors=off"]),
    ],
  },
  {
    name: "solidity-format",
    what: "format of Solidity",
    argv: [binary("prettier", "prettier"), "--check", "{contracts,test}/**/*.sol"],
  },
  {
    name: "solidity-lint",
    what: "lint of Solidity",
    argv: [binary("solhint", "solhint"), "--disc", "--noPoster", "--max-warnings", "0", "contracts/**/*.sol"],
  },
  { name: "types", what: "types of TypeScript", argv: [binary("typescript", "tsc"), "--project", "."] },
  { name: "lock-file", what: "lock file complete and without addresses", argv: ["scripts/check/lock-file.ts"] },
  { name: "imports", what: "who may import whom, in TypeScript", argv: ["scripts/check/imports.ts"] },
  {
    name: "solidity-imports",
    what: "who may import whom, in Solidity",
    argv: ["scripts/check/solidity-imports.ts"],
  },
  {
    name: "development-methods",
    what: "no RPC method of development chains outside devnet and tests",
    argv: ["scripts/check/development-methods.ts"],
  },
  {
    name: "compiler-warnings",
    what: "our contracts compile without warnings",
    argv: ["scripts/check/compiler-warnings.ts"],
  },
  { name: "properties", what: "a test for every property", argv: ["scripts/check/properties.ts"] },
  { name: "contract-size", what: "contracts within the limits of the EVM", argv: ["scripts/check/contract-size.ts"] },
];

function runPart({ name, what, argv }: Part): boolean {
  console.log(`\n── ${name}: ${what}`);
  const started = performance.now();
  const { status } = spawnSync(process.execPath, argv, { cwd: root, stdio: "inherit" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`── ${name}: ${status === 0 ? "ok" : "FAILED"} (${seconds} s)`);
  return status === 0;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(`no part named ${unknown.join(", ")}; there are: ${parts.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}

const chosen = parts.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const failed = chosen.filter((part) => !runPart(part));
console.log(failed.length === 0 ? "\nall checks passed" : `\nfailed: ${failed.map(({ name }) => name).join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
