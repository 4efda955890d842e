import { concat, dataLength, dataSlice, toBeHex } from "ethers";

/** Bytes before the struct: the selector and the struct's offset. */
const HEAD = 4 + 32;
/** The word of the struct that holds the offset of `entries`. */
const ENTRIES = 5 * 32;

/**
 * Inputs of `CrosslinkAnchors.submit` that Solidity's decoder reads as it reads the given one, and others may not.
 */
export function otherEncodings(input: string): Record<string, string> {
  const selector = dataSlice(input, 0, 4);
  const head = dataSlice(input, 0, HEAD);
  const struct = dataSlice(input, HEAD);
  const at = Number(BigInt(dataSlice(struct, ENTRIES, ENTRIES + 32)));
  const length = Number(BigInt(dataSlice(struct, at, at + 32)));
  const end = at + 32 + 32 * Math.ceil(length / 32);
  const withOffset = (offset: bigint | number, ...rest: string[]) =>
    concat([dataSlice(struct, 0, ENTRIES), toBeHex(offset, 32), dataSlice(struct, ENTRIES + 32), ...rest]);
  const padded = dataSlice(struct, at, end);
  return {
    "entries at the end, without padding": concat([
      head,
      withOffset(dataLength(struct), dataSlice(struct, at, at + 32 + length)),
    ]),
    "entries before the struct": concat([
      selector,
      toBeHex(32 + dataLength(padded), 32),
      padded,
      withOffset(2n ** 256n - BigInt(dataLength(padded))),
    ]),
    "padding that is not zero": concat([head, dataSlice(struct, 0, end - 1), "0x01", dataSlice(struct, end)]),
    "bytes after the end": concat([input, "0xab"]),
  };
}
