/** Names of the contracts' `StepVerdict`, by number. */
export const STEP_VERDICTS = [
  "Sound",
  "WrongPayloadLength",
  "Malformed",
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
  "WrongFees",
  "WrongStateRoot",
] as const;

export type StepVerdict = (typeof STEP_VERDICTS)[number];
