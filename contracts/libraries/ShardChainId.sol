// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title EIP-155 chain ids of shards
/// @notice 48 bits of a hash of where the shard is anchored (formats, section 1): wallets take no more than 53.
library ShardChainId {
    /// @notice The chain id of the transactions of a shard.
    function chainIdOf(uint256 parentChainId, address registry, uint32 shardId) internal pure returns (uint48) {
        return uint48(uint256(keccak256(abi.encode(parentChainId, registry, shardId))));
    }
}
