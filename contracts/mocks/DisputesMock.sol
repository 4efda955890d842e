// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Predicate} from "../types/Fault.sol";

/// @title What BeaconRegistry names as the disputes of a test that has none
/// @notice A test acts in its name; it judges all predicates.
contract DisputesMock {
    /// @notice As IDisputes.judgeOf.
    function judgeOf(Predicate) external view returns (address) {
        return address(this);
    }
}
