// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FinalityProperties} from "./FinalityProperties.sol";
import {LifecycleActions} from "./LifecycleActions.sol";
import {SetProperties} from "./SetProperties.sol";
import {VM} from "./Vm.sol";

/// @title A beacon in use
/// @notice Everybody who does something to it, and the properties that it keeps.
contract BeaconUnderTest is LifecycleActions, FinalityProperties, SetProperties {
    constructor() {
        VM.deal(ANYBODY, 1e30);
        VM.deal(address(this), 1e30);
        for (uint256 i = 0; i < OPEN_SHARDS; ++i) SHARDS.open{value: parameters.shardBond}(ANYBODY);
        for (uint256 i = 0; i < MEMBERS_AT_GENESIS; ++i) _deposit(_owner(i));
        time += 1;
        REGISTRY.scheduleGenesis(uint64(time));
        VM.warp(time);
        _observe();
    }
}
