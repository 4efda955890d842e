import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Devnet } from "./devnet/devnet.ts";
import { parseOptions } from "./devnet/options.ts";
import { printTable } from "./devnet/report.ts";

/** npm start: see `npm start -- --help`. Progress and problems go to standard error, the result to standard output. */

const options = parseOptions(process.argv.slice(2));
const started = performance.now();
const say = (line: string) => {
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
  process.stderr.write(`${seconds}s  ${line}\n`);
};

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(130);
    say("stopping; once more to stop at once");
    stop.abort(new Error(`stopped by ${name}`));
  });
}

const dataDirectory = options.dataDir ?? mkdtempSync(path.join(tmpdir(), "watchfire-"));
const devnet = new Devnet(options, dataDirectory, say);
try {
  await devnet.start(stop.signal);
  const report = await devnet.run(stop.signal);
  if (report !== null) {
    printTable(report, (text) => (options.json ? process.stderr : process.stdout).write(text));
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    if (!report.valueConserved) throw new Error("value is not conserved");
  }
} catch (error) {
  if (!stop.signal.aborted) {
    process.exitCode = 1;
    say(`failed while ${devnet.stage}: ${error instanceof Error ? error.message : String(error)}`);
    for (let cause = (error as Error).cause; cause instanceof Error; cause = cause.cause)
      say(`  because: ${cause.message}`);
  }
} finally {
  await devnet.close();
}
// Idle connections of HTTP clients would hold the process for some seconds more.
process.exit();
