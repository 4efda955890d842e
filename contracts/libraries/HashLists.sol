// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Lists of hashes in the input of a call
/// @notice The compiler would check and copy them word by word: the paths of a dispute are some hundred words.
library HashLists {
    /// @notice The list, copied at once.
    function toMemory(bytes32[] calldata list) internal pure returns (bytes32[] memory copied) {
        copied = new bytes32[](list.length);
        assembly ("memory-safe") {
            calldatacopy(add(copied, 32), list.offset, shl(5, list.length))
        }
    }
}
