import { expect } from "chai";
import { toHex } from "../../../protocol/bytes.ts";
import { decryptKeystore, KeystoreError } from "../../../relayer/cli/keystore.ts";

/** The test vectors of EIP-2335: one secret and one password under both key derivations. */
const SECRET = "0x000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";
const PASSWORD = "𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑";
const SALT = "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3";
const IV = "264daa3f303d7259501c93d997d84fe6";

const cipher = (message: string) => ({ function: "aes-128-ctr", params: { iv: IV }, message });
const checksum = (message: string) => ({ function: "sha256", params: {}, message });
const SCRYPT = {
  crypto: {
    kdf: { function: "scrypt", params: { dklen: 32, n: 262144, p: 1, r: 8, salt: SALT }, message: "" },
    checksum: checksum("d2217fe5f3e9a1e34581ef8a78f7c9928e436d36dacc5e846690a5581e8ea484"),
    cipher: cipher("06ae90d55fe0a6e9c5c3bc5b170827b2e5cce3929ed3f116c2811e6366dfe20f"),
  },
  pubkey: "9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27f4ae4040902382ae2910c15e2b420d07",
  path: "m/12381/60/3141592653/589793238",
  version: 4,
};
const PBKDF2 = {
  ...SCRYPT,
  crypto: {
    kdf: { function: "pbkdf2", params: { dklen: 32, c: 262144, prf: "hmac-sha256", salt: SALT }, message: "" },
    checksum: checksum("8a9f5d9912ed7e75ea794bc5a89bca5f193721d30868ade6f73043c6ea6febf1"),
    cipher: cipher("cee03fde2af33149775b7223e7845e4fb2c8ae1792e5f99fe9ecf474cc8c16ad"),
  },
};

describe("decryptKeystore", () => {
  async function failure(text: string, password = PASSWORD): Promise<Error> {
    const error = await decryptKeystore(text, password).catch((reason: unknown) => reason);
    if (!(error instanceof KeystoreError)) throw new Error(`not refused as it should be: ${String(error)}`);
    return error;
  }

  it("reads both key derivations of EIP-2335", async () => {
    for (const keystore of [SCRYPT, PBKDF2]) {
      expect(toHex(await decryptKeystore(JSON.stringify(keystore), PASSWORD))).to.equal(SECRET);
    }
  });

  it("normalises the password, and leaves out control codes", async () => {
    const typed = `testpassword${String.fromCharCode(0x00, 0x1f, 0x7f, 0x80)}🔑`;
    expect(toHex(await decryptKeystore(JSON.stringify(PBKDF2), typed))).to.equal(SECRET);
  });

  it("refuses a wrong password, other files, and what would take for ever", async () => {
    expect((await failure(JSON.stringify(PBKDF2), "testpassword")).message).to.equal("the password is wrong");
    for (const text of ["", "{}", "null", JSON.stringify({ ...PBKDF2, version: 3 })]) {
      expect((await failure(text)).message).to.equal("it is no keystore of EIP-2335");
    }
    const slow = { ...PBKDF2.crypto.kdf, params: { ...PBKDF2.crypto.kdf.params, c: 2 ** 31 } };
    await failure(JSON.stringify({ ...PBKDF2, crypto: { ...PBKDF2.crypto, kdf: slow } }));
    const large = { ...SCRYPT.crypto.kdf, params: { ...SCRYPT.crypto.kdf.params, n: 2 ** 30 } };
    const message = (await failure(JSON.stringify({ ...SCRYPT, crypto: { ...SCRYPT.crypto, kdf: large } }))).message;
    expect(message).to.match(/bytes of memory/);
  });
});
