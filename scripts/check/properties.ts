// PROPERTIES.md promises a test for every property: each one that it links to is there, and each function that checks a
// property in the invariant run is called by that run and stands in PROPERTIES.md.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { report } from "./report.ts";
import { filesUnder, root } from "./sources.ts";

const PAGE = "PROPERTIES.md";
const RUN = "test/invariants/BeaconInvariants.t.sol";
/** A numbered row: | 7 | statement | who would profit | tests | */
const ROW = /^\| *(\d+) *\|(.*)\|$/gm;
/** A test: [its name](its file). */
const TEST = /\[([^\]]+)\]\((test\/[^)]+)\)/g;
const PROPERTY = /function (\w+)\(\) public view/g;

function read(file: string): string {
  return readFileSync(path.join(root, file), "utf8");
}

const rows = [...read(PAGE).matchAll(ROW)].map(([, number, text]) => ({
  number: Number(number),
  text: text as string,
}));
const misnumbered = rows
  .filter(({ number }, i) => number !== i + 1)
  .map(({ number }, i) => `${PAGE}: property ${number} stands where ${i + 1} should`);

const tests = rows.map(({ number, text }) => ({ number, links: [...text.matchAll(TEST)] }));
const untested = tests
  .filter(({ links }) => links.length === 0)
  .map(({ number }) => `${PAGE}: property ${number} has no test`);
const missing = tests.flatMap(({ number, links }) =>
  links
    .filter(
      ([, name, file]) =>
        !existsSync(path.join(root, file as string)) || !read(file as string).includes(name as string),
    )
    .map(([, name, file]) => `${PAGE}: property ${number}: there is no "${name}" in ${file}`),
);

const named = new Set(tests.flatMap(({ links }) => links.map(([, name]) => name)));
const run = read(RUN);
const functions = filesUnder("test/invariants", ["Properties.sol"]).flatMap((file) =>
  [...read(file).matchAll(PROPERTY)].map(([, name]) => ({ file, name: name as string })),
);
const unnamed = functions
  .filter(({ name }) => !named.has(name))
  .map(({ file, name }) => `${file}: ${name} is not in ${PAGE}`);
const uncalled = functions
  .filter(({ name }) => !run.includes(`.${name}()`))
  .map(({ file, name }) => `${file}: ${name} is not called by ${RUN}`);

report([...misnumbered, ...untested, ...missing, ...unnamed, ...uncalled], `${rows.length} properties`);
