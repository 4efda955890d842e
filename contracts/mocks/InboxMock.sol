// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title An inbox as a test wants it
/// @notice Stands in for Inbox before a judge: entries and demands of any epoch.
contract InboxMock {
    mapping(uint32 shardId => mapping(uint64 index => bytes32 digest)) public entry;
    mapping(uint32 destination => mapping(uint32 source => mapping(uint64 index => uint64 epoch))) public demandedIn;

    /// @notice Sets what IInbox.entry returns.
    function setEntry(uint32 shardId, uint64 index, bytes32 digest) external {
        entry[shardId][index] = digest;
    }

    /// @notice Sets what IInbox.demandedIn returns.
    function setDemand(uint32 destination, uint32 source, uint64 index, uint64 epoch) external {
        demandedIn[destination][source][index] = epoch;
    }
}
