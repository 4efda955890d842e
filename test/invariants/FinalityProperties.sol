// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Checkpoint, Settlement} from "../../contracts/types/Checkpoint.sol";
import {Justified, VotingActions} from "./VotingActions.sol";

/// @title One line of checkpoints
/// @notice A function is a property of PROPERTIES.md.
abstract contract FinalityProperties is VotingActions {
    /// @notice Settled <= finalised <= justified <= current, each as the model has it.
    function finalityInOrder() public view {
        (uint64 justified, uint64 finalized, uint64 settled) = ANCHORS.finality();
        require(settled <= finalized && finalized <= justified, "out of order");
        require(justified == 0 || justified < REGISTRY.currentEpoch(), "justified before its time");
        require(justified == _latest().epoch, "something else is justified");
        require(finalized == finalizedEpoch, "something else is finalised");
        require(settled == line[settledCount].epoch, "something else is settled");
    }

    /// @notice What was accepted stays as it was accepted.
    function checkpointsStay() public view {
        uint256 index = _random(actionCount, "in line", line.length);
        Justified memory j = line[index];
        Checkpoint memory c = ANCHORS.checkpoint(j.epoch);
        bytes32 absentHash = j.absent.length == 0 ? bytes32(0) : keccak256(j.absent);
        require(c.commitment == Hashes.efficientKeccak256(j.root, absentHash), "another checkpoint");
        require(c.acceptedAt == j.acceptedTime && c.acceptedBlock == j.acceptedHeight, "accepted at another time");
        require(c.sourceEpoch == j.sourceEpoch, "another source");
        uint64 next = index + 1 < line.length ? line[index + 1].epoch : 0;
        require(c.nextEpoch == next, "another checkpoint built on it");
        Settlement memory s = ANCHORS.settlement(j.epoch);
        require((s.settledEpoch != 0) == (index != 0 && index <= settledCount), "settled out of order");
    }
}
