import { concat } from "../protocol/bytes.ts";
import { BlsError } from "../protocol/crypto.ts";

/**
 * Between the uncompressed ZCash form (48-byte field elements, in G2 the u-part first) and the encoding of EIP-2537
 * (elements padded to 64 bytes, the u-part last). Only rearranges bytes: whoever parses them checks the point.
 */

const ELEMENT = 48;
const PADDING = 16;

function padded(element: Uint8Array): Uint8Array {
  return concat(new Uint8Array(PADDING), element);
}

/** The field elements of an EIP-2537 encoding of `count` of them. */
function unpadded(encoding: Uint8Array, count: number): Uint8Array[] {
  const stride = PADDING + ELEMENT;
  if (encoding.length !== count * stride) throw new BlsError(`a point of ${encoding.length} bytes`);
  return Array.from({ length: count }, (_, i) => {
    const start = i * stride;
    if (encoding.subarray(start, start + PADDING).some((byte) => byte !== 0)) {
      throw new BlsError("a field element is not padded with zeros");
    }
    return encoding.subarray(start + PADDING, start + stride);
  });
}

/** 96 to 128 bytes */
export function encodeG1(uncompressed: Uint8Array): Uint8Array {
  return concat(padded(uncompressed.subarray(0, ELEMENT)), padded(uncompressed.subarray(ELEMENT)));
}

/** 128 to 96 bytes. @throws BlsError */
export function decodeG1(encoding: Uint8Array): Uint8Array {
  return concat(...unpadded(encoding, 2));
}

/** 192 to 256 bytes */
export function encodeG2(uncompressed: Uint8Array): Uint8Array {
  const element = (i: number) => padded(uncompressed.subarray(i * ELEMENT, (i + 1) * ELEMENT));
  return concat(element(1), element(0), element(3), element(2));
}

/** 256 to 192 bytes. @throws BlsError */
export function decodeG2(encoding: Uint8Array): Uint8Array {
  const [x0, x1, y0, y1] = unpadded(encoding, 4) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  return concat(x1, x0, y1, y0);
}
