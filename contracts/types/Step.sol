// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StepError} from "./StepError.sol";

/// @notice A step of a block, with all that its execution depends on besides payload, witness and the parent chain.
struct StepCall {
    uint32 shardId;
    // of the block's header
    uint64 slot;
    // of the header below, in wei; 0 for block 1
    uint128 previousFees;
    // of the step in its block
    uint32 index;
    uint8 kind;
    // before the step
    bytes32 stateRoot;
}

/**
 * @notice What the execution of a step gives. If it is inadmissible: its code, with the arguments that ledger/ gives
 * it, in their order and as far as they are numbers or bytes (a number below zero counts epochs before genesis); the
 * rest is zero.
 */
struct StepOutcome {
    StepError code;
    int256[2] arguments;
    // after the step
    bytes32 stateRoot;
    // what the step adds to the fees of the block, in wei
    uint128 fee;
}

using StepOutcomes for StepOutcome global;

/// @title Verdicts on a step
/// @notice A code with up to two arguments, as they are written where a rule is broken.
library StepOutcomes {
    function refused(StepError code) internal pure returns (StepOutcome memory outcome) {
        outcome.code = code;
    }

    function refused(StepError code, uint256 argument) internal pure returns (StepOutcome memory) {
        return refused(code, argument, 0);
    }

    /// @dev No number of a shard has more than 192 bits.
    function refused(StepError code, uint256 first, uint256 second) internal pure returns (StepOutcome memory outcome) {
        outcome.code = code;
        outcome.arguments = [int256(first), int256(second)];
    }

    function isRefused(StepOutcome memory outcome) internal pure returns (bool) {
        return outcome.code != StepError.None;
    }
}
