import { concat, fromBigInt, word } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";

/** EIP-712 digests under the one domain of a deployment (docs/formats.md, section 1). */

const ascii = new TextEncoder();

export function typeHash(crypto: Crypto, type: string): Uint8Array {
  return crypto.keccak256(ascii.encode(type));
}

/** What ties every signature to one deployment. */
export interface Domain {
  /** Chain id of the parent chain. */
  readonly parentChainId: bigint;
  /** Address of BeaconRegistry, 20 bytes. */
  readonly registry: Uint8Array;
  /** 32 bytes. */
  readonly separator: Uint8Array;
}

export function createDomain(crypto: Crypto, parentChainId: bigint, registry: Uint8Array): Domain {
  const separator = crypto.keccak256(
    concat(
      typeHash(crypto, "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
      typeHash(crypto, "Watchfire"),
      typeHash(crypto, "1"),
      word(parentChainId),
      addressWord(registry),
    ),
  );
  return { parentChainId, registry, separator };
}

/** An address as a 32-byte ABI word. */
export function addressWord(address: Uint8Array): Uint8Array {
  const out = new Uint8Array(32);
  out.set(address, 12);
  return out;
}

/** hashStruct of fields that are already 32-byte words. */
export function hashStruct(crypto: Crypto, type: Uint8Array, words: readonly Uint8Array[]): Uint8Array {
  return crypto.keccak256(concat(type, ...words));
}

const PREFIX = Uint8Array.of(0x19, 0x01);

export function digest(crypto: Crypto, domain: Domain, structHash: Uint8Array): Uint8Array {
  return crypto.keccak256(concat(PREFIX, domain.separator, structHash));
}

/** The EIP-155 chain id of a shard: 48 bits, so that every wallet can hold it in a double. */
export function shardChainId(crypto: Crypto, domain: Domain, shardId: number): number {
  const hash = crypto.keccak256(concat(word(domain.parentChainId), addressWord(domain.registry), word(shardId)));
  let id = 0;
  for (const byte of hash.subarray(26)) id = id * 256 + byte;
  return id;
}

/** A type hash computed once per Crypto, since it is asked for at every signature. */
export function cachedTypeHash(type: string): (crypto: Crypto) => Uint8Array {
  const hashes = new WeakMap<Crypto, Uint8Array>();
  return (crypto) => {
    let hash = hashes.get(crypto);
    if (hash === undefined) {
      hash = typeHash(crypto, type);
      hashes.set(crypto, hash);
    }
    return hash;
  };
}

/** Big-endian `uint128` as a word. */
export function u128Word(value: bigint): Uint8Array {
  if (value >= 1n << 128n) throw new RangeError(`${value} does not fit in 128 bits`);
  return fromBigInt(value, 32);
}
