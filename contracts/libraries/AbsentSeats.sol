// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {G1Point, PackedG1Point} from "../types/G1Point.sol";
import {Bls} from "./Bls.sol";
import {ValidatorSet} from "./ValidatorSet.sol";

/// @title The seats that did not vote
/// @notice A canonical bitmap: bit i is bit (i mod 8) of byte i / 8. One vote has one bitmap, because its hash is the
///         record of who signed.
library AbsentSeats {
    using ValidatorSet for ValidatorSet.State;

    error AbsentSeats_Length(uint256 length, uint256 expected);
    /// @notice A bitmap without a set bit is left out.
    error AbsentSeats_Empty();
    /// @notice A bit past the last seat is set.
    error AbsentSeats_Padding(uint256 seat, uint256 seatCount);
    /// @notice A vacant seat is absent by itself and not listed.
    error AbsentSeats_Vacant(uint256 seat);

    /// @notice Number of the seats in the bitmap and the sum of their occupants' keys.
    function sum(
        bytes calldata bitmap,
        ValidatorSet.State storage set,
        uint256 seatCount,
        uint64 epoch
    ) internal view returns (uint32 count, G1Point memory keys) {
        if (bitmap.length == 0) return (0, keys);
        uint256 expected = (seatCount + 7) / 8;
        if (bitmap.length != expected) revert AbsentSeats_Length(bitmap.length, expected);
        // Reads the keys into the same three words, again and again.
        PackedG1Point memory key;
        for (uint256 offset = 0; offset < bitmap.length; offset += 32) {
            uint256 word = _word(bitmap, offset);
            while (word != 0) {
                uint256 lowest = word & (~word + 1);
                uint256 seat = offset * 8 + Math.log2(lowest);
                word ^= lowest;
                if (seat >= seatCount) revert AbsentSeats_Padding(seat, seatCount);
                uint32 validator = set.occupantAt(seat, epoch);
                if (validator == 0) revert AbsentSeats_Vacant(seat);
                PackedG1Point storage stored = set.keys[validator];
                (key.head, key.middle, key.tail) = (stored.head, stored.middle, stored.tail);
                uint256 pointer;
                assembly ("memory-safe") {
                    pointer := key
                }
                Bls.addPackedInPlace(keys, pointer);
                ++count;
            }
        }
        if (count == 0) revert AbsentSeats_Empty();
    }

    /// @dev 32 bytes of the bitmap as a number whose bit i is seat 8 * offset + i, zeros past the end.
    function _word(bytes calldata bitmap, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(bitmap.offset, offset))
        }
        uint256 rest = bitmap.length - offset;
        if (rest < 32) word &= ~(type(uint256).max >> (rest * 8));
        return uint256(Bytes.reverseBytes32(bytes32(word)));
    }
}
