// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BeaconUnderTest} from "./BeaconUnderTest.sol";

/// @notice Functions that the runner may call on a contract.
struct FuzzSelector {
    address addr;
    bytes4[] selectors;
}

/// @title The beacon keeps its properties, whatever is done to it
/// @notice The runner calls actions in random order with random arguments; after each of them all properties hold.
contract BeaconInvariants {
    BeaconUnderTest private _beacon;

    function setUp() external {
        _beacon = new BeaconUnderTest();
    }

    function invariant_allProperties() external view {
        _beacon.oneEntryPerKey();
        _beacon.tenuresStay();
        _beacon.aggregateIsSumOfActiveKeys();
        _beacon.historiesStayReadable();
        _beacon.finalityInOrder();
        _beacon.checkpointsStay();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_beacon);
    }

    /// @notice What counts as an action; the properties are none.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        bytes4[] memory actions = new bytes4[](13);
        actions[0] = _beacon.passSlots.selector;
        actions[1] = _beacon.passEpochs.selector;
        actions[2] = _beacon.standStill.selector;
        actions[3] = _beacon.idle.selector;
        actions[4] = _beacon.rollEpochs.selector;
        actions[5] = _beacon.vote.selector;
        actions[6] = _beacon.voteEpochByEpoch.selector;
        actions[7] = _beacon.settle.selector;
        actions[8] = _beacon.voteOutOfLine.selector;
        actions[9] = _beacon.voteWithoutSigners.selector;
        actions[10] = _beacon.deposit.selector;
        actions[11] = _beacon.depositBatch.selector;
        actions[12] = _beacon.depositBadly.selector;
        targets[0] = FuzzSelector(address(_beacon), actions);
    }
}
