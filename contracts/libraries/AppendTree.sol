// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PaddedTree} from "./PaddedTree.sol";
import {Sha256} from "./Sha256.sol";

/// @title The outbox: an append-only tree of depth 32 over message digests
/// @notice Unused leaves are zero, so the root alone does not tell how many there are; the state word binds both.
library AppendTree {
    uint256 internal constant DEPTH = 32;

    /// @notice The tree has `count` leaves, numbered from 0, and room for 2^32.
    error AppendTree_IndexOutOfRange(uint256 index, uint256 count);
    error AppendTree_ProofLength(uint256 length, uint256 expected);
    error AppendTree_FrontierLength(uint256 length, uint256 expected);

    /// @notice The root that `leaf` at `index` has under `count` with these siblings, bottom up: only the lower
    ///         ceil(log2(count)) levels have any that are not known.
    function rootOf(
        bytes32 leaf,
        uint256 index,
        uint256 count,
        bytes32[] memory siblings
    ) internal view returns (bytes32 node) {
        if (index >= count || count > 1 << DEPTH) revert AppendTree_IndexOutOfRange(index, count);
        uint256 levels = PaddedTree.depth(count);
        if (siblings.length != levels) revert AppendTree_ProofLength(siblings.length, levels);
        node = leaf;
        bytes32 unused;
        for (uint256 i = 0; i < DEPTH; ++i) {
            bytes32 sibling = i < levels ? siblings[i] : unused;
            node = (index >> i) & 1 == 0 ? Sha256.pair(node, sibling) : Sha256.pair(sibling, node);
            unused = Sha256.pair(unused, unused);
        }
    }

    /// @notice The siblings of a leaf on all levels, by those that are known: above them there is nothing.
    function extended(bytes32[] memory siblings) internal view returns (bytes32[] memory all) {
        all = new bytes32[](DEPTH);
        bytes32 unused;
        for (uint256 i = 0; i < DEPTH; ++i) {
            all[i] = i < siblings.length ? siblings[i] : unused;
            unused = Sha256.pair(unused, unused);
        }
    }

    /// @notice The root of a tree by its right edge: for each set bit of `count`, lowest first, the root of the
    ///         complete subtree of that size.
    function rootOfFrontier(uint256 count, bytes32[] memory frontier) internal view returns (bytes32 node) {
        _requireFrontier(count, frontier);
        uint256 next;
        bytes32 unused;
        for (uint256 i = 0; i < DEPTH; ++i) {
            node = (count >> i) & 1 == 1 ? Sha256.pair(frontier[next++], node) : Sha256.pair(node, unused);
            unused = Sha256.pair(unused, unused);
        }
    }

    /// @notice The right edge after `leaf` is appended to a tree of `count` leaves.
    function append(
        uint256 count,
        bytes32[] memory frontier,
        bytes32 leaf
    ) internal view returns (bytes32[] memory grown) {
        _requireFrontier(count, frontier);
        uint256 merged;
        for (; (count >> merged) & 1 == 1; ++merged) leaf = Sha256.pair(frontier[merged], leaf);
        grown = new bytes32[](frontier.length - merged + 1);
        grown[0] = leaf;
        for (uint256 i = 1; i < grown.length; ++i) grown[i] = frontier[merged + i - 1];
    }

    /// @notice The word that a state holds for an outbox.
    function word(uint256 count, bytes32 root) internal view returns (bytes32) {
        return Sha256.pair(bytes32(count), root);
    }

    function _requireFrontier(uint256 count, bytes32[] memory frontier) private pure {
        if (count >> DEPTH != 0) revert AppendTree_IndexOutOfRange(count, 1 << DEPTH);
        uint256 bits;
        for (uint256 rest = count; rest != 0; rest &= rest - 1) ++bits;
        if (frontier.length != bits) revert AppendTree_FrontierLength(frontier.length, bits);
    }
}
