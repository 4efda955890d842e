import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Context } from "mocha";

/** Public test vectors: `WATCHFIRE_VECTORS`, or `shared/vectors` beside the repository. */
const ROOT = process.env.WATCHFIRE_VECTORS ?? resolve(import.meta.dirname, "../../../shared/vectors");

/** Skips the running test when the vectors are not there; in CI their absence is a failure. */
function locate(test: Context, path: string): string {
  const full = resolve(ROOT, path);
  if (existsSync(full)) return full;
  if (process.env.CI) throw new Error(`test vectors are missing: ${full}`);
  console.log(`      no vectors at ${full}: skipped`);
  return test.skip();
}

export function readVector(test: Context, path: string): string {
  return readFileSync(locate(test, path), "utf8");
}

export function listVectors(test: Context, path: string): string[] {
  return readdirSync(locate(test, path)).sort();
}
