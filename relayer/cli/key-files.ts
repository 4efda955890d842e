import { readFileSync } from "node:fs";
import { fromHex } from "../../protocol/bytes.ts";
import { decryptKeystore } from "./keystore.ts";

/** A private key of 32 bytes in hexadecimal. @param flag for the message @throws Error that names the flag */
export function readKeyFile(flag: string, file: string): Uint8Array {
  const text = readText(flag, file).trim();
  const hex = text.startsWith("0x") ? text : `0x${text}`;
  if (!/^0x[0-9a-fA-F]{64}$/.test(hex)) {
    throw new Error(`${flag}: ${file} holds no private key of 32 bytes in hexadecimal`);
  }
  return fromHex(hex);
}

/** A validator's key, encrypted as EIP-2335 says. @throws Error that names the flag */
export async function readKeystore(file: string, passwordFile: string | undefined): Promise<Uint8Array> {
  if (passwordFile === undefined) throw new Error("--keystore: give the file that holds its password, --password-file");
  const password = readText("--password-file", passwordFile).replace(/\r?\n$/, "");
  try {
    return await decryptKeystore(readText("--keystore", file), password);
  } catch (cause) {
    throw new Error(`--keystore: ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function readText(flag: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(`${flag}: ${file} cannot be read`, { cause });
  }
}
