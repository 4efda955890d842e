import { hash } from "node:crypto";
import { createRequire } from "node:module";
import { hashInto } from "@chainsafe/hashtree";
import { createKeccak, createSHA256, type IHasher } from "hash-wasm";
import type * as Secp256k1 from "secp256k1";
import { compare, fromHex } from "../protocol/bytes.ts";
import type { Crypto } from "../protocol/crypto.ts";
import { createNativeBls } from "./native-bls.ts";

/** Half of the group order of secp256k1, rounded down: the largest s that EIP-2 allows. */
const HALF_ORDER = fromHex("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

/** From here on the OpenSSL of Node, which uses the processor's SHA instructions, outruns WebAssembly despite its overhead. */
const LONG_INPUT = 256;

/** A native package whose binary is not there for this platform. */
export class NativeCryptoError extends Error {
  override readonly name = "NativeCryptoError";

  constructor(packageName: string, options?: ErrorOptions) {
    super(
      `The native build of ${packageName} does not load on ${process.platform}-${process.arch}. ` +
        `Its prebuilt binary is missing: install the dependencies on this platform and with this version of Node ` +
        `(npm ci), or build it where a C compiler is present (npm rebuild ${packageName} --build-from-source).`,
      options,
    );
  }
}

/**
 * `require("secp256k1")` falls back to JavaScript, 40 times slower, without a word; its `bindings` module is the native
 * build and nothing else.
 */
function loadSecp256k1(): typeof Secp256k1 {
  try {
    return createRequire(import.meta.url)("secp256k1/bindings") as typeof Secp256k1;
  } catch (cause) {
    throw new NativeCryptoError("secp256k1", { cause });
  }
}

/** The digest is a fresh array each time; a hasher keeps no state from one call to the next. */
function hashWith(hasher: IHasher, data: Uint8Array): Uint8Array {
  return hasher.init().update(data).digest("binary");
}

export async function createNativeCrypto(): Promise<Crypto> {
  const secp256k1 = loadSecp256k1();
  const keccak = await createKeccak(256);
  const sha = await createSHA256();

  const keccak256 = (data: Uint8Array) => hashWith(keccak, data);

  const recoverAddress: Crypto["recoverAddress"] = (digest, r, s, yParity) => {
    if (digest.length !== 32 || r.length !== 32 || s.length !== 32) return null;
    if ((yParity !== 0 && yParity !== 1) || compare(s, HALF_ORDER) > 0) return null;
    const signature = new Uint8Array(64);
    signature.set(r);
    signature.set(s, 32);
    try {
      const publicKey = secp256k1.ecdsaRecover(signature, yParity, digest, false);
      return keccak256(publicKey.subarray(1)).slice(12);
    } catch {
      // r or s is zero or too large, r is the x-coordinate of no point, or the recovered key is infinity.
      return null;
    }
  };

  return {
    name: "native",

    sha256: (data) => (data.length < LONG_INPUT ? hashWith(sha, data) : new Uint8Array(hash("sha256", data, "buffer"))),

    sha256Pairs: (nodes, out) => {
      if (nodes.length % 64 !== 0 || 2 * out.length !== nodes.length) {
        throw new RangeError(`${nodes.length} bytes of nodes do not hash to ${out.length}`);
      }
      hashInto(nodes, out);
    },

    keccak256,
    recoverAddress,

    signDigest: (digest, secretKey) => {
      const { signature, recid } = secp256k1.ecdsaSign(digest, secretKey);
      return { r: signature.slice(0, 32), s: signature.slice(32), yParity: recid };
    },

    bls: createNativeBls(),
  };
}
