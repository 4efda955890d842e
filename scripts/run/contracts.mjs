// Compiles the contracts when their sources, the configuration or the compiler changed. Hardhat knows that too, but
// needs seconds to find out; a hash of the sources needs milliseconds.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { binary, cacheFolder, Failure, prepare, root, say } from "./process.mjs";

const stampFile = path.join(cacheFolder, "contracts.json");

/** @param {import("./node.mjs").NodeBinary} node */
export async function compileContracts(node) {
  const sources = hashOfSources();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp(sources)) return;

  say("compiling contracts (a minute or more when many changed)");
  if (!(await prepare(node, [binary("hardhat"), "build"]))) {
    throw new Failure("the contracts do not compile: see the messages above");
  }
  writeFileSync(stampFile, stamp(sources));
}

/** Ties the sources to the build they gave, so that a build made past this script is noticed. */
function stamp(sources) {
  const build = ["cache/compile-cache.json", "types/index.ts"].map((file) =>
    existsSync(path.join(root, file)) ? hash(readFileSync(path.join(root, file))) : "absent",
  );
  return JSON.stringify({ sources, build });
}

function hashOfSources() {
  const files = ["package-lock.json", "hardhat.config.ts", ...solidityFiles("contracts"), ...solidityFiles("test")];
  return hash(files.map((file) => `${file} ${hash(readFileSync(path.join(root, file)))}`).join("\n"));
}

function solidityFiles(folder) {
  if (!existsSync(path.join(root, folder))) return [];
  return readdirSync(path.join(root, folder), { recursive: true })
    .filter((file) => file.endsWith(".sol"))
    .map((file) => path.join(folder, file))
    .sort();
}

function hash(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
