import { BROWSER, CONFIG, LAYERS, PURE, PURE_PACKAGES, READERS_OF_CONFIG, TOOLS, WRAPPED } from "./layers.ts";

export interface Import {
  readonly from: string;
  /** A file from the root, a package, or a built-in module (`node:fs`). */
  readonly to: string;
  readonly isFile: boolean;
  readonly isTypeOnly: boolean;
}

/** Packages of package.json that the program may use when it runs, and those for its development. */
export interface Declared {
  readonly dependencies: ReadonlySet<string>;
  readonly devDependencies: ReadonlySet<string>;
}

const GENERATED = ["types/", "artifacts/"];

const startsWith = (file: string, prefixes: readonly string[]): string | undefined =>
  prefixes.find((prefix) => file.startsWith(prefix));

const isTool = (file: string): boolean => startsWith(file, TOOLS) !== undefined;

function layerOf(file: string): { readonly level: number; readonly place: string } | undefined {
  for (const [level, places] of LAYERS.entries()) {
    const place = startsWith(file, places);
    if (place !== undefined) return { level, place };
  }
  return undefined;
}

/** Whether the rules know a place for this file at all. */
export function hasPlace(file: string): boolean {
  const places = [CONFIG, ...TOOLS, ...Object.keys(BROWSER)];
  return layerOf(file) !== undefined || startsWith(file, places) !== undefined;
}

/** What is wrong with an import, or nothing. */
export function objection(edge: Import, declared: Declared): string | undefined {
  return edge.isFile ? objectionToFile(edge) : objectionToPackage(edge, declared);
}

function objectionToFile({ from, to, isTypeOnly }: Import): string | undefined {
  const generated = startsWith(to, GENERATED);
  if (generated !== undefined) return objectionToWrapped(from, generated);
  if (isTool(from)) return undefined;
  if (isTool(to)) return "nothing builds on scripts, tests and benchmarks";

  const browser = startsWith(from, Object.keys(BROWSER));
  if (browser !== undefined) {
    const allowed = [browser, ...(BROWSER[browser] ?? [])];
    return startsWith(to, allowed) ? undefined : `${browser} runs in browsers and may use ${allowed.join(", ")}`;
  }
  if (to.startsWith(CONFIG) && !from.startsWith(CONFIG)) return objectionToConfig(from, isTypeOnly);

  const target = layerOf(to);
  if (target === undefined) return "is in no layer below";
  if (from.startsWith(CONFIG)) return target.level === 0 ? undefined : "relayer/config/ builds on protocol/ alone";
  const source = layerOf(from);
  if (source === undefined || target.place === source.place || target.level < source.level) return undefined;
  return target.level === source.level
    ? `${source.place} and ${target.place} stand side by side and must not know each other`
    : `${source.place} is below ${target.place}: imports go down only`;
}

function objectionToConfig(from: string, isTypeOnly: boolean): string | undefined {
  if (!from.startsWith("relayer/")) return "is in no layer below";
  if (isTypeOnly || startsWith(from, READERS_OF_CONFIG)) return undefined;
  return "only node.ts and the commands read the configuration; everybody else may import its types";
}

function objectionToPackage({ from, to }: Import, declared: Declared): string | undefined {
  if (startsWith(from, PURE)) {
    return PURE_PACKAGES.includes(to) ? undefined : "pure code takes everything but pure packages as arguments";
  }
  if (to.startsWith("node:")) {
    return startsWith(from, Object.keys(BROWSER)) ? "there is no Node in a browser" : undefined;
  }
  const isDeclared = declared.dependencies.has(to) || (isTool(from) && declared.devDependencies.has(to));
  if (!isDeclared) {
    return declared.devDependencies.has(to) ? "is declared for development only" : "is not declared in package.json";
  }
  return objectionToWrapped(from, to);
}

function objectionToWrapped(from: string, to: string): string | undefined {
  if (isTool(from)) return undefined;
  const wrapper = WRAPPED.find(({ packages }) => packages.includes(to));
  if (wrapper === undefined || startsWith(from, wrapper.by)) return undefined;
  return `only ${wrapper.by.join(", ")} may import it`;
}
