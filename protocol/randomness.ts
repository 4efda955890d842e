import { concat, toBigInt, word } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";
import { addressWord, cachedTypeHash, type Domain } from "./eip712.ts";

/** RANDAO (docs/formats.md, section 3). A mix is a word of 224 bits: its first four bytes are zero. */

const GENESIS_MIX = cachedTypeHash("Watchfire genesis mix");
const SEED = cachedTypeHash("Watchfire seed");

function low224(hash: Uint8Array): Uint8Array {
  return hash.slice().fill(0, 0, 4);
}

/** Where the mix starts at deployment, before any deposit. */
export function genesisMix(crypto: Crypto, domain: Domain): Uint8Array {
  return low224(
    crypto.keccak256(concat(GENESIS_MIX(crypto), word(domain.parentChainId), addressWord(domain.registry))),
  );
}

/**
 * The mix after a deposit before genesis.
 * @param publicKeys of the deposit, 128 bytes each, EIP-2537
 * @param prevRandao of the parent's block that the deposit is in, 32 bytes
 */
export function enrolledMix(
  crypto: Crypto,
  mix: Uint8Array,
  publicKeys: Uint8Array,
  prevRandao: Uint8Array,
): Uint8Array {
  return nextMix(crypto, mix, concat(crypto.keccak256(publicKeys), prevRandao));
}

/** @param reveal 256 bytes, EIP-2537 */
export function nextMix(crypto: Crypto, mix: Uint8Array, reveal: Uint8Array): Uint8Array {
  return low224(crypto.keccak256(concat(mix, crypto.keccak256(reveal))));
}

/** @param mix as of epoch - INPUT_DELAY */
export function seedOf(crypto: Crypto, mix: Uint8Array, epoch: number): Uint8Array {
  return crypto.keccak256(concat(SEED(crypto), mix, word(epoch)));
}

/** The proposer's seat. @throws RangeError when there are no seats */
export function proposerSeat(seed: Uint8Array, seatCount: number): number {
  if (seatCount < 1) throw new RangeError("there are no seats to propose");
  return Number(toBigInt(seed) % BigInt(seatCount));
}
