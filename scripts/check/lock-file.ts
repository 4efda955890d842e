// The lock file has to serve every platform and every registry: npm leaves out the binaries of other platforms when the
// registry at hand does not show them, and `npm ci` then refuses the file; and it may note where packages came from.
import { readFileSync } from "node:fs";
import path from "node:path";
import { report } from "./report.ts";
import { root } from "./sources.ts";

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = readFileSync(path.join(root, "package-lock.json"), "utf8");
const packages: Readonly<Record<string, LockedPackage>> = JSON.parse(lock).packages;

/** Whether some node_modules from the package's folder up to the root holds the name. */
function isLocked(folder: string, name: string): boolean {
  if (packages[path.posix.join(folder, "node_modules", name)]?.version !== undefined) return true;
  return folder !== "" && isLocked(folder.replace(/(^|\/)node_modules\/[^/]+(\/[^/]+)?$/, ""), name);
}

const problems = Object.entries(packages).flatMap(([folder, { resolved, optionalDependencies }]) => [
  ...(resolved === undefined ? [] : [`${folder} names the place it came from: ${resolved}`]),
  ...Object.keys(optionalDependencies ?? {})
    .filter((name) => !isLocked(folder, name))
    .map((name) => `${folder} may need ${name}, which is not in the lock file`),
]);
report(problems, `${Object.keys(packages).length} locked packages`);
