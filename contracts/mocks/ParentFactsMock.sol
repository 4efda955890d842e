// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJudge} from "../disputes/IJudge.sol";
import {ILedgerVerifier} from "../disputes/ILedgerVerifier.sol";
import {Checkpoint, Settlement} from "../types/Checkpoint.sol";
import {Crosslink} from "../types/Crosslink.sol";
import {StepWitness} from "../types/DisputeEvidence.sol";
import {Fault, Predicate} from "../types/Fault.sol";
import {Parameters} from "../types/Parameters.sol";
import {StepCall, StepOutcome} from "../types/Step.sol";

/// @notice What the parent chain knows, as far as one step asks for it.
struct Facts {
    bytes32 domainSeparator;
    uint64 currentEpoch;
    uint64 seedEpoch;
    bytes32 seed;
    uint64 openedEpoch;
    uint32 openedCount;
    uint64 entryIndex;
    bytes32 entry;
    uint64 checkpointEpoch;
    Settlement settlement;
    bytes32 commitment;
}

/// @notice Stands for all contracts that LedgerVerifier asks, with answers that a test gives; it reverts for whatever
///         else it is asked.
contract ParentFactsMock {
    error ParentFactsMock_Unexpected(uint256 asked, uint256 expected);

    Parameters private _parameters;
    Facts private _facts;

    function configure(uint32 slotsPerEpoch, uint32 inputDelay, uint32 shardCount) external {
        _parameters.slotsPerEpoch = slotsPerEpoch;
        _parameters.inputDelay = inputDelay;
        _parameters.shardCount = shardCount;
    }

    /// @notice Sets the facts and executes the step by them: for calls that leave nothing behind.
    function execute(
        ILedgerVerifier verifier,
        Facts calldata facts,
        StepCall calldata step,
        bytes calldata payload,
        StepWitness calldata witness
    ) external returns (StepOutcome memory outcome, uint256 gasUsed) {
        _facts = facts;
        uint256 before = gasleft();
        outcome = verifier.execute(step, payload, witness);
        gasUsed = before - gasleft();
    }

    /// @notice Sets the facts and asks the judge by them: for calls that leave nothing behind.
    function judge(
        IJudge judge_,
        Facts calldata facts,
        Predicate predicate,
        Crosslink calldata crosslink,
        bytes calldata evidence
    ) external returns (Fault fault, uint16 blockIndex, uint256 gasUsed) {
        _facts = facts;
        uint256 before = gasleft();
        (fault, blockIndex) = judge_.judge(predicate, crosslink, evidence);
        gasUsed = before - gasleft();
    }

    function parameters() external view returns (Parameters memory) {
        return _parameters;
    }

    function domainSeparator() external view returns (bytes32) {
        return _facts.domainSeparator;
    }

    function currentEpoch() external view returns (uint64) {
        return _facts.currentEpoch;
    }

    function seed(uint64 epoch) external view returns (bytes32) {
        _expect(epoch, _facts.seedEpoch);
        return _facts.seed;
    }

    function openedAsOf(uint64 epoch) external view returns (uint32) {
        _expect(epoch, _facts.openedEpoch);
        return _facts.openedCount;
    }

    function entry(uint32, uint64 index) external view returns (bytes32) {
        _expect(index, _facts.entryIndex);
        return _facts.entry;
    }

    function settlement(uint64 epoch) external view returns (Settlement memory) {
        _expect(epoch, _facts.checkpointEpoch);
        return _facts.settlement;
    }

    function checkpoint(uint64 epoch) external view returns (Checkpoint memory c) {
        _expect(epoch, _facts.checkpointEpoch);
        c.commitment = _facts.commitment;
    }

    function _expect(uint256 asked, uint256 expected) private pure {
        if (asked != expected) revert ParentFactsMock_Unexpected(asked, expected);
    }
}
