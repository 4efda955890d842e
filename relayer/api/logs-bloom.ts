import type { Crypto } from "../../protocol/crypto.ts";
import type { Log } from "../../protocol/system-contracts.ts";

const BITS = 2048;

/** The Bloom filter of a block's or receipt's logs (Yellow Paper, section 4.3.1): 256 bytes. */
export function logsBloom(crypto: Crypto, logs: readonly Log[]): Uint8Array {
  const bloom = new Uint8Array(BITS / 8);
  const add = (item: Uint8Array) => {
    const view = new DataView(crypto.keccak256(item).slice().buffer);
    for (const offset of [0, 2, 4]) {
      const bit = view.getUint16(offset) % BITS;
      const at = bloom.length - 1 - (bit >> 3);
      bloom[at] = (bloom[at] as number) | (1 << (bit & 7));
    }
  };
  for (const { address, topics } of logs) {
    add(address);
    topics.forEach(add);
  }
  return bloom;
}
