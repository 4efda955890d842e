/**
 * Compares the ledger with `LedgerVerifier` on many random steps: `npm run test:fuzz:heavy -- [--cases N] [--parent URL]`.
 * Prints its seed, which WATCHFIRE_SEED repeats; an interrupt ends it early. URL is that of an anvil with
 * `--hardfork prague --gas-limit 1099511627776`, which takes half the time of Hardhat's own chain.
 */
import { parseArgs } from "node:util";
import { createNativeCrypto } from "../../crypto/native.ts";
import { toHex } from "../../protocol/bytes.ts";
import { launcherKey } from "../../scripts/devnet/setup.ts";
import { SeededRandom } from "../support/random.ts";
import { compareSteps } from "./steps/compare.ts";
import { VerifierUnderTest } from "./steps/verifier-under-test.ts";

const { values } = parseArgs({
  options: { cases: { type: "string", default: "1000000" }, parent: { type: "string" } },
});
const cases = Number(values.cases);
if (!Number.isSafeInteger(cases) || cases < 1) {
  console.error("--cases takes the number of steps to compare, at least 1");
  process.exit(2);
}

/** Cases between two lines of progress. */
const REPORT = 20_000;
// A refusal is an error in the ledger, and nobody reads where it comes from.
Error.stackTraceLimit = 0;

const { parent } = values;
const chain = parent === undefined ? undefined : { url: parent, key: toHex(launcherKey(31337n, undefined)) };
let isInterrupted = false;
process.once("SIGINT", () => {
  isInterrupted = true;
});

const { seed } = new SeededRandom();
const crypto = await createNativeCrypto();
const start = performance.now();
const seconds = () => ((performance.now() - start) / 1000).toFixed(0);
const tally = await compareSteps(crypto, await VerifierUnderTest.deploy(crypto, chain), {
  seed,
  cases,
  onProgress: (done) => {
    if (done % REPORT === 0) console.error(`${done} of ${cases} steps agree after ${seconds()} s`);
    return !isInterrupted;
  },
});
console.log(tally.toString());
console.log(`${tally.cases} steps of seed ${seed}, ${tally.sound} of them sound: all agree (${seconds()} s)`);
// Hardhat's network would keep the process alive.
process.exit(0);
