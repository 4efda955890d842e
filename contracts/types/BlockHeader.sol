// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A block of a shard, as its operator signs it.
struct BlockHeader {
    uint32 shardId;
    uint32 generation;
    uint64 number;
    bytes32 parentHash;
    uint64 slot;
    uint32 stepCount;
    bytes32 traceRoot;
    bytes32 stateRoot;
    uint128 fees;
}
