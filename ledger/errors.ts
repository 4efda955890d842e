/** Why a block is refused: one list of codes, in the order of docs/formats.md, section 5, mirrored by the contracts. */
export const LEDGER_ERROR_CODES = [
  // Any step, and the block as a whole
  "Malformed",
  "WrongShard",
  "WrongGeneration",
  "WrongNumber",
  "WrongParentHash",
  "InvalidOperatorSignature",
  "NoSteps",
  "TooManySteps",
  "BlockTooLong",
  "PayloadTooLong",
  "UnknownStepKind",
  "MisplacedBlockStart",
  // BlockStart
  "WrongSlot",
  "SlotNotLater",
  "WrongSeed",
  "WrongShardCount",
  // Transaction
  "WrongChainId",
  "AccessList",
  "Creation",
  "UnknownCall",
  "GasLimitTooLow",
  "PriorityFeeAboveMaxFee",
  "FeeTooLow",
  "InvalidSignature",
  "WrongNonce",
  "InsufficientBalance",
  // ImportInbox and ImportMessage
  "WrongSource",
  "WrongCursor",
  "UnknownInboxEntry",
  "WrongInboxEntry",
  "InboxEntryTooRecent",
  "CheckpointNotSettled",
  "WrongCheckpointRoot",
  "WrongMessageProof",
  "MessageIndexOutOfRange",
  // What the block claims of its execution
  "WrongFees",
  "WrongStateRoot",
  "WrongTraceRoot",
  // Witness
  "MalformedWitness",
  "WrongPreStateRoot",
  "MissingWitness",
  "WrongOutboxOpening",
  "NonCanonicalWitness",
  // Not a fault of the block: the parent chain is not known far enough to judge it
  "FactsUnavailable",
] as const;

export type LedgerErrorCode = (typeof LEDGER_ERROR_CODES)[number];

/** Values for a reader: numbers, amounts, and bytes in hexadecimal. */
export type LedgerErrorArguments = Readonly<Record<string, string | number | bigint>>;

export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly code: LedgerErrorCode;
  readonly args: LedgerErrorArguments;

  constructor(code: LedgerErrorCode, args: LedgerErrorArguments = {}) {
    const values = Object.entries(args).map(([name, value]) => `${name} ${value}`);
    super(values.length === 0 ? code : `${code} (${values.join(", ")})`);
    this.code = code;
    this.args = args;
  }
}
