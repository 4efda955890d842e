import Table from "cli-table3";
import { formatEther } from "ethers";
import { createNativeCrypto } from "../crypto/native.ts";
import { FraudDemo, type FraudReport } from "./fraud/demo.ts";

/** npm run demo:fraud: the story on standard error, what came of it on standard output; with --json as one line. */

const isJson = process.argv.includes("--json");
const started = performance.now();
const say = (line: string) => {
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)}s  ${line}\n`);
};

function printReport(report: FraudReport): void {
  const table = new Table({ style: { head: [], border: [] } });
  table.push(
    { "what the EVM found": report.fault },
    { "parent blocks from lie to verdict": report.blocksToVoid },
    { "validators that lost their stakes": report.punishedValidators },
    { "taken from those who signed": `${formatEther(report.taken)} coins` },
    { "paid to the watcher": `${formatEther(report.reward)} coins` },
    { burnt: `${formatEther(report.burnt)} coins` },
    { "value conserved": report.valueConserved ? "yes" : "NO" },
  );
  process.stdout.write(`${table.toString()}\n`);
}

const demo = new FraudDemo(await createNativeCrypto(), say);
try {
  const report = await demo.tell();
  if (isJson) {
    const text = JSON.stringify(report, (_key, value) => (typeof value === "bigint" ? value.toString() : value));
    process.stdout.write(`${text}\n`);
  } else printReport(report);
} catch (error) {
  process.exitCode = 1;
  say(`failed: ${error instanceof Error ? error.message : String(error)}`);
} finally {
  await demo.close();
}
// Idle connections of HTTP clients would hold the process for some seconds more.
process.exit();
