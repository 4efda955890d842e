import { accessSync, constants, readdirSync } from "node:fs";
import path from "node:path";

const REMEDY =
  "the queue's tests need the servers of Debian's packages postgresql and redis-server (apt-get install postgresql redis-server)";

/** Where Debian puts programs that are on nobody's PATH; the newest version first. */
function foldersOfPostgres(): string[] {
  try {
    const root = "/usr/lib/postgresql";
    const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => path.join(root, version, "bin"));
  } catch {
    return [];
  }
}

/** A program is not installed; the message names the packages to install. */
export class MissingProgram extends Error {
  override readonly name = "MissingProgram";
}

/** @throws {MissingProgram} */
export function findProgram(name: string): string {
  const folders = [...(process.env.PATH ?? "").split(path.delimiter), ...foldersOfPostgres()];
  for (const folder of folders) {
    const program = path.join(folder, name);
    try {
      accessSync(program, constants.X_OK);
      return program;
    } catch {
      // Not here.
    }
  }
  throw new MissingProgram(`${name} is not installed: ${REMEDY}`);
}
