import { LEDGER_ERROR_CODES, LedgerError, type LedgerErrorCode } from "../../../ledger/errors.ts";
import type { StepOutcome } from "../../../ledger/replay-step.ts";

/** Codes that a block gets as a whole, or that are nobody's verdict on a step. */
const NOT_OF_A_STEP: ReadonlySet<LedgerErrorCode> = new Set([
  "WrongShard",
  "WrongGeneration",
  "WrongNumber",
  "WrongParentHash",
  "InvalidOperatorSignature",
  "NoSteps",
  "TooManySteps",
  "BlockTooLong",
  "WrongFees",
  "WrongStateRoot",
  "WrongTraceRoot",
  "MalformedWitness",
  "WrongPreStateRoot",
  "MissingWitness",
  "WrongOutboxOpening",
  "NonCanonicalWitness",
  "FactsUnavailable",
]);

/** All reasons why a step is inadmissible. */
export const STEP_ERRORS: readonly LedgerErrorCode[] = LEDGER_ERROR_CODES.filter((code) => !NOT_OF_A_STEP.has(code));

/** Those that the rules of Transaction give: why a forced one is a no-op. */
export const TRANSACTION_ERRORS: readonly LedgerErrorCode[] = [
  "Malformed",
  ...LEDGER_ERROR_CODES.slice(
    LEDGER_ERROR_CODES.indexOf("WrongChainId"),
    LEDGER_ERROR_CODES.indexOf("InsufficientBalance") + 1,
  ),
];

const SOUND = [
  "BlockStart",
  "transfer",
  "failed message",
  "message",
  "deposit",
  "forced no-op",
  "ImportMessage",
] as const;
const FORCED = ["forced transfer", "forced failed message", "forced message"] as const;

/** How often each verdict came. */
export class Tally {
  readonly #counts = new Map<string, number>();
  cases = 0;
  sound = 0;

  add(verdict: StepOutcome | LedgerError): void {
    this.cases++;
    if (verdict instanceof LedgerError) {
      this.#count(verdict.code);
      return;
    }
    this.sound++;
    this.#count(soundName(verdict));
    const { rejection } = verdict.receipt;
    if (rejection !== null) this.#count(`forced ${rejection.code}`);
  }

  /** What has not come at all of all that can come. */
  missing(): string[] {
    const expected = [...STEP_ERRORS, ...TRANSACTION_ERRORS.map((code) => `forced ${code}`), ...SOUND, ...FORCED];
    return expected.filter((name) => !this.#counts.has(name));
  }

  get soundShare(): number {
    return this.sound / this.cases;
  }

  /** A table of verdicts and their counts. */
  toString(): string {
    const rows = [...this.#counts].sort(([a], [b]) => a.localeCompare(b));
    const width = Math.max(...rows.map(([name]) => name.length));
    return rows.map(([name, count]) => `      ${name.padEnd(width)} ${String(count).padStart(8)}`).join("\n");
  }

  #count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}

function soundName({ receipt }: StepOutcome): string {
  const { kind, transaction, sent, rejection } = receipt;
  if (kind === 0) return "BlockStart";
  if (kind === 3) return "ImportMessage";
  if (rejection !== null) return "forced no-op";
  if (transaction === null) return "deposit";
  const forced = kind === 2 ? "forced " : "";
  if (transaction.status === 0) return `${forced}failed message`;
  return sent === null ? `${forced}transfer` : `${forced}message`;
}
