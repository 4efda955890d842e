import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

export const root = path.join(import.meta.dirname, "../..");

/** Folders of the working copy that hold no sources of ours. */
const NOT_SOURCES = new Set(["node_modules", "artifacts", "cache", "coverage", "dist", "types"]);

/** Top-level folders with sources of ours. */
export function sourceFolders(): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !NOT_SOURCES.has(entry.name))
    .map((entry) => entry.name);
}

/** Files under a folder whose names end in one of the extensions, as sorted paths from the root with forward slashes. */
export function filesUnder(folder: string, extensions: readonly string[]): string[] {
  if (!existsSync(path.join(root, folder))) return [];
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const file = path.posix.join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesUnder(file, extensions);
      return extensions.some((extension) => entry.name.endsWith(extension)) ? [file] : [];
    })
    .sort();
}
