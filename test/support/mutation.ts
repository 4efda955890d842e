import fc from "fast-check";
import { concat, equal } from "../../protocol/bytes.ts";

type Mutation = (bytes: Uint8Array) => Uint8Array;

/** A place in the bytes, whatever their length; each as likely as any other, which `fc.double` would not do. */
const place = fc.nat({ max: 2 ** 30 - 1 }).map((n) => n / 2 ** 30);
const at = (bytes: Uint8Array, where: number) => Math.floor(where * bytes.length);

const flip: fc.Arbitrary<Mutation> = fc.tuple(place, fc.nat(7)).map(([where, bit]) => (bytes) => {
  const changed = Uint8Array.from(bytes);
  if (bytes.length > 0) changed[at(bytes, where)] = (changed[at(bytes, where)] as number) ^ (1 << bit);
  return changed;
});

/** Values at which lengths and marks change their meaning. */
const edge = fc.constantFrom(0x00, 0x01, 0x02, 0x37, 0x38, 0x7f, 0x80, 0x81, 0xb7, 0xb8, 0xbf, 0xc0, 0xf7, 0xf8, 0xff);
const put: fc.Arbitrary<Mutation> = fc.tuple(place, edge).map(([where, byte]) => (bytes) => {
  const changed = Uint8Array.from(bytes);
  if (bytes.length > 0) changed[at(bytes, where)] = byte;
  return changed;
});

const insert: fc.Arbitrary<Mutation> = fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 40 })).map(
  ([where, more]) =>
    (bytes) =>
      concat(bytes.subarray(0, at(bytes, where)), more, bytes.subarray(at(bytes, where))),
);

const remove: fc.Arbitrary<Mutation> = fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(
  ([where, length]) =>
    (bytes) =>
      concat(bytes.subarray(0, at(bytes, where)), bytes.subarray(at(bytes, where) + length)),
);

const repeat: fc.Arbitrary<Mutation> = fc.tuple(place, place, fc.integer({ min: 1, max: 80 })).map(
  ([from, to, length]) =>
    (bytes) =>
      concat(
        bytes.subarray(0, at(bytes, to)),
        bytes.subarray(at(bytes, from), at(bytes, from) + length),
        bytes.subarray(at(bytes, to)),
      ),
);

const cut: fc.Arbitrary<Mutation> = place.map((where) => (bytes) => bytes.subarray(0, at(bytes, where)));
const append: fc.Arbitrary<Mutation> = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((more) => (bytes) => concat(bytes, more));

/** Sound bytes with something wrong with them, and now and then bytes that never were sound. */
export function mutated(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const mutation = fc.oneof(flip, put, insert, remove, repeat, cut, append);
  const changed = fc
    .tuple(fc.constantFrom(...samples), fc.array(mutation, { minLength: 1, maxLength: 3 }))
    .map(([sample, mutations]) => mutations.reduce((bytes, mutate) => mutate(bytes), sample))
    .filter((bytes) => samples.every((sample) => !equal(sample, bytes)));
  return fc.oneof({ weight: 9, arbitrary: changed }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) });
}
