// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VM} from "./Vm.sol";
import {Member, World} from "./World.sol";

/// @title Time passes, and what is due in it is done or left
abstract contract TimeActions is World {
    uint256 private constant RARE = 6;
    uint256 private constant IDLE_EPOCHS = 1000;

    function passSlots(uint256 seed) external observed {
        _pass(1 + _random(seed, "slots", parameters.slotsPerEpoch), 1 + _random(seed, "blocks", 2));
    }

    function passEpochs(uint256 seed) external observed {
        uint256 slots = (1 + _random(seed, "epochs", 4)) * parameters.slotsPerEpoch;
        _pass(slots, 1 + _random(seed, "blocks", slots));
    }

    /// @notice Time without blocks: nobody could have done anything in it.
    function standStill(uint256 seed) external observed {
        _pass((1 + _random(seed, "epochs", 20)) * parameters.slotsPerEpoch, 1);
    }

    function idle(uint256 seed) external observed {
        VM.assume(_random(seed, "rare", RARE) == 0);
        uint256 slots = IDLE_EPOCHS * parameters.slotsPerEpoch;
        _pass(slots, slots);
    }

    function rollEpochs(uint256 seed) external observed {
        uint256 max = 1 + _random(seed, "changes", 3);
        VM.assume(REGISTRY.rollEpochs(max) != 0);
    }

    /// @dev Of the parent chain.
    function _pass(uint256 slots, uint256 blocks) internal {
        uint64 before = REGISTRY.currentEpoch();
        time += slots * parameters.secondsPerSlot;
        height += blocks;
        VM.warp(time);
        VM.roll(height);
        uint64 current = REGISTRY.currentEpoch();
        require(current >= before, "time went back");
        if (current == before) return;
        for (uint256 i = 0; i < members.length; ++i) {
            Member storage member = members[i];
            if (member.exitHeight == 0 && member.exitEpoch <= current) member.exitHeight = uint64(height);
        }
    }
}
