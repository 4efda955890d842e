import type { StepAccess, StepWitness } from "../../../ledger/step-witness.ts";
import { ZERO_HASH } from "../../../protocol/bytes.ts";
import { type Draws, flipped } from "./draws.ts";

/** Witnesses in which something is changed, missing or too much. */

type Change = (draws: Draws, access: StepAccess) => StepAccess;

const ACCESS_CHANGES: readonly Change[] = [
  (draws, access) => (access.word === undefined ? access : { ...access, word: flipped(draws, access.word) }),
  (draws, access) =>
    access.otherWord === undefined ? access : { ...access, otherWord: flipped(draws, access.otherWord) },
  (draws, access) =>
    access.otherKey === undefined ? access : { ...access, otherKey: flipped(draws, access.otherKey) },
  (draws, access) => ended(access, draws.pick([0, 1, 2]), draws),
  (draws, access) => ({ ...access, siblings: flippedOne(draws, access.siblings) }),
  (_draws, access) => ({ ...access, siblings: access.siblings.slice(1) }),
  (_draws, access) => ({ ...access, siblings: access.siblings.slice(0, -1) }),
  (draws, access) => ({ ...access, siblings: inserted(draws, access.siblings) }),
  (draws, access) => ({ ...access, siblings: swapped(draws, access.siblings) }),
  (draws, access) => ({ ...access, siblings: new Array<Uint8Array>(draws.pick([255, 256, 257])).fill(ZERO_HASH) }),
];

/** The same path with another end. */
function ended({ key, word, otherKey, otherWord, siblings }: StepAccess, end: 0 | 1 | 2, draws: Draws): StepAccess {
  const held = word ?? otherWord ?? draws.bytes(32);
  if (end === 0) return { key, end, word: held, siblings };
  if (end === 1) return { key, end, siblings };
  return { key, end, otherKey: otherKey ?? (draws.chance(50) ? key : flipped(draws, key)), otherWord: held, siblings };
}

function flippedOne(draws: Draws, hashes: readonly Uint8Array[]): readonly Uint8Array[] {
  if (hashes.length === 0) return hashes;
  const at = draws.below(hashes.length);
  return hashes.with(at, flipped(draws, hashes[at] as Uint8Array));
}

/** With one more: nothing, anything, or one that is there already. */
function inserted(draws: Draws, hashes: readonly Uint8Array[]): readonly Uint8Array[] {
  const more = draws.pick([ZERO_HASH, draws.bytes(32), ...hashes]);
  return hashes.toSpliced(draws.below(hashes.length + 1), 0, more);
}

function swapped<T>(draws: Draws, items: readonly T[]): readonly T[] {
  if (items.length < 2) return items;
  const [a, b] = [draws.below(items.length), draws.below(items.length)];
  return items.with(a, items[b] as T).with(b, items[a] as T);
}

/** The witness with one change. What a change has nothing to work on stays as it is. */
export function mutatedWitness(draws: Draws, witness: StepWitness): StepWitness {
  const { accesses, outboxOpening } = witness;
  const what = draws.weighted({ access: 10, drop: 2, duplicate: 2, append: 2, swap: 2, outbox: 4 });
  const at = draws.below(Math.max(1, accesses.length));
  const one = accesses[at];
  if (what === "outbox") return withOtherOutbox(draws, witness);
  const outbox = outboxOpening === undefined ? {} : { outboxOpening };
  if (what === "append" || one === undefined) {
    const foreign: StepAccess = { key: draws.bytes(32), end: 1, siblings: [] };
    return { accesses: [...accesses, draws.pick([foreign, one ?? foreign])], ...outbox };
  }
  if (what === "drop") return { accesses: accesses.toSpliced(at, 1), ...outbox };
  if (what === "duplicate") return { accesses: accesses.toSpliced(at, 0, one), ...outbox };
  if (what === "swap") return { accesses: swapped(draws, accesses), ...outbox };
  return { accesses: accesses.with(at, draws.pick(ACCESS_CHANGES)(draws, one)), ...outbox };
}

function withOtherOutbox(draws: Draws, { accesses, outboxOpening }: StepWitness): StepWitness {
  const destination = outboxOpening?.destination ?? draws.below(4);
  const { count, frontier } = outboxOpening?.outbox ?? { count: 0, frontier: [] };
  const outbox = draws.pick([
    { count, frontier: flippedOne(draws, frontier) },
    { count, frontier: swapped(draws, frontier) },
    { count, frontier: inserted(draws, frontier) },
    { count, frontier: frontier.slice(1) },
    { count: draws.pick([count + 1, Math.max(0, count - 1), 0, 2 * count, 2 ** 32, 2 ** 33 + count]), frontier },
    { count: count + 1, frontier: inserted(draws, frontier) },
    { count: 0, frontier: [] },
  ]);
  return { accesses, outboxOpening: { destination, outbox } };
}

/** Values at which lengths and offsets of the ABI change their meaning. */
const EDGES = [0x00, 0x01, 0x02, 0x1f, 0x20, 0x21, 0x40, 0x60, 0x7f, 0x80, 0xff];

/** The bytes with a change in the last `length` of them: somewhere among values, lengths and offsets. */
export function mutatedTail(draws: Draws, bytes: Uint8Array, length: number): Uint8Array {
  const start = bytes.length - length;
  if (draws.chance(10)) return bytes.slice(0, start + draws.below(length));
  const changed = bytes.slice();
  // Values are the ends of words more often than not.
  const word = start + 32 * draws.below(Math.ceil(length / 32));
  const at = draws.chance(50) ? Math.min(word + 31, bytes.length - 1) : start + draws.below(length);
  changed[at] = draws.chance(50) ? draws.pick(EDGES) : (changed[at] as number) ^ (1 << draws.below(8));
  return changed;
}
