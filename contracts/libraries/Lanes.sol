// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Eight numbers of 32 bits in one word
/// @notice Lane 0 is the lowest.
library Lanes {
    /// @notice The number in a lane.
    function get(uint256 word, uint256 lane) internal pure returns (uint256 value) {
        return uint32(word >> (32 * lane));
    }

    /// @notice The word with another number in a lane.
    /// @param value below 2^32
    function set(uint256 word, uint256 lane, uint256 value) internal pure returns (uint256 changed) {
        return (word & ~(uint256(type(uint32).max) << (32 * lane))) | (value << (32 * lane));
    }
}
