// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Sha256} from "./Sha256.sol";

/// @title Where things are in a shard's state
/// @notice Keys are hashes of (type, field): no choice of an address makes a path deeper.
library StateKeys {
    function account(address owner) internal view returns (bytes32) {
        return _key(1, uint160(owner));
    }

    function head() internal view returns (bytes32) {
        return _key(2, 0);
    }

    function seed() internal view returns (bytes32) {
        return _key(3, 0);
    }

    /// @notice How much was imported from there.
    /// @param source a shard, or 0 for the parent's inbox
    function cursor(uint32 source) internal view returns (bytes32) {
        return _key(4, source);
    }

    /// @notice What was sent to there.
    /// @param destination a shard, or 0 for the parent chain
    function outbox(uint32 destination) internal view returns (bytes32) {
        return _key(5, destination);
    }

    function _key(uint256 kind, uint256 field) private view returns (bytes32) {
        return Sha256.pair(bytes32(kind), bytes32(field));
    }
}
