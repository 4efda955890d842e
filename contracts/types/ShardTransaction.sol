// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A decoded EIP-1559 transaction of a shard.
struct ShardTransaction {
    uint64 chainId;
    uint64 nonce;
    uint64 maxPriorityFeePerGas;
    uint64 maxFeePerGas;
    uint64 gasLimit;
    bool isCreation;
    address to;
    uint128 value;
    bytes data;
    // whether the access list has an entry; what stands in it is not decoded
    bool hasAccessList;
    uint64 yParity;
    bytes32 r;
    bytes32 s;
    // what the sender signed
    bytes32 signingHash;
}

/// @notice What a transaction calls: a plain transfer, a call of a system contract, or nothing that a shard knows.
enum ShardCall {
    Unknown,
    Transfer,
    SendMessage
}
