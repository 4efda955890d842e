// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/**
 * @notice Why a step is inadmissible: the codes of ledger/errors.ts in their order (formats, section 5), after `None`.
 * Only those from `PayloadTooLong` to `MessageIndexOutOfRange`, and `Malformed`, are ever a verdict on a step; a bad
 * witness, or a fact that is not known yet, reverts.
 */
enum StepError {
    None,
    // any step, and the block as a whole
    Malformed,
    WrongShard,
    WrongGeneration,
    WrongNumber,
    WrongParentHash,
    InvalidOperatorSignature,
    NoSteps,
    TooManySteps,
    BlockTooLong,
    PayloadTooLong,
    UnknownStepKind,
    MisplacedBlockStart,
    // BlockStart
    WrongSlot,
    SlotNotLater,
    WrongSeed,
    WrongShardCount,
    // Transaction
    WrongChainId,
    AccessList,
    Creation,
    UnknownCall,
    GasLimitTooLow,
    PriorityFeeAboveMaxFee,
    FeeTooLow,
    InvalidSignature,
    WrongNonce,
    InsufficientBalance,
    // ImportInbox and ImportMessage
    WrongSource,
    WrongCursor,
    UnknownInboxEntry,
    WrongInboxEntry,
    InboxEntryTooRecent,
    CheckpointNotSettled,
    WrongCheckpointRoot,
    WrongMessageProof,
    MessageIndexOutOfRange,
    // what a block claims of its execution
    WrongFees,
    WrongStateRoot,
    WrongTraceRoot,
    // witness
    MalformedWitness,
    WrongPreStateRoot,
    MissingWitness,
    WrongOutboxOpening,
    NonCanonicalWitness,
    // the parent chain is not known far enough
    FactsUnavailable
}
