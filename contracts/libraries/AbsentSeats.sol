// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {G1Point} from "../types/G1Point.sol";
import {Bits} from "./Bits.sol";
import {Bls} from "./Bls.sol";
import {KeyBlobs, KeyStores} from "./KeyBlobs.sol";
import {KeySum, KeySums} from "./KeySum.sol";
import {SeatBitmap} from "./SeatBitmap.sol";
import {Seats, ValidatorSet} from "./ValidatorSet.sol";

/// @title The seats that did not vote
/// @notice A canonical bitmap: bit i is bit (i mod 8) of byte i / 8. The same seats have one bitmap, because its hash
///         is the record of who signed. Which seats signed is what the signature says, but for keys that sum up to
///         zero: all their seats may be listed or none, whether they signed or not. Because of the proofs of possession
///         such keys are in one hand, so nobody else's record is in doubt.
library AbsentSeats {
    using SeatBitmap for bytes;
    using ValidatorSet for ValidatorSet.State;

    error AbsentSeats_Length(uint256 length, uint256 expected);
    /// @notice A bitmap without a set bit is left out.
    error AbsentSeats_Empty();
    /// @notice A bit past the last seat is set.
    error AbsentSeats_Padding(uint256 seat, uint256 seatCount);
    /// @notice A vacant seat is absent by itself and not listed.
    error AbsentSeats_Vacant(uint256 seat);

    /// @notice Number of the seats in the bitmap and the sum of their occupants' keys; nothing and infinity if it is
    ///         empty. For the parameters see `subtract`.
    function sum(
        bytes calldata bitmap,
        ValidatorSet.State storage set,
        Seats memory seats,
        uint64 epoch,
        KeyStores memory stores
    ) internal view returns (uint32 count, G1Point memory keys) {
        if (bitmap.length == 0) return (0, keys);
        (count, keys) = subtract(bitmap, set, seats, epoch, stores, keys);
        keys = keys.negate();
    }

    /// @notice Takes the keys of the occupants of the seats in the bitmap out of a sum of keys.
    /// @param seats those of the epoch
    /// @param stores where the blobs of the set's keys are
    /// @param all sum of the keys of all occupants
    /// @return count of the seats in the bitmap, at least 1
    /// @return present sum of the keys of all others
    function subtract(
        bytes calldata bitmap,
        ValidatorSet.State storage set,
        Seats memory seats,
        uint64 epoch,
        KeyStores memory stores,
        G1Point memory all
    ) internal view returns (uint32 count, G1Point memory present) {
        uint256 expected = (uint256(seats.count) + 7) / 8;
        if (bitmap.length != expected) revert AbsentSeats_Length(bitmap.length, expected);

        // Keys to take out, and those to put back: a group that is absent for the most part is taken out as a whole.
        KeySum taken = KeySums.create(G1Point(0, 0, 0, 0));
        KeySum kept = KeySums.create(all);
        uint256 packed = set.settledGroups(seats);
        uint256 changedGroups = set.progress.changedGroups;
        uint256 total = _addPacked(bitmap, set, epoch, stores, packed, changedGroups, taken, kept);
        total += _addOthers(bitmap, set, seats.count, epoch, packed, changedGroups, taken);
        if (total == 0) revert AbsentSeats_Empty();
        count = uint32(total);
        present = Bls.add(kept.value(), taken.value().negate());
    }

    /// @dev The first groups, without the seats that their blobs do not have: all others are occupied by those whose
    ///      keys are there. Most groups miss a few seats if any, so that what is done for a group counts as much as
    ///      what is done for a seat.
    function _addPacked(
        bytes calldata bitmap,
        ValidatorSet.State storage set,
        uint64 epoch,
        KeyStores memory stores,
        uint256 groups,
        uint256 changedGroups,
        KeySum taken,
        KeySum kept
    ) private view returns (uint256 total) {
        address first = stores.first;
        unchecked {
            for (uint256 group = 0; group < groups; ++group) {
                uint256 word;
                assembly ("memory-safe") {
                    // A word of the bitmap is a group of seats, and these are full ones.
                    word := calldataload(add(bitmap.offset, shl(5, group)))
                }
                if (word == 0) continue;
                uint256 number = group;
                address blob;
                if (changedGroups == 0) {
                    blob = KeyBlobs.addressOf(first, group);
                } else {
                    uint256 changed;
                    (number, changed) = set.blobAt(changedGroups, group, epoch);
                    word &= ~changed;
                    if (word == 0) continue;
                    blob = KeyBlobs.addressOf(stores, number);
                }
                uint256 count = Bits.count(word);
                total += count;
                if (count < KeySums.COPY_WHOLE_FROM) taken.addFew(blob, word);
                else if (count <= KeyBlobs.GROUP / 2) taken.addMany(blob, word, count);
                else {
                    taken.add(set.blobSums[number]);
                    if (count != KeyBlobs.GROUP) kept.addMany(blob, ~word, KeyBlobs.GROUP - count);
                }
            }
        }
    }

    /// @dev The seats of the first groups that their blobs do not have, and the groups after them, seat by seat.
    function _addOthers(
        bytes calldata bitmap,
        ValidatorSet.State storage set,
        uint256 seatCount,
        uint64 epoch,
        uint256 packed,
        uint256 changedGroups,
        KeySum taken
    ) private view returns (uint256 total) {
        uint256 groups = bitmap.groups();
        for (uint256 group = changedGroups == 0 ? packed : 0; group < groups; ++group) {
            uint256 word = bitmap.word(group);
            if (word != 0 && group < packed) {
                (, uint256 notInBlob) = set.blobAt(changedGroups, group, epoch);
                word &= notInBlob;
            }
            if (word == 0) continue;
            uint256 changed = set.changedSeatsOf(changedGroups, group);
            total += _addSeats(set, seatCount, epoch, group, word, changed, taken);
        }
    }

    /// @dev The slow path asks for every seat who sits there, and reads keys from storage.
    function _addSeats(
        ValidatorSet.State storage set,
        uint256 seatCount,
        uint64 epoch,
        uint256 group,
        uint256 word,
        uint256 changed,
        KeySum taken
    ) private view returns (uint256 count) {
        word = uint256(Bytes.reverseBytes32(bytes32(word)));
        changed = uint256(Bytes.reverseBytes32(bytes32(changed)));
        for (; word != 0; word &= word - 1) {
            uint256 bit = word & (~word + 1);
            uint256 seat = group * KeyBlobs.GROUP + Math.log2(bit);
            if (seat >= seatCount) revert AbsentSeats_Padding(seat, seatCount);
            uint32 validator = changed & bit == 0 ? set.occupants[seat] : set.occupantOfChangedAt(seat, epoch);
            if (validator == 0) revert AbsentSeats_Vacant(seat);
            taken.add(set.keys[validator]);
            ++count;
        }
    }
}
