// node_modules has to be what the lock file says, as Node 22 and newer see it: an `npm ci` under Node 20 leaves out
// optional packages (Hardhat's native network among them) without a word, so their absence is what we look for.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cacheFolder, Failure, npm, root, say } from "./process.mjs";

const noteFile = path.join(cacheFolder, "dependencies.json");
const cLibrary = process.platform === "linux" ? linuxLibrary() : undefined;

/** @param {import("./node.mjs").NodeBinary} node */
export async function installDependencies(node) {
  const lock = readFileSync(path.join(root, "package-lock.json"), "utf8");
  const lockHash = createHash("sha256").update(lock).digest("hex");
  const before = missingPackages(JSON.parse(lock));
  if (before.length === 0 || isExpected(before, lockHash)) return;

  const reason = existsSync(path.join(root, "node_modules"))
    ? "node_modules does not match the lock file"
    : "first run";
  say(`installing dependencies with npm ci (${reason}; about a minute)`);
  if (!(await npm(node, ["ci", "--no-audit", "--no-fund", "--loglevel=error"]))) {
    throw new Failure("npm ci failed: see its message above. If it is the network, try again when it is back");
  }
  // What npm leaves out here it leaves out every time, so it is no reason to install again.
  writeFileSync(noteFile, JSON.stringify({ lockHash, leftOut: missingPackages(JSON.parse(lock)) }));
}

function isExpected(missing, lockHash) {
  if (!existsSync(noteFile)) return false;
  const note = JSON.parse(readFileSync(noteFile, "utf8"));
  return note.lockHash === lockHash && missing.every((folder) => note.leftOut.includes(folder));
}

/** Folders of packages that the lock file wants on this platform and that are absent or of another version. */
function missingPackages(lock) {
  const hiddenLock = path.join(root, "node_modules", ".package-lock.json");
  const installed = existsSync(hiddenLock) ? JSON.parse(readFileSync(hiddenLock, "utf8")).packages : {};
  return Object.entries(lock.packages)
    .filter(([folder, wanted]) => folder !== "" && isForThisPlatform(wanted))
    .filter(([folder, wanted]) => {
      const found = installed[folder];
      return found?.version !== wanted.version || found?.integrity !== wanted.integrity || !isOnDisk(folder);
    })
    .map(([folder]) => folder);
}

function isOnDisk(folder) {
  return existsSync(path.join(root, folder, "package.json"));
}

function isForThisPlatform({ os, cpu, libc }) {
  return allows(os, process.platform) && allows(cpu, process.arch) && allows(libc, cLibrary);
}

function allows(list, value) {
  if (list === undefined || value === undefined) return true;
  return !list.includes(`!${value}`) && (list.every((item) => item.startsWith("!")) || list.includes(value));
}

/** As npm tells them apart. A report takes milliseconds, and network names would make it seconds. */
function linuxLibrary() {
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime === undefined ? "musl" : "glibc";
}
