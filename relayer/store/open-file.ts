import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Opens the file, or creates it with its folder, so that it is still there after a crash: the entry of a new file is on disk
 * only when its folder is. @returns the descriptor
 */
export function openDurably(path: string, flags: "a" | "a+"): number {
  const folder = resolve(dirname(path));
  const firstMade = mkdirSync(folder, { recursive: true });
  const file = openSync(path, flags, 0o600);
  flush(folder);
  // Each folder that was made now stands in the one above it.
  for (let made = folder; firstMade !== undefined && made.length >= firstMade.length; made = dirname(made)) {
    flush(dirname(made));
  }
  return file;
}

function flush(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
