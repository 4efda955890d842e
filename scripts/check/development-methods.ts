// A node runs against any parent chain, so it may use nothing that only development chains answer. The launcher of the
// devnet, which is such a chain's owner, and tests are the exceptions.
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import { report } from "./report.ts";
import { filesUnder, root, sourceFolders } from "./sources.ts";

const METHOD = /\b(?:evm|hardhat|anvil)_[A-Za-z]+/;
const ALLOWED = /^(?:test\/|scripts\/devnet)/;

/** Method names in string literals and templates, with their lines; comments may speak of them. */
function methodsIn(file: string): string[] {
  const source = readFileSync(path.join(root, file), "utf8");
  const found: string[] = [];
  const look = (text: string, offset: number) => {
    const method = METHOD.exec(text)?.[0];
    if (method !== undefined) found.push(`${file}:${source.slice(0, offset).split("\n").length}: ${method}`);
  };
  new Visitor({
    Literal: ({ value, start }) => {
      if (typeof value === "string") look(value, start);
    },
    TemplateElement: ({ value, start }) => look(value.raw, start),
  }).visit(parseSync(file, source).program);
  return found;
}

const files = sourceFolders()
  .flatMap((folder) => filesUnder(folder, [".ts", ".tsx", ".mts", ".js", ".mjs"]))
  .filter((file) => !ALLOWED.test(file));
report(files.flatMap(methodsIn), `${files.length} files`);
