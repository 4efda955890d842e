import { readFileSync } from "node:fs";
import { Command } from "commander";
import { computeAddress, formatEther, parseEther } from "ethers";
import type { Target } from "./conformance/capabilities.ts";
import { startOwnDevnet } from "./conformance/own-devnet.ts";
import { conformanceTable, runConformance } from "./conformance/run.ts";

/** npm run conformance: stock clients against a running shard. Progress goes to standard error, the table to standard output. */

const options = new Command("npm run conformance --")
  .description("Runs ethers, viem, cast and a web page's requests against a shard, and prints what works with which.")
  .option("--rpc <url>", "JSON-RPC of a running shard (default: a devnet of its own)")
  .option("--key-file <file>", "private key in hexadecimal of an account with coins there; needed with --rpc")
  .allowExcessArguments(false)
  .parse()
  .opts<{ rpc?: string; keyFile?: string }>();

/** More than all checks spend. */
const NEEDED = parseEther("0.1");

const say = (line: string) => process.stderr.write(`${line}\n`);

function givenTarget(url: string, keyFile: string | undefined): Target {
  if (keyFile === undefined) throw new Error("--rpc needs --key-file: an account with coins on that shard");
  const text = readFileSync(keyFile, "utf8").trim();
  const key = text.startsWith("0x") ? text : `0x${text}`;
  if (!/^0x[0-9a-fA-F]{64}$/.test(key)) throw new Error(`${keyFile} holds no private key of 32 bytes in hexadecimal`);
  return { url, privateKey: key as `0x${string}` };
}

/**
 * Clients would try again and again where nobody answers, and nothing can be sent without coins. @throws Error
 */
async function reach({ url, privateKey }: Target): Promise<void> {
  const address = computeAddress(privateKey);
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_getBalance", params: [address, "latest"] });
  const request = { method: "POST", headers: { "content-type": "application/json" }, body };
  const answer = await fetch(url, request).catch((cause: unknown) => new Error(`${url} does not answer`, { cause }));
  if (answer instanceof Error) throw answer;
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${text}`);
  const { result } = JSON.parse(text) as { result?: string };
  if (BigInt(result ?? 0) < NEEDED) {
    throw new Error(
      `${address} has less than ${formatEther(NEEDED)} ETH on ${url}: deposit there, or use another --key-file`,
    );
  }
}

let close = async () => {};
try {
  let target: Target;
  if (options.rpc === undefined) {
    const devnet = await startOwnDevnet(say);
    close = devnet.close;
    target = devnet.target;
  } else {
    target = givenTarget(options.rpc, options.keyFile);
    await reach(target);
  }
  const outcomes = await runConformance(target, say);
  process.stdout.write(`${conformanceTable(outcomes)}\n`);
  const failed = outcomes.filter(({ failure }) => failure !== null);
  for (const { client, capability, failure } of failed) say(`${client}: ${capability}: ${failure}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} catch (error) {
  say(`failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await close();
}
// Idle connections of HTTP clients would hold the process for some seconds more.
process.exit();
