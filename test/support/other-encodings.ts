import { concat, dataLength, dataSlice, toBeHex } from "ethers";

/** Bytes before the struct: the selector and the struct's offset. */
const HEAD = 4 + 32;
/** Words of the struct. */
const [TARGET_EPOCH, SOURCE_EPOCH, PREVIOUS_ENTRIES, ENTRIES, REVEAL] = [0, 1, 3, 5, 9] as const;

type Encoding = (input: string) => string;

const structOf = (input: string) => dataSlice(input, HEAD);
const wordAt = (data: string, at: number) => BigInt(dataSlice(data, at, at + 32));

/** The input with a word of the struct replaced; the word is given by its number or, in a list, by its place. */
function withWord(input: string, at: number, value: bigint): string {
  return concat([dataSlice(input, 0, HEAD + at), toBeHex(value, 32), dataSlice(input, HEAD + at + 32)]);
}

/** Where the list is whose offset stands in this word of the struct. */
const placeOf = (input: string, word: number) => Number(wordAt(structOf(input), 32 * word));

/** The list `entries` as it stands in the struct, and where it ends. */
function entriesOf(input: string) {
  const struct = structOf(input);
  const at = placeOf(input, ENTRIES);
  const length = Number(wordAt(struct, at));
  const end = at + 32 + 32 * Math.ceil(length / 32);
  return { at, length, end, padded: dataSlice(struct, at, end), bare: dataSlice(struct, at, at + 32 + length) };
}

/** A number above its type: the same in its lower 64 bits. */
const withHighBit =
  (word: number): Encoding =>
  (input) =>
    withWord(input, 32 * word, wordAt(structOf(input), 32 * word) | (1n << 64n));

const withLength =
  (list: number, length: bigint): Encoding =>
  (input) =>
    withWord(input, placeOf(input, list), length);

const withOffset =
  (list: number, change: (offset: bigint) => bigint): Encoding =>
  (input) =>
    withWord(input, 32 * list, BigInt.asUintN(256, change(wordAt(structOf(input), 32 * list))));

/**
 * Inputs of `CrosslinkAnchors.submit` other than the canonical one, made of that. The first four are read by Solidity's
 * decoder as it reads the canonical one, and others may not; the rest says something else, or nothing.
 */
export const OTHER_ENCODINGS: Readonly<Record<string, Encoding>> = {
  "entries at the end, without padding": (input) =>
    concat([withWord(input, 32 * ENTRIES, BigInt(dataLength(structOf(input)))), entriesOf(input).bare]),
  "entries before the struct": (input) => {
    const { padded } = entriesOf(input);
    const length = BigInt(dataLength(padded));
    const moved = withWord(input, 32 * ENTRIES, 2n ** 256n - length);
    return concat([dataSlice(input, 0, 4), toBeHex(32n + length, 32), padded, structOf(moved)]);
  },
  "padding that is not zero": (input) => {
    const end = HEAD + entriesOf(input).end;
    return concat([dataSlice(input, 0, end - 1), "0x01", dataSlice(input, end)]);
  },
  "a byte after the end": (input) => concat([input, "0xab"]),
  "a word of zeros after the end": (input) => concat([input, toBeHex(0, 32)]),
  "its last byte missing": (input) => dataSlice(input, 0, dataLength(input) - 1),
  "its last word missing": (input) => dataSlice(input, 0, dataLength(input) - 32),
  "nothing after the struct's words": (input) => dataSlice(input, 0, HEAD + 320),
  "a target epoch above 64 bits": withHighBit(TARGET_EPOCH),
  "a source epoch above 64 bits": withHighBit(SOURCE_EPOCH),
  "more previous entries than there is input": withLength(PREVIOUS_ENTRIES, 2n ** 32n),
  "so many previous entries that their size wraps": withLength(PREVIOUS_ENTRIES, 2n ** 251n + 1n),
  "more bytes of entries than there is input": withLength(ENTRIES, 2n ** 64n),
  "so many bytes of entries that their end wraps": withLength(ENTRIES, 2n ** 256n - 1n),
  "a reveal that begins a word too early": withOffset(REVEAL, (offset) => offset - 32n),
  "a reveal past the input": withOffset(REVEAL, (offset) => offset + 2n ** 64n),
  "previous entries whose offset wraps": withOffset(PREVIOUS_ENTRIES, (offset) => offset - 2n ** 255n),
};
