import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { createNativeCrypto } from "../crypto/native.ts";
import { formatVectors } from "./vectors/all.ts";

// Writes docs/formats.vectors.json anew. A change in it is a change of the protocol: every node and contract has to agree.
const path = resolve(import.meta.dirname, "../docs/formats.vectors.json");
writeFileSync(path, formatVectors(await createNativeCrypto()));
console.log(`${path} written`);
