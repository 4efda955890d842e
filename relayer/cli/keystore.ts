import { createDecipheriv, createHash, pbkdf2, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import { equal, fromHex } from "../../protocol/bytes.ts";

/** Encrypted keys of validators as EIP-2335 has them, and as the common tools write them. */

const hex = z.string().regex(/^(0x)?([0-9a-fA-F]{2})*$/);
/** What a key may take: well above what tools choose, and what a hostile file is refused for. */
const MAX_PBKDF2_ROUNDS = 1 << 22;
const MAX_SCRYPT_BYTES = 1 << 30;

const Kdf = z.discriminatedUnion("function", [
  z.object({
    function: z.literal("pbkdf2"),
    params: z.object({
      dklen: z.literal(32),
      c: z.int().min(1).max(MAX_PBKDF2_ROUNDS),
      prf: z.literal("hmac-sha256"),
      salt: hex,
    }),
  }),
  z.object({
    function: z.literal("scrypt"),
    params: z.object({
      dklen: z.literal(32),
      n: z.int().min(2),
      r: z.int().min(1).max(64),
      p: z.int().min(1).max(64),
      salt: hex,
    }),
  }),
]);

const Keystore = z.object({
  version: z.literal(4),
  crypto: z.object({
    kdf: Kdf,
    checksum: z.object({ function: z.literal("sha256"), message: hex }),
    cipher: z.object({ function: z.literal("aes-128-ctr"), params: z.object({ iv: hex }), message: hex }),
  }),
});

/** The file is none of this standard, or the password is not its own. */
export class KeystoreError extends Error {
  override readonly name = "KeystoreError";
}

/** The secret key, 32 bytes. @param text JSON @throws KeystoreError */
export async function decryptKeystore(text: string, password: string): Promise<Uint8Array> {
  const { kdf, checksum, cipher } = parse(text);
  const key = await derive(kdf, passwordBytes(password));
  const message = bytes(cipher.message);
  const found = createHash("sha256").update(key.subarray(16, 32)).update(message).digest();
  if (!equal(found, bytes(checksum.message))) throw new KeystoreError("the password is wrong");
  const decipher = createDecipheriv("aes-128-ctr", key.subarray(0, 16), bytes(cipher.params.iv));
  const secret = Buffer.concat([decipher.update(message), decipher.final()]);
  if (secret.length !== 32) throw new KeystoreError(`it holds ${secret.length} bytes, not a key of 32`);
  return Uint8Array.from(secret);
}

function parse(text: string): z.infer<typeof Keystore>["crypto"] {
  try {
    return Keystore.parse(JSON.parse(text)).crypto;
  } catch (cause) {
    throw new KeystoreError("it is no keystore of EIP-2335", { cause });
  }
}

function derive(kdf: z.infer<typeof Kdf>, password: Uint8Array): Promise<Buffer> {
  const salt = bytes(kdf.params.salt);
  if (kdf.function === "pbkdf2") return promisify(pbkdf2)(password, salt, kdf.params.c, 32, "sha256");
  const { n, r, p } = kdf.params;
  const memory = 128 * r * (n + p);
  if (memory > MAX_SCRYPT_BYTES) throw new KeystoreError(`it asks for ${memory} bytes of memory`);
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, { N: n, r, p, maxmem: memory + (1 << 20) }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** NFKD, without the control codes C0, C1 and Delete. */
function passwordBytes(password: string): Uint8Array {
  const kept = [...password.normalize("NFKD")].filter((character) => {
    const code = character.codePointAt(0) as number;
    return code >= 0x20 && (code < 0x7f || code > 0x9f);
  });
  return new TextEncoder().encode(kept.join(""));
}

function bytes(text: string): Uint8Array {
  return fromHex(text.startsWith("0x") ? text : `0x${text}`);
}
