// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title An allocation of positions as a test wants it
/// @notice Stands in for ShardRegistry before CrosslinkAnchors: generations that the real one does not have yet.
contract ShardRegistryMock {
    uint256[] private _words;

    /// @notice Four positions to a word, the lowest in the lowest bits, each `u32 generation ‖ u32 id`.
    function setAllocation(uint256[] calldata words) external {
        _words = words;
    }

    /// @notice What IShardRegistry.allocation returns, for all positions; none is plain.
    function allocation(uint256) external view returns (uint256, uint256[] memory) {
        return (0, _words);
    }
}
