// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where a shard stands after its last block: u64 number ‖ u64 slot ‖ u64 epoch ‖ u32 shards ‖ u32 zero.
struct ShardHead {
    // of the last block; 0 before block 1
    uint64 number;
    uint64 slot;
    uint64 epoch;
    // shards opened, as known to the block: the highest destination of a message
    uint32 shardCount;
}

using ShardHeads for ShardHead global;

/// @title Words of heads
/// @notice Twin of `decodeHead` and `encodeHead` in protocol/state.ts.
library ShardHeads {
    function fromWord(bytes32 word) internal pure returns (ShardHead memory) {
        uint256 w = uint256(word);
        return
            ShardHead({
                number: uint64(w >> 192),
                slot: uint64(w >> 128),
                epoch: uint64(w >> 64),
                shardCount: uint32(w >> 32)
            });
    }

    function toWord(ShardHead memory head) internal pure returns (bytes32) {
        return
            bytes32(
                (uint256(head.number) << 192) |
                    (uint256(head.slot) << 128) |
                    (uint256(head.epoch) << 64) |
                    (uint256(head.shardCount) << 32)
            );
    }
}
