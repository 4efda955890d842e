// The compiler says its warnings once, when it compiles; here they stay until they are gone. Those of packages are not ours.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { report } from "./report.ts";
import { filesUnder, root } from "./sources.ts";

interface BuildInput {
  readonly input: { readonly sources: Readonly<Record<string, { readonly content: string }>> };
}

interface BuildOutput {
  readonly output: {
    readonly errors?: readonly {
      readonly severity: string;
      readonly errorCode?: string;
      readonly formattedMessage: string;
      readonly sourceLocation?: { readonly file: string };
    }[];
  };
}

const OURS = "project/";
const TESTS = "project/test/";
/** That code or creation code is larger than EIP-170 and EIP-3860 allow. Tests are never deployed. */
const CODE_SIZES = ["5574", "3860"];

function read<T>(file: string): T {
  return JSON.parse(readFileSync(path.join(root, file), "utf8"));
}

/** A build stays as long as one of its contracts is in use; of another one it may know a text that is gone. */
function isPresent(source: string, { input }: BuildInput): boolean {
  const file = path.join(root, source.slice(OURS.length));
  return existsSync(file) && readFileSync(file, "utf8") === input.sources[source]?.content;
}

const builds = filesUnder("artifacts/build-info", [".output.json"]);
const warnings = builds.flatMap((file) => {
  const { output } = read<BuildOutput>(file);
  const ours = (output.errors ?? []).filter(
    ({ severity, errorCode, sourceLocation }) =>
      severity === "warning" &&
      sourceLocation?.file.startsWith(OURS) &&
      !(CODE_SIZES.includes(errorCode ?? "") && sourceLocation.file.startsWith(TESTS)),
  );
  if (ours.length === 0) return [];
  const build = read<BuildInput>(file.replace(/\.output\.json$/, ".json"));
  return ours
    .filter(({ sourceLocation }) => isPresent(sourceLocation?.file ?? "", build))
    .map(({ formattedMessage }) => formattedMessage);
});
report([...new Set(warnings)], `${builds.length} builds`);
