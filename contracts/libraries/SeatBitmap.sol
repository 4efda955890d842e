// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Bitmaps of seats, group by group
/// @notice Bit i is bit (i mod 8) of byte i / 8, so a group of 256 seats is a word. What is canonical about a bitmap is
///         checked where its seats are looked up (AbsentSeats).
library SeatBitmap {
    /// @notice How many words hold the bitmap.
    function groups(bytes calldata bitmap) internal pure returns (uint256) {
        return (bitmap.length + 31) / 32;
    }

    /// @notice The 32 bytes of the bitmap about a group, zeros past the end.
    function word(bytes calldata bitmap, uint256 group) internal pure returns (uint256 bits) {
        assembly ("memory-safe") {
            let offset := shl(5, group)
            bits := calldataload(add(bitmap.offset, offset))
            let rest := sub(bitmap.length, offset)
            if lt(rest, 32) {
                bits := and(bits, not(shr(shl(3, rest), not(0))))
            }
        }
    }

    /// @notice The seats of `bitmap` that are not in `part`, as a bitmap as long; an empty one if none is left.
    /// @return isPart whether `part` is as long, and all its seats are in `bitmap`; else `rest` means nothing
    function without(
        bytes calldata bitmap,
        bytes calldata part
    ) internal pure returns (bool isPart, bytes memory rest) {
        if (part.length != bitmap.length) return (false, rest);
        rest = new bytes(bitmap.length);
        uint256 count = groups(bitmap);
        uint256 foreign;
        uint256 left;
        for (uint256 group = 0; group < count; ++group) {
            uint256 whole = word(bitmap, group);
            uint256 taken = word(part, group);
            foreign |= taken & ~whole;
            left |= whole & ~taken;
            assembly ("memory-safe") {
                // The memory of a list is allocated in whole words, and what is past its end is zero.
                mstore(add(add(rest, 32), shl(5, group)), and(whole, not(taken)))
            }
        }
        isPart = foreign == 0;
        if (left == 0) rest = "";
    }

    /// @notice Whether a word has the seat with this index in the group. Byte 0, the highest, holds seats 0 to 7.
    function has(uint256 bits, uint256 index) internal pure returns (bool) {
        return (bits >> (index ^ 248)) & 1 == 1;
    }
}
