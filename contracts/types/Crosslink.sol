// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a committee attests: the shard's blocks `firstBlock` to `lastBlock` lead from `parent` to `stateRoot`.
struct Crosslink {
    uint32 shardId;
    uint32 generation;
    uint64 epoch;
    bytes32 parent;
    uint64 firstBlock;
    uint64 lastBlock;
    bytes32 blocksRoot;
    bytes32 stateRoot;
}
