import { readFileSync } from "node:fs";
import path from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import { root } from "./sources.ts";

/** One import, export-from, `import()` or type reference to another module. */
export interface Reference {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
}

export function readImports(file: string): Reference[] {
  const { program, errors } = parseSync(file, readFileSync(path.join(root, file), "utf8"));
  if (errors.length > 0) throw new Error(`${file}: ${errors.map(({ message }) => message).join("; ")}`);

  const references: Reference[] = [];
  const add = (specifier: string, isTypeOnly: boolean) => references.push({ specifier, isTypeOnly });
  new Visitor({
    ImportDeclaration: ({ source, importKind, specifiers }) => {
      const named = specifiers.map((item) => item.type === "ImportSpecifier" && item.importKind === "type");
      add(source.value, importKind === "type" || (named.length > 0 && named.every(Boolean)));
    },
    ExportNamedDeclaration: ({ source, exportKind, specifiers }) => {
      if (source === null) return;
      add(source.value, exportKind === "type" || specifiers.every((item) => item.exportKind === "type"));
    },
    ExportAllDeclaration: ({ source, exportKind }) => add(source.value, exportKind === "type"),
    ImportExpression: ({ source }) => {
      // A computed specifier loads something that is known only when running, such as a worker's own file.
      if (source.type === "Literal" && typeof source.value === "string") add(source.value, false);
    },
    TSImportType: ({ source }) => add(source.value, true),
  }).visit(program);
  return references;
}
