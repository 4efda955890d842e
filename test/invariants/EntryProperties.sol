// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EntryStanding} from "../../contracts/types/EntryStanding.sol";
import {Settlement} from "../../contracts/types/Checkpoint.sol";
import {Shard} from "../../contracts/shards/IShardRegistry.sol";
import {DisputeActions} from "./DisputeActions.sol";
import {Justified} from "./VotingActions.sol";

/// @title What is void, and what has settled
/// @notice A function is a property of PROPERTIES.md.
abstract contract EntryProperties is DisputeActions {
    /// @notice Void is what was found at fault, what is built on it, and what is of a dead generation; nothing else.
    function voidIsWhatFollowsFromVoid() public view {
        Justified memory j = line[_random(actionCount, "in line", line.length)];
        for (uint16 p = 0; p < OPEN_SHARDS; ++p) {
            require(ANCHORS.isVoid(p, j.epoch) == _isVoidAt(p, j.epoch), "void without reason, or sound without");
            require(ANCHORS.isVoid(p, _latest().epoch) == _isVoidAt(p, _latest().epoch), "the latest is another");
            (, bytes32 resume) = ANCHORS.standing(p);
            bytes32 expected = _isVoidAt(p, _latest().epoch) ? _resumeOf(p) : bytes32(0);
            require(resume == expected, "the shard goes on from elsewhere");
        }
    }

    /// @notice What has settled never becomes void, and what was passed over is not settled by that.
    function settledStays() public view {
        if (settledCount == 0) return;
        uint256 index = 1 + _random(actionCount, "settled", settledCount);
        uint64 epoch = line[index].epoch;
        Settlement memory s = ANCHORS.settlement(epoch);
        require(s.exceptions == settledExceptions[index], "other exceptions");
        for (uint16 p = 0; p < OPEN_SHARDS; ++p) {
            bool isExcepted = (s.exceptions >> p) & 1 == 1;
            require(isExcepted || !ANCHORS.isVoid(p, epoch), "what has settled is void");
            (EntryStanding memory standing, ) = ANCHORS.standing(p);
            uint256 last = settledCount;
            while ((settledExceptions[last] >> p) & 1 == 1) --last;
            require(standing.settledEpoch == line[last].epoch, "more or less has settled at a position");
        }
    }

    /// @notice Generations advance by one at a time: when an entry becomes void, and when a bond is taken.
    function generationsOnlyGrow() public view {
        for (uint32 id = 1; id <= OPEN_SHARDS; ++id) {
            Shard memory shard = SHARDS.shard(id);
            require(shard.generation == generations[id - 1], "another generation");
            require((shard.operator == address(0)) == isBondTaken[id], "an operator without a bond");
            require((shard.bond == 0) == isBondTaken[id], "a bond without an operator");
        }
    }
}
