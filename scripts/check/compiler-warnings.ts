// The compiler says its warnings once, when it compiles; here they stay until they are gone. Those of packages are not ours.
import { readFileSync } from "node:fs";
import path from "node:path";
import { report } from "./report.ts";
import { filesUnder, root } from "./sources.ts";

interface BuildOutput {
  readonly output: {
    readonly errors?: readonly {
      readonly severity: string;
      readonly formattedMessage: string;
      readonly sourceLocation?: { readonly file: string };
    }[];
  };
}

const builds = filesUnder("artifacts/build-info", [".output.json"]);
const warnings = builds.flatMap((file) => {
  const { output }: BuildOutput = JSON.parse(readFileSync(path.join(root, file), "utf8"));
  return (output.errors ?? [])
    .filter(({ severity, sourceLocation }) => severity === "warning" && sourceLocation?.file.startsWith("project/"))
    .map(({ formattedMessage }) => formattedMessage);
});
report([...new Set(warnings)], `${builds.length} builds`);
