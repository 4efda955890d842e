import { LEDGER_ERROR_CODES, LedgerError } from "../../../ledger/errors.ts";
import type { StepOutcome } from "../../../ledger/replay-step.ts";
import type { StepAccess } from "../../../ledger/step-witness.ts";
import { concat, word, ZERO_HASH } from "../../../protocol/bytes.ts";
import { array, bytesOf, type Encoded, fixed, hashes, number, tuple } from "./abi.ts";
import type { StepCase } from "./step-case.ts";

/** A case as `ILedgerVerifier.execute` takes it, and the answer that it owes. */

function accessOf({ end, word: held, otherKey, otherWord, siblings }: StepAccess): Encoded {
  return tuple(number(end), fixed(otherKey ?? ZERO_HASH), fixed(held ?? otherWord ?? ZERO_HASH), hashes(siblings));
}

/** The `StepWitness` of a case. */
export function witnessArgument({ facts, opening }: Pick<StepCase, "facts" | "opening">): Encoded {
  const { accesses, outboxOpening } = opening.witness;
  const { count, frontier } = outboxOpening?.outbox ?? { count: 0, frontier: [] };
  return tuple(
    array(accesses.map(accessOf)),
    tuple(number(count), hashes(frontier)),
    fixed(facts.checkpoint?.root ?? ZERO_HASH),
    fixed(facts.checkpoint?.absentHash ?? ZERO_HASH),
  );
}

/** Input of `execute`. */
export function executeInput(selector: Uint8Array, one: StepCase): Uint8Array {
  const { environment, slot, previousFees, opening } = one;
  const { index, step, preRoot } = opening;
  const numbers = [environment.shardId, slot, previousFees, index, step.kind].map(word);
  const call = tuple(fixed(...numbers, preRoot), bytesOf(step.payload), witnessArgument(one));
  return concat(selector, call.bytes);
}

const LIMIT = 1n << 256n;

/** What `execute` returns: a `StepOutcome`. */
export function outcomeWords(one: StepCase, verdict: StepOutcome | LedgerError): Uint8Array {
  if (verdict instanceof LedgerError) {
    const [first = 0n, second = 0n] = argumentsOf(verdict);
    const code = 1 + LEDGER_ERROR_CODES.indexOf(verdict.code);
    return concat(word(code), word((first + LIMIT) % LIMIT), word((second + LIMIT) % LIMIT), ZERO_HASH, ZERO_HASH);
  }
  const fee = verdict.fees - one.opening.feesBefore;
  return concat(ZERO_HASH, ZERO_HASH, ZERO_HASH, verdict.stateRoot, word(fee));
}

/** The arguments of an error that the contracts give, too: all but texts. */
function argumentsOf({ args }: LedgerError): bigint[] {
  return Object.values(args).flatMap((value) => {
    if (typeof value !== "string") return [BigInt(value)];
    return value.startsWith("0x") ? [BigInt(value)] : [];
  });
}
