// Which Node runs the project: the current one if it can, else one from npm, kept in this working copy.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cacheFolder, Failure, npm, say } from "./process.mjs";

const FETCHED_MAJOR = 24;

/**
 * @typedef {{ path: string, version: string }} NodeBinary
 * @returns {Promise<NodeBinary>}
 */
export async function findNode() {
  const current = { path: process.execPath, version: process.version };
  return isSuitable() ? current : await fetchedNode(current);
}

/** Hardhat 3 asks for 22.13, and our sources are TypeScript that Node itself has to run. */
function isSuitable() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return (major > 22 || (major === 22 && minor >= 13)) && Boolean(process.features.typescript);
}

async function fetchedNode(current) {
  const folder = path.join(cacheFolder, `node${FETCHED_MAJOR}`);
  const packageName = platformPackage();
  const binary = path.join(
    folder,
    "node_modules",
    packageName,
    "bin",
    process.platform === "win32" ? "node.exe" : "node",
  );
  const node = { path: binary, version: `v${FETCHED_MAJOR}` };
  if (existsSync(binary)) return node;

  say(`${current.version} cannot run this project; fetching Node ${FETCHED_MAJOR} from npm, once (about 40 MB)`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), '{ "private": true }\n');
  const options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"];
  const installed = await npm(current, ["install", "--prefix", folder, ...options, `${packageName}@${FETCHED_MAJOR}`]);
  if (!installed || !existsSync(binary)) {
    throw new Failure(
      `could not fetch Node ${FETCHED_MAJOR}: see npm's message above. Check the network, or install Node 22.18 or newer yourself, and try again`,
    );
  }
  return node;
}

/** The npm package `node` only chooses one of these by an install script; we choose without one. */
function platformPackage() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const prefix = platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node";
  return `${prefix}-${platform}-${process.arch}`;
}
