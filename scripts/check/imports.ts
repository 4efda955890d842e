// Holds the order of the folders (layers.ts): imports go down only, services do not know each other, pure code stays
// pure, wrapped packages stay wrapped, and nothing goes round in circles.
import { existsSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { findCycles } from "./cycles.ts";
import { type Declared, hasPlace, type Import, objection } from "./import-rules.ts";
import { readImports } from "./read-imports.ts";
import { report } from "./report.ts";
import { filesUnder, root, sourceFolders } from "./sources.ts";

const EXTENSIONS = [".ts", ".tsx", ".mts", ".js", ".mjs"];

function readDeclared(): Declared {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  return {
    dependencies: new Set(Object.keys(dependencies)),
    devDependencies: new Set(Object.keys(devDependencies)),
  };
}

function resolve(from: string, specifier: string, isTypeOnly: boolean): Import {
  if (specifier.startsWith(".")) {
    return { from, to: path.posix.join(path.posix.dirname(from), specifier), isFile: true, isTypeOnly };
  }
  if (isBuiltin(specifier)) {
    return { from, to: specifier.startsWith("node:") ? specifier : `node:${specifier}`, isFile: false, isTypeOnly };
  }
  const [scopeOrName = "", name] = specifier.split("/");
  return { from, to: specifier.startsWith("@") ? `${scopeOrName}/${name}` : scopeOrName, isFile: false, isTypeOnly };
}

const declared = readDeclared();
const files = ["hardhat.config.ts", ...sourceFolders().flatMap((folder) => filesUnder(folder, EXTENSIONS))];
const edges = files.flatMap((file) =>
  readImports(file).map(({ specifier, isTypeOnly }) => resolve(file, specifier, isTypeOnly)),
);

const homeless = files
  .filter((file) => !hasPlace(file))
  .map((file) => `${file} has no place in the order of folders (scripts/check/layers.ts)`);
const forbidden = edges.flatMap((edge) => {
  const reason = objection(edge, declared);
  return reason === undefined ? [] : [`${edge.from} imports ${edge.to}: ${reason}`];
});
const missing = edges
  .filter(({ to, isFile }) => isFile && !existsSync(path.join(root, to)))
  .map(({ from, to }) => `${from} imports ${to}: there is no such file`);
const graph = new Map(
  files.map((file) => [file, edges.filter(({ from, isFile }) => isFile && from === file).map(({ to }) => to)]),
);
const cycles = findCycles(graph).map((cycle) => `import cycle: ${cycle}`);

report([...homeless, ...forbidden, ...missing, ...cycles], `${files.length} files, ${edges.length} imports`);
