// Contracts meet other folders through interfaces (I*.sol), types/ and libraries/ alone, and nothing goes round in circles.
import { readFileSync } from "node:fs";
import path from "node:path";
import { analyze } from "@nomicfoundation/solidity-analyzer";
import { findCycles } from "./cycles.ts";
import { report } from "./report.ts";
import { filesUnder, root } from "./sources.ts";

/** What everybody may import. Of the two, types are the lower. */
const TYPES = "contracts/types";
const LIBRARIES = "contracts/libraries";
const PACKAGES = ["@openzeppelin/contracts/"];
const MOCKS = "contracts/mocks";

function objection(from: string, to: string): string | undefined {
  if (!to.startsWith("contracts/")) {
    return PACKAGES.some((name) => to.startsWith(name)) ? undefined : "is not a package that contracts build on";
  }
  const own = path.posix.dirname(from);
  const other = path.posix.dirname(to);
  // What is in a folder below is a part of its own.
  if (own === other || other.startsWith(`${own}/`) || own.startsWith(MOCKS)) return undefined;
  if (other.startsWith(MOCKS)) return "doubles are for tests";
  if (other === TYPES) return undefined;
  if (own === TYPES) return "types build on types alone";
  if (other === LIBRARIES) return undefined;
  if (own === LIBRARIES) return "libraries build on types and libraries alone";
  if (/^I[A-Z]/.test(path.posix.basename(to))) return undefined;
  return "other folders are met through their interfaces, through types/ and libraries/";
}

const files = filesUnder("contracts", [".sol"]);
const graph = new Map(
  files.map((file) => {
    const { imports } = analyze(readFileSync(path.join(root, file), "utf8"));
    const relative = (target: string) => path.posix.join(path.posix.dirname(file), target);
    return [file, imports.map((target) => (target.startsWith(".") ? relative(target) : target))];
  }),
);

const forbidden = [...graph].flatMap(([from, targets]) =>
  targets.flatMap((to) => {
    const reason = objection(from, to);
    return reason === undefined ? [] : [`${from} imports ${to}: ${reason}`];
  }),
);
const cycles = findCycles(graph).map((cycle) => `import cycle: ${cycle}`);
report([...forbidden, ...cycles], `${files.length} contracts`);
