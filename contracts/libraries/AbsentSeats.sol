// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {G1Point} from "../types/G1Point.sol";
import {Bits} from "./Bits.sol";
import {Bls} from "./Bls.sol";
import {KeyBlobs} from "./KeyBlobs.sol";
import {KeySum, KeySums} from "./KeySum.sol";
import {Seats, ValidatorSet} from "./ValidatorSet.sol";

/// @title The seats that did not vote
/// @notice A canonical bitmap: bit i is bit (i mod 8) of byte i / 8. The same seats have one bitmap, because its hash
///         is the record of who signed. Which seats signed is what the signature says, but for keys that sum up to
///         zero: all their seats may be listed or none, whether they signed or not. Because of the proofs of possession
///         such keys are in one hand, so nobody else's record is in doubt.
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
    /// @param seats those of the epoch
    /// @param store where the blobs of the set's keys are
    function sum(
        bytes calldata bitmap,
        ValidatorSet.State storage set,
        Seats memory seats,
        uint64 epoch,
        address store
    ) internal view returns (uint32 count, G1Point memory keys) {
        if (bitmap.length == 0) return (0, keys);
        uint256 expected = (uint256(seats.count) + 7) / 8;
        if (bitmap.length != expected) revert AbsentSeats_Length(bitmap.length, expected);

        KeySum memory absent = KeySums.create();
        KeySum memory present = KeySums.create();
        uint256 settled = set.settledGroups(seats);
        uint256 total;
        // A word of the bitmap is a group of seats.
        uint256 groups = (bitmap.length + 31) / 32;
        for (uint256 group = 0; group < groups; ++group) {
            uint256 word = _word(bitmap, group);
            if (word == 0) continue;
            unchecked {
                // At most 256 of each group.
                total +=
                    group < settled
                        ? _addGroup(set, store, group, word, absent, present)
                        : _addSeats(set, seats.count, epoch, group, word, absent);
            }
        }
        if (total == 0) revert AbsentSeats_Empty();
        count = uint32(total);
        keys = Bls.add(absent.value(), present.value().negate());
    }

    /// @dev All seats of the group are occupied, and their keys are in a blob. Of a group that is absent for the most
    ///      part all keys are added, by their sum, and those of the present ones taken back.
    function _addGroup(
        ValidatorSet.State storage set,
        address store,
        uint256 group,
        uint256 word,
        KeySum memory absent,
        KeySum memory present
    ) private view returns (uint256 count) {
        count = Bits.count(word);
        address blob = KeyBlobs.addressOf(store, group);
        if (count <= KeyBlobs.GROUP / 2) {
            absent.addFromBlob(blob, word, count);
        } else {
            absent.add(set.groupSums[group]);
            if (count != KeyBlobs.GROUP) present.addFromBlob(blob, ~word, KeyBlobs.GROUP - count);
        }
    }

    /// @dev The slow path asks for every seat who sits there, and reads keys from storage.
    function _addSeats(
        ValidatorSet.State storage set,
        uint256 seatCount,
        uint64 epoch,
        uint256 group,
        uint256 word,
        KeySum memory absent
    ) private view returns (uint256 count) {
        word = uint256(Bytes.reverseBytes32(bytes32(word)));
        for (; word != 0; word &= word - 1) {
            uint256 seat = group * KeyBlobs.GROUP + Math.log2(word & (~word + 1));
            if (seat >= seatCount) revert AbsentSeats_Padding(seat, seatCount);
            uint32 validator = set.occupantAt(seat, epoch);
            if (validator == 0) revert AbsentSeats_Vacant(seat);
            absent.add(set.keys[validator]);
            ++count;
        }
    }

    /// @dev The 32 bytes of the bitmap about a group, zeros past the end.
    function _word(bytes calldata bitmap, uint256 group) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            let offset := shl(5, group)
            word := calldataload(add(bitmap.offset, offset))
            let rest := sub(bitmap.length, offset)
            if lt(rest, 32) {
                word := and(word, not(shr(shl(3, rest), not(0))))
            }
        }
    }
}
