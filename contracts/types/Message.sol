// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A message that a shard sent: the index-th to this destination. Destination 0 is the parent chain.
struct Message {
    uint32 source;
    uint32 destination;
    uint64 index;
    address sender;
    address recipient;
    uint128 value;
    bytes data;
}

/// @notice What the parent chain tells a shard: kind 0 is a deposit, kind 1 a forced transaction.
struct InboxEntry {
    uint32 shardId;
    uint64 index;
    uint64 epoch;
    uint8 kind;
    address sender;
    address recipient;
    uint128 value;
    bytes data;
}
