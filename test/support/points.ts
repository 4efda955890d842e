import { bls12_381 } from "@noble/curves/bls12-381.js";
import { concat, fromBigInt, toBigInt, toHex } from "../../protocol/bytes.ts";

/** Points as the contracts take them, good and bad. Encodings are EIP-2537's: 128 bytes in G1, 256 in G2. */

type Words<N extends number, T extends string[] = []> = T["length"] extends N ? T : Words<N, [...T, string]>;

function words(encoding: Uint8Array): string[] {
  return Array.from({ length: encoding.length / 32 }, (_, i) => toHex(encoding.subarray(32 * i, 32 * i + 32)));
}

/** A `G1Point` argument. */
export function g1(encoding: Uint8Array) {
  const [xa, xb, ya, yb] = words(encoding) as Words<4>;
  return { xa, xb, ya, yb };
}

/** A `G2Point` argument. */
export function g2(encoding: Uint8Array) {
  const [x0a, x0b, x1a, x1b, y0a, y0b, y1a, y1b] = words(encoding) as Words<8>;
  return { x0a, x0b, x1a, x1b, y0a, y0b, y1a, y1b };
}

/** Hexadecimal of a point that a contract returned. */
export function returned(point: Iterable<string>): string {
  return `0x${[...point].map((word) => word.slice(2)).join("")}`;
}

const { Fp, Fp2 } = bls12_381.fields;
const G1 = bls12_381.G1.Point;
const G2 = bls12_381.G2.Point;

function element(value: bigint): Uint8Array {
  return fromBigInt(value, 64);
}

export const INFINITY_G1 = new Uint8Array(128);
export const INFINITY_G2 = new Uint8Array(256);

/** The generator with another y. */
export const OFF_CURVE_G1 = concat(element(G1.BASE.x), element(G1.BASE.y + 1n));
export const OFF_CURVE_G2 = concat(
  element(G2.BASE.x.c0),
  element(G2.BASE.x.c1),
  element(G2.BASE.y.c0),
  element(G2.BASE.y.c1 + 1n),
);

/** On y^2 = x^3 + 4, outside the subgroup of order r: (0, 2) has order 3. */
export const OFF_SUBGROUP_G1 = concat(element(0n), element(2n));

/** On the twist, outside the subgroup: its point with the smallest natural x. */
export const OFF_SUBGROUP_G2 = findOffSubgroupG2();

function findOffSubgroupG2(): Uint8Array {
  for (let c0 = 0n; ; c0++) {
    const x = Fp2.create({ c0, c1: 0n });
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2.CURVE().b);
    try {
      const y = Fp2.sqrt(square);
      if (!G2.fromAffine({ x, y }).isTorsionFree()) {
        return concat(element(x.c0), element(x.c1), element(y.c0), element(y.c1));
      }
    } catch {
      // x^3 + b is no square: no point has this x.
    }
  }
}

/** The same point with p added to one of its coordinates, the first unless told: 2 in G1, 4 in G2. */
export function nonCanonical(encoding: Uint8Array, coordinate = 0): Uint8Array {
  const [from, to] = [64 * coordinate, 64 * (coordinate + 1)];
  const shifted = element(toBigInt(encoding.subarray(from, to)) + Fp.ORDER);
  return concat(encoding.subarray(0, from), shifted, encoding.subarray(to));
}

/** The same point with a bit set in the 16 bytes before a coordinate, which are zero. */
export function padded(encoding: Uint8Array, coordinate: number): Uint8Array {
  const changed = Uint8Array.from(encoding);
  changed[64 * coordinate + 15] = 1;
  return changed;
}

/** A key of G1 and a point of order 3: on the curve, and no multiple of the generator. */
export function outOfSubgroup(encoding: Uint8Array): Uint8Array {
  const [x, y] = [toBigInt(encoding.subarray(0, 64)), toBigInt(encoding.subarray(64))];
  const sum = G1.fromAffine({ x, y }).add(G1.fromAffine({ x: 0n, y: 2n }));
  return concat(element(sum.x), element(sum.y));
}

/** Sum of points of the twist, 256 bytes each. */
export function sumG2(...encodings: readonly Uint8Array[]): Uint8Array {
  const sum = encodings.map(twistPoint).reduce((a, b) => a.add(b));
  return concat(element(sum.x.c0), element(sum.x.c1), element(sum.y.c0), element(sum.y.c1));
}

/** A multiple of a point of G2; -1 for its negative. */
export function timesG2(encoding: Uint8Array, factor: bigint): Uint8Array {
  const product = twistPoint(encoding).multiply(G2.Fn.create(factor));
  return concat(element(product.x.c0), element(product.x.c1), element(product.y.c0), element(product.y.c1));
}

function twistPoint(encoding: Uint8Array) {
  const [x0, x1, y0, y1] = [0, 64, 128, 192].map((at) => toBigInt(encoding.subarray(at, at + 64))) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  return G2.fromAffine({ x: Fp2.create({ c0: x0, c1: x1 }), y: Fp2.create({ c0: y0, c1: y1 }) });
}

/** The negative of a compressed point: one bit tells the sign of y. */
export function otherSign(compressed: Uint8Array): Uint8Array {
  const negative = Uint8Array.from(compressed);
  negative[0] = (negative[0] as number) ^ 0x20;
  return negative;
}
