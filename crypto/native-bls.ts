import blst from "@chainsafe/blst";
import { SIGNATURE_TAG } from "../protocol/bls.ts";
import { BlsError, type BlsPort } from "../protocol/crypto.ts";
import { decodeG1, decodeG2, encodeG1, encodeG2 } from "./eip2537.ts";
import { portableBls } from "./portable-bls.ts";

/** A set of 8,192 seats and as many keys again that come and go; 0.3 KB each. */
const CACHED_KEYS = 16_384;

/** First byte of compressed infinity. */
const INFINITY = 0xc0;

/** @throws BlsError when `bytes` do not have `length` or blst refuses them */
function parse<T>(what: string, bytes: Uint8Array, length: number, fromBytes: (bytes: Uint8Array) => T): T {
  if (bytes.length !== length) throw new BlsError(`a ${what} of ${bytes.length} bytes`);
  try {
    return fromBytes(bytes);
  } catch (cause) {
    throw new BlsError(`not a ${what}`, { cause });
  }
}

function parseSecretKey(bytes: Uint8Array): blst.SecretKey {
  return parse("secret key", bytes, 32, (secretKey) => blst.SecretKey.fromBytes(secretKey));
}

function parseSignature(bytes: Uint8Array): blst.Signature {
  return parse("signature", bytes, 96, (signature) => blst.Signature.fromBytes(signature, true, true));
}

function finite(compressed: Uint8Array): Uint8Array {
  if (compressed[0] === INFINITY) throw new BlsError("the sum is infinity");
  return compressed;
}

function falseIfMalformed(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    if (error instanceof BlsError) return false;
    throw error;
  }
}

/** Parses public keys; the square root and the subgroup check of a known key (71 us) are done once. */
class PublicKeys {
  readonly #validated = new Map<string, blst.PublicKey>();

  parse(bytes: Uint8Array): blst.PublicKey {
    const id = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    const known = this.#validated.get(id);
    if (known !== undefined) return known;
    const key = parse("public key", bytes, 48, (publicKey) => blst.PublicKey.fromBytes(publicKey, true));
    if (this.#validated.size === CACHED_KEYS) this.#forgetOldest();
    this.#validated.set(id, key);
    return key;
  }

  #forgetOldest(): void {
    for (const oldest of this.#validated.keys()) {
      this.#validated.delete(oldest);
      return;
    }
  }
}

/**
 * BLS12-381 by @chainsafe/blst. Its domain separation tag is fixed to `SIGNATURE_TAG`, and it multiplies no points: proofs
 * of possession (once per deposit) and `hashToG2` go to @noble/curves.
 */
export function createNativeBls(): BlsPort {
  const keys = new PublicKeys();
  return {
    publicKey: (secretKey) => parseSecretKey(secretKey).toPublicKey().toBytes(),

    sign: (secretKey, message, tag) =>
      tag === SIGNATURE_TAG
        ? parseSecretKey(secretKey).sign(message).toBytes()
        : portableBls.sign(secretKey, message, tag),

    verify: (publicKey, message, signature, tag) =>
      tag === SIGNATURE_TAG
        ? falseIfMalformed(() => blst.verify(message, keys.parse(publicKey), parseSignature(signature)))
        : portableBls.verify(publicKey, message, signature, tag),

    fastAggregateVerify: (publicKeys, message, signature, tag) => {
      if (publicKeys.length === 0) return false;
      if (tag !== SIGNATURE_TAG) return portableBls.fastAggregateVerify(publicKeys, message, signature, tag);
      return falseIfMalformed(() =>
        blst.fastAggregateVerify(
          message,
          publicKeys.map((key) => keys.parse(key)),
          parseSignature(signature),
        ),
      );
    },

    aggregatePublicKeys: (publicKeys) => {
      if (publicKeys.length === 0) throw new BlsError("the sum is infinity");
      return finite(blst.aggregatePublicKeys(publicKeys.map((key) => keys.parse(key))).toBytes());
    },

    aggregateSignatures: (signatures) => {
      if (signatures.length === 0) throw new BlsError("the sum is infinity");
      return finite(blst.aggregateSignatures(signatures.map(parseSignature)).toBytes());
    },

    combinePublicKeys: portableBls.combinePublicKeys,
    sumSecretKeys: portableBls.sumSecretKeys,
    combineSecretKeys: portableBls.combineSecretKeys,

    decompressG1: (publicKey) => encodeG1(keys.parse(publicKey).toBytes(false)),

    compressG1: (point) =>
      parse("point of G1", decodeG1(point), 96, (bytes) => blst.PublicKey.fromBytes(bytes, true)).toBytes(),

    decompressG2: (signature) => encodeG2(parseSignature(signature).toBytes(false)),

    compressG2: (point) =>
      parse("point of G2", decodeG2(point), 192, (bytes) => blst.Signature.fromBytes(bytes, true, true)).toBytes(),

    hashToG2: portableBls.hashToG2,
  };
}
