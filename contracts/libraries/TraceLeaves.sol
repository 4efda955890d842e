// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TraceLeaf} from "../types/TraceLeaf.sol";
import {PaddedTree} from "./PaddedTree.sol";
import {Sha256} from "./Sha256.sol";

/// @title The trace of a block: one leaf per step
/// @notice Twin of protocol/trace.ts.
library TraceLeaves {
    error TraceLeaves_NotInTrace(uint256 position, bytes32 expected, bytes32 actual);

    /// @notice SHA-256(SHA-256(u64 index ‖ u8 kind ‖ u32 length ‖ u128 fees ‖ 3 zero bytes ‖ payloadHash) ‖ stateRoot)
    function hash(TraceLeaf memory leaf) internal view returns (bytes32) {
        uint256 word =
            (uint256(leaf.index) << 192) |
                (uint256(leaf.kind) << 184) |
                (uint256(leaf.length) << 152) |
                (uint256(leaf.fees) << 24);
        return Sha256.pair(Sha256.pair(bytes32(word), leaf.payloadHash), leaf.stateRoot);
    }

    /// @notice Reverts unless the block with this trace root has `leaf` at `position` of its `stepCount` steps.
    /// @dev The index that the leaf claims is not looked at: one that differs from the position is a fault of its own.
    function requireInTrace(
        TraceLeaf memory leaf,
        uint256 position,
        bytes32[] memory siblings,
        bytes32 traceRoot,
        uint256 stepCount
    ) internal view {
        bytes32 actual = PaddedTree.rootOf(hash(leaf), position, stepCount, siblings);
        if (actual != traceRoot) revert TraceLeaves_NotInTrace(position, traceRoot, actual);
    }
}
