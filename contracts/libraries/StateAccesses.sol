// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PathEnd, StateAccess} from "../types/StateAccess.sol";
import {MerklePath} from "./MerklePath.sol";
import {Sha256} from "./Sha256.sol";
import {SparseMerkleTree} from "./SparseMerkleTree.sol";

/// @title Reading and writing a shard's state by one path
/// @notice `read` binds an access to a root, `write` carries a change up the same path. A word zero that is absent
///         stays absent, so every content has one tree and one root.
library StateAccesses {
    /// A key has 256 bits.
    error StateAccesses_PathLength(uint256 length);
    /// The leaf that is to show absence does not stand on the path of the key, or is the key's own.
    error StateAccesses_OtherLeafOffPath(bytes32 key, bytes32 otherKey, uint256 depth);
    error StateAccesses_WrongRoot(bytes32 key, bytes32 expected, bytes32 actual);

    /// @notice The word of `key` in the state `root`, zero if it is absent. Reverts if the access is of another state.
    function read(StateAccess memory access, bytes32 root, bytes32 key) internal view returns (bytes32 word) {
        uint256 depth = access.siblings.length;
        if (depth > 256) revert StateAccesses_PathLength(depth);
        bytes32 node;
        if (access.end == PathEnd.Leaf) {
            word = access.word;
            node = SparseMerkleTree.leafOf(key, word);
        } else if (access.end == PathEnd.OtherLeaf) {
            uint256 difference = uint256(key ^ access.otherKey);
            // A difference of zero is the key itself, whose leaf shows no absence.
            if (difference == 0 || difference >> (256 - depth) != 0) {
                revert StateAccesses_OtherLeafOffPath(key, access.otherKey, depth);
            }
            node = SparseMerkleTree.leafOf(access.otherKey, access.word);
        }
        bytes32 actual = _climb(node, key, access.siblings);
        if (actual != root) revert StateAccesses_WrongRoot(key, root, actual);
    }

    /// @notice The root of the state `root` after `word` is written under `key`.
    /// @param access one that `read` accepted for this root and key
    function write(StateAccess memory access, bytes32 root, bytes32 key, bytes32 word) internal view returns (bytes32) {
        if (access.end == PathEnd.Leaf) {
            return _climb(SparseMerkleTree.leafOf(key, word), key, access.siblings);
        }
        if (word == 0) return root;
        bytes32 node = SparseMerkleTree.leafOf(key, word);
        if (access.end == PathEnd.OtherLeaf) {
            node = _fork(
                node,
                key,
                SparseMerkleTree.leafOf(access.otherKey, access.word),
                access.otherKey,
                access.siblings.length
            );
        }
        return _climb(node, key, access.siblings);
    }

    /// @dev The subtree at `depth` of two leaves: both go down to the first bit in which their keys differ, and above
    ///      it there is nothing beside them.
    function _fork(
        bytes32 leaf,
        bytes32 key,
        bytes32 otherLeaf,
        bytes32 otherKey,
        uint256 depth
    ) private view returns (bytes32 node) {
        uint256 difference = uint256(key ^ otherKey);
        uint256 bit = depth;
        while ((difference << bit) >> 255 == 0) ++bit;
        node = _parent(leaf, otherLeaf, key, bit);
        while (bit > depth) {
            --bit;
            node = _parent(node, 0, key, bit);
        }
    }

    function _climb(bytes32 node, bytes32 key, bytes32[] memory siblings) private view returns (bytes32) {
        // The key's first bits choose the sides, from the root down: the last of them is the deepest.
        return MerklePath.climb(node, uint256(key) >> (256 - siblings.length), siblings);
    }

    /// @dev `node` is left of its sibling if the key's bit, counted from the most significant, is 0.
    function _parent(bytes32 node, bytes32 sibling, bytes32 key, uint256 bit) private view returns (bytes32) {
        return (uint256(key) << bit) >> 255 == 0 ? Sha256.pair(node, sibling) : Sha256.pair(sibling, node);
    }
}
