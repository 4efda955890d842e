// The door to every command (`npm start`, `npm test`, ...). Plain JavaScript, because it has to run on Node 20 as well:
// it finds or fetches a Node that can run the project, installs the dependencies under that Node, compiles the contracts
// that changed, and hands over. Its own words go to stderr; stdout belongs to the command.
import { readdirSync } from "node:fs";
import path from "node:path";
import { compileContracts } from "./run/contracts.mjs";
import { installDependencies } from "./run/dependencies.mjs";
import { withLock } from "./run/lock.mjs";
import { findNode } from "./run/node.mjs";
import { binary, Failure, handOver, handOverTogether, root, say } from "./run/process.mjs";

/** What each command runs, one after the other or together, and whether it needs compiled contracts. */
const commands = {
  start: { compiled: true, run: (args) => [["scripts/devnet.ts", ...args]] },
  test: { compiled: true, together: true, run: testRuns },
  fuzz: { compiled: true, run: (args) => [["test/fuzz/heavy-steps.ts", ...args]] },
  check: { compiled: true, run: (args) => [["scripts/check.ts", ...args]] },
  audit: { compiled: true, run: (args) => [["relayer/cli/audit.ts", ...args]] },
  validator: { compiled: true, run: (args) => [["relayer/cli/validator.ts", ...args]] },
  operator: { compiled: true, run: (args) => [["relayer/cli/operator.ts", ...args]] },
  bench: { compiled: true, run: (args) => [["bench/run.ts", ...args]] },
  "demo:fraud": { compiled: true, run: (args) => [["scripts/demo-fraud.ts", ...args]] },
  conformance: { compiled: true, run: (args) => [["scripts/conformance.ts", ...args]] },
  deploy: { compiled: true, run: (args) => [["scripts/deploy.ts", ...args]] },
  compile: { compiled: true, run: () => [] },
  format: {
    compiled: false,
    run: () => [
      [binary("@biomejs/biome", "biome"), "check", "--write", "."],
      [binary("prettier"), "--log-level", "warn", "--write", "{contracts,test}/**/*.sol"],
    ],
  },
  // For everything else: any file with the right Node, Hardhat's own tasks, tests that need no contracts.
  node: { compiled: false, run: (args) => [args] },
  hardhat: { compiled: false, run: (args) => [[binary("hardhat"), ...args]] },
  mocha: { compiled: false, run: (args) => [[binary("mocha"), "--timeout", "120000", ...args]] },
};

/**
 * Hardhat would load every TypeScript file under test/ as a test; some are helpers, and some are programs that tests
 * start. Contracts are compiled already, except for coverage, which compiles them anew with its instrumentation.
 *
 * The flows of test/e2e spend most of their time waiting for the next slot, the others computing: side by side, on two
 * cores, both take hardly longer than the slower of them alone.
 */
function testRuns(args) {
  const isCoverage = args.includes("--coverage");
  const run = (...files) => [binary("hardhat"), "test", ...(isCoverage ? [] : ["--no-compile"]), ...args, ...files];
  if (args.some((arg) => /\.(ts|sol)$/.test(arg))) return [run()];
  const files = testFiles();
  // What coverage writes, one run would overwrite of the other.
  if (isCoverage) return [run(...files)];
  const flows = files.filter((file) => file.startsWith(path.join("test", "e2e")));
  return [run(...files.filter((file) => !flows.includes(file))), run(...flows)];
}

function testFiles() {
  return readdirSync(path.join(root, "test"), { recursive: true })
    .filter((file) => /\.(test\.ts|t\.sol)$/.test(file))
    .map((file) => path.join("test", file))
    .sort();
}

async function main([name, ...args]) {
  const command = Object.hasOwn(commands, name ?? "") ? commands[name] : undefined;
  if (command === undefined) {
    throw new Failure(`usage: node scripts/run.mjs <${Object.keys(commands).join(" | ")}> [arguments]`, 2);
  }

  const node = await withLock(async () => {
    const found = await findNode();
    await installDependencies(found);
    if (command.compiled) await compileContracts(found);
    return found;
  });

  if (command.together) await handOverTogether(node, command.run(args));
  else for (const argv of command.run(args)) await handOver(node, argv);
}

main(process.argv.slice(2)).catch((error) => {
  if (!(error instanceof Failure)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
});
