import { setTimeout as sleep } from "node:timers/promises";

/** Waits for what has to come; the time only bounds how long a failing test takes. */
export async function eventually(condition: () => boolean, timeoutMs = 30_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${condition}`);
    await sleep(5);
  }
}
