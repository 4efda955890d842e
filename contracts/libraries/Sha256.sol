// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title SHA-256 of small inputs
/// @notice Trees hash thousands of nodes, so none of these allocates memory.
library Sha256 {
    uint256 private constant PRECOMPILE = 0x02;

    /// The precompile ran out of gas.
    error Sha256_HashFailed();

    /// @notice SHA-256(left ‖ right): an inner node of every tree.
    function pair(bytes32 left, bytes32 right) internal view returns (bytes32 digest) {
        bool ok;
        assembly ("memory-safe") {
            mstore(0x00, left)
            mstore(0x20, right)
            ok := staticcall(gas(), PRECOMPILE, 0x00, 64, 0x00, 32)
            ok := and(ok, eq(returndatasize(), 32))
            digest := mload(0x00)
        }
        if (!ok) revert Sha256_HashFailed();
    }

    /// @notice SHA-256(prefix ‖ a ‖ b), 65 bytes: a length that no inner node has.
    function prefixedPair(uint8 prefix, bytes32 a, bytes32 b) internal view returns (bytes32 digest) {
        bool ok;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore8(input, prefix)
            mstore(add(input, 1), a)
            mstore(add(input, 33), b)
            ok := staticcall(gas(), PRECOMPILE, input, 65, 0x00, 32)
            ok := and(ok, eq(returndatasize(), 32))
            digest := mload(0x00)
        }
        if (!ok) revert Sha256_HashFailed();
    }
}
