// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Sha256} from "./Sha256.sol";

/// @title A shard's state: a sparse Merkle tree over 256-bit keys
/// @notice A subtree with one leaf is that leaf, so a leaf's depth is as many bits as tell its key from all others.
library SparseMerkleTree {
    error SparseMerkleTree_ProofLength(uint256 length);

    /// @notice A leaf hashes 65 bytes and an inner node 64, so neither can pass for the other.
    function leafOf(bytes32 key, bytes32 word) internal view returns (bytes32) {
        return Sha256.prefixedPair(0x00, key, word);
    }

    /// @notice The root of a state that holds `word` under `key`, with these siblings bottom up.
    function rootOf(bytes32 key, bytes32 word, bytes32[] memory siblings) internal view returns (bytes32 node) {
        uint256 depth = siblings.length;
        if (depth > 256) revert SparseMerkleTree_ProofLength(depth);
        node = leafOf(key, word);
        for (uint256 i = 0; i < depth; ++i) {
            // The sibling i from the bottom branches off at the key's bit (depth - 1 - i), counted from the top.
            bool isRight = (uint256(key) >> (256 - depth + i)) & 1 == 1;
            node = isRight ? Sha256.pair(siblings[i], node) : Sha256.pair(node, siblings[i]);
        }
    }
}
