// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StepWitness} from "../types/DisputeEvidence.sol";
import {StepCall, StepOutcome} from "../types/Step.sol";

/**
 * @title Executes one step of a shard
 * @notice Twin of ledger/replay-step.ts: the same rules in the same order, the same accesses to the state, the same
 * codes with the same arguments. Reverts for whatever the caller got wrong: a path, an access that is missing or one
 * too many, an opening, too little gas; and for a block of an epoch whose facts may still change.
 */
interface ILedgerVerifier {
    /// @notice What the step leads to, or the first rule that it breaks.
    function execute(
        StepCall calldata step,
        bytes calldata payload,
        StepWitness calldata witness
    ) external view returns (StepOutcome memory outcome);
}
