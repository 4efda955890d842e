// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Sha256} from "./Sha256.sol";

/// @title From a node to the root along its siblings
/// @notice The inner loop of every proof: a dispute goes up some hundred levels.
library MerklePath {
    uint256 private constant SHA256 = 0x02;

    /// @notice The root above `node`.
    /// @param sides bit i tells whether the node at level i from the bottom is the right one of its pair
    /// @param siblings bottom up
    function climb(bytes32 node, uint256 sides, bytes32[] memory siblings) internal view returns (bytes32 root) {
        bool ok = true;
        assembly ("memory-safe") {
            root := node
            let sibling := add(siblings, 32)
            for {
                let end := add(sibling, shl(5, mload(siblings)))
            } lt(sibling, end) {
                sibling := add(sibling, 32)
            } {
                let side := shl(5, and(sides, 1))
                mstore(side, root)
                mstore(xor(side, 32), mload(sibling))
                ok := and(ok, staticcall(gas(), SHA256, 0x00, 64, 0x00, 32))
                ok := and(ok, eq(returndatasize(), 32))
                root := mload(0x00)
                sides := shr(1, sides)
            }
        }
        if (!ok) revert Sha256.Sha256_HashFailed();
    }
}
