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

    /// @notice The word that a state holds for an outbox.
    function word(uint256 count, bytes32 root) internal view returns (bytes32) {
        return Sha256.pair(bytes32(count), root);
    }
}
