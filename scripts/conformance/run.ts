import Table from "cli-table3";
import { CAPABILITIES, type Capability, type StartClient, type Target } from "./capabilities.ts";
import { startCast } from "./cast-client.ts";
import { startEthers } from "./ethers-client.ts";
import { startPage } from "./page-client.ts";
import { startViem } from "./viem-client.ts";

/** Seconds that a check may take: on a running shard it waits for blocks. */
const PATIENCE_SECONDS = 90;

export interface Outcome {
  readonly client: string;
  readonly capability: Capability;
  /** null when it works. */
  readonly failure: string | null;
  readonly seconds: number;
}

const CLIENTS: readonly StartClient[] = [startEthers, startViem, startCast, startPage];

/** Runs every client through all that applies to it, one after the other: they share the account. */
export async function runConformance(target: Target, say: (line: string) => void): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const start of CLIENTS) {
    const client = await start(target);
    try {
      for (const capability of Object.keys(CAPABILITIES) as Capability[]) {
        const check = client.checks[capability];
        if (check === undefined) continue;
        const started = performance.now();
        const failure = await failureOf(check());
        const seconds = (performance.now() - started) / 1000;
        say(
          `${client.name}: ${capability} ${failure === null ? "ok" : `FAILED: ${failure}`} (${seconds.toFixed(1)} s)`,
        );
        outcomes.push({ client: client.name, capability, failure, seconds });
      }
    } finally {
      await client.close();
    }
  }
  return outcomes;
}

async function failureOf(check: Promise<void>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    const tooLong = new Error(`nothing after ${PATIENCE_SECONDS} s`);
    timer = setTimeout(() => reject(tooLong), PATIENCE_SECONDS * 1000);
  });
  try {
    await Promise.race([check, patience]);
    return null;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).slice(0, 600);
  } finally {
    clearTimeout(timer);
  }
}

/** Rows are capabilities, columns clients; what does not apply to a client has a dash. */
export function conformanceTable(outcomes: readonly Outcome[]): string {
  const clients = [...new Set(outcomes.map(({ client }) => client))];
  const table = new Table({ head: ["", ...clients], style: { head: [], border: [] } });
  for (const [capability, description] of Object.entries(CAPABILITIES)) {
    const cells = clients.map((client) => {
      const outcome = outcomes.find((one) => one.client === client && one.capability === capability);
      return outcome === undefined ? "–" : outcome.failure === null ? "ok" : "FAILED";
    });
    table.push([description, ...cells]);
  }
  return table.toString();
}
