// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Bits of a word
/// @notice Counted without a loop.
library Bits {
    /// @notice How many bits are set.
    function count(uint256 word) internal pure returns (uint256 set) {
        // Counts of pairs, nibbles and bytes of bits, all in place; the product adds up the 32 bytes in its highest
        // one, which has room for every count but 256.
        if (word == type(uint256).max) return 256;
        unchecked {
            word -= (word >> 1) & (type(uint256).max / 3);
            word = (word & (type(uint256).max / 5)) + ((word >> 2) & (type(uint256).max / 5));
            word = (word + (word >> 4)) & (type(uint256).max / 17);
            return (word * (type(uint256).max / 255)) >> 248;
        }
    }
}
