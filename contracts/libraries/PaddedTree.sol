// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerklePath} from "./MerklePath.sol";
import {Sha256} from "./Sha256.sol";

/// @title Trees over a list whose length is known: steps of a block, blocks of a crosslink, entries of a checkpoint
/// @notice Leaves are padded with zero to a power of two (formats, section 4). The number of leaves is not in the root:
///         it stands in the structure that carries it, and every proof is checked against it.
library PaddedTree {
    uint256 private constant SHA256 = 0x02;

    /// @notice The list has `count` leaves, numbered from 0.
    error PaddedTree_IndexOutOfRange(uint256 index, uint256 count);
    error PaddedTree_ProofLength(uint256 length, uint256 expected);

    /// @notice ceil(log2(count)); 0 for 0 and 1.
    function depth(uint256 count) internal pure returns (uint256 levels) {
        if (count < 2) return 0;
        for (uint256 rest = count - 1; rest != 0; rest >>= 1) ++levels;
    }

    /// @notice Root over all leaves; they are left as they are.
    function root(bytes32[] memory leaves) internal view returns (bytes32) {
        uint256 count = leaves.length;
        if (count == 0) return 0;
        if (count == 1) return leaves[0];
        // A power of two needs no padding on any level.
        bool isFull = count & (count - 1) == 0;
        bytes32 padding;
        bool ok = true;
        uint256 level;
        uint256 scratch;
        assembly ("memory-safe") {
            level := add(leaves, 32)
            scratch := mload(0x40)
        }
        // The first level is read from the leaves and written behind everything allocated; the others replace
        // themselves there, a node landing at or before the pair it is the hash of.
        while (count > 1) {
            if (count & 1 == 1) {
                // The leaves have no room for their padding, so an odd list moves to the scratch first.
                assembly ("memory-safe") {
                    mcopy(scratch, level, shl(5, count))
                    mstore(add(scratch, shl(5, count)), padding)
                }
                level = scratch;
                ++count;
            }
            count >>= 1;
            assembly ("memory-safe") {
                let node := scratch
                for {
                    let end := add(level, shl(6, count))
                } lt(level, end) {
                    level := add(level, 64)
                } {
                    ok := and(ok, staticcall(gas(), SHA256, level, 64, node, 32))
                    node := add(node, 32)
                }
            }
            level = scratch;
            if (!isFull) padding = Sha256.pair(padding, padding);
        }
        // One that runs out of gas leaves too little for everything after it, but do not build on that.
        if (!ok) revert Sha256.Sha256_HashFailed();
        assembly ("memory-safe") {
            level := mload(scratch)
        }
        return bytes32(level);
    }

    /// @notice The root that `leaf` at `index` of a list of `count` has with these siblings, bottom up.
    function rootOf(
        bytes32 leaf,
        uint256 index,
        uint256 count,
        bytes32[] memory siblings
    ) internal view returns (bytes32) {
        if (index >= count) revert PaddedTree_IndexOutOfRange(index, count);
        uint256 levels = depth(count);
        if (siblings.length != levels) revert PaddedTree_ProofLength(siblings.length, levels);
        return MerklePath.climb(leaf, index, siblings);
    }
}
