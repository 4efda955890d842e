/**
 * Runs the benchmarks: `npm run bench -- [--only NAME[,NAME]] [--json FILE]`. Prints a table; FILE gets the figures.
 * bench/README.md says how each is measured.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Benchmark, Figure } from "./benchmark.ts";

/** Loaded when they run, so that one does not wait for what another needs. */
const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  gas: async () => (await import("./gas/benchmark.ts")).measureGas,
  watcher: async () => (await import("./watcher/benchmark.ts")).measureWatcher,
  "dispute-gas": async () => (await import("./dispute-gas/benchmark.ts")).measureDisputeGas,
};

const { values } = parseArgs({ options: { only: { type: "string" }, json: { type: "string" } } });
const names = values.only?.split(",") ?? Object.keys(BENCHMARKS);
const unknown = names.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) {
  console.error(`no benchmark named ${unknown.join(", ")}; there are: ${Object.keys(BENCHMARKS).join(", ")}`);
  process.exit(2);
}

const figures: Figure[] = [];
for (const name of names) {
  const benchmark = await (BENCHMARKS[name] as () => Promise<Benchmark>)();
  figures.push(...(await benchmark((line) => console.error(`${name}: ${line}`))));
}
console.table(
  Object.fromEntries(figures.map(({ name, value, goal, unit }) => [name, { value, goal: goal ?? "", unit }])),
);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
// Hardhat's network would keep the process alive.
process.exit(0);
