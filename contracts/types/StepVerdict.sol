// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the verifier says of a step: sound, or the first rule that it breaks. Those from `Malformed` to
///         `InsufficientBalance` are the reasons why a transaction is inadmissible, in the order of formats, section 5.
enum StepVerdict {
    Sound,
    // the claimed length is not that of the payload
    WrongPayloadLength,
    Malformed,
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
    // the claimed results are not those of the execution
    WrongFees,
    WrongStateRoot
}
