import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fromBigInt, fromHex, toBigInt, toHex } from "../../protocol/bytes.ts";

/** What one operator of the devnet holds. */
export interface OperatorKeys {
  readonly name: string;
  /** secp256k1, 32 bytes: signs blocks, stakes, posts. */
  readonly accountKey: Uint8Array;
  /** BLS, 32 bytes each. */
  readonly validatorKeys: readonly Uint8Array[];
}

/** Order of the BLS12-381 groups: a secret key is below it. */
const BLS_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

/**
 * Random keys, kept in the folder for its next use. The devnet's coins are worth nothing; a real operator keeps its keys
 * encrypted.
 */
export function operatorKeys(folder: string, operators: number, validators: number): OperatorKeys[] {
  const file = path.join(folder, "devnet-keys.json");
  const known = existsSync(file) ? readKeys(file) : [];
  const shares = Array.from({ length: operators }, (_, i) => Math.floor((validators + operators - 1 - i) / operators));
  const keys = shares.map((share, i) => ({
    name: `operator-${i + 1}`,
    accountKey: known[i]?.accountKey ?? randomBytes(32),
    validatorKeys: Array.from({ length: share }, (_, k) => known[i]?.validatorKeys[k] ?? randomBlsKey()),
  }));
  mkdirSync(folder, { recursive: true });
  const record = keys.map(({ name, accountKey, validatorKeys }) => ({
    name,
    accountKey: toHex(accountKey),
    validatorKeys: validatorKeys.map(toHex),
  }));
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  return keys;
}

/**
 * The account of the demo's user, which gets coins on every shard; in a file of its own, so that it can be handed to a
 * wallet or to `npm run conformance`.
 */
export function userKey(folder: string): { readonly file: string; readonly key: Uint8Array } {
  const file = path.join(folder, "user-key");
  mkdirSync(folder, { recursive: true });
  if (!existsSync(file)) writeFileSync(file, `${toHex(randomBytes(32))}\n`, { mode: 0o600 });
  const text = readFileSync(file, "utf8").trim();
  if (!/^0x[0-9a-f]{64}$/.test(text)) {
    throw new Error(`--data-dir: ${file} is not a private key; use another folder, or remove it`);
  }
  return { file, key: fromHex(text) };
}

function randomBlsKey(): Uint8Array {
  // 48 random bytes reduced: the bias is below 2^-128 (RFC 9380, section 5).
  return fromBigInt((toBigInt(randomBytes(48)) % (BLS_ORDER - 1n)) + 1n, 32);
}

function readKeys(file: string): OperatorKeys[] {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as {
      name: string;
      accountKey: string;
      validatorKeys: string[];
    }[];
    return record.map(({ name, accountKey, validatorKeys }) => ({
      name,
      accountKey: fromHex(accountKey),
      validatorKeys: validatorKeys.map(fromHex),
    }));
  } catch (cause) {
    throw new Error(`--data-dir: ${file} is not a file of keys; use another folder, or remove it`, { cause });
  }
}
