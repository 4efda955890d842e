// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {G1Point, PackedG1Point} from "../types/G1Point.sol";
import {Bls} from "./Bls.sol";
import {KeyBlobs} from "./KeyBlobs.sol";

/// @notice The seats of an epoch: how many there are, how many are occupied, and since when that is so.
struct Seats {
    uint32 count;
    uint32 occupied;
    uint32 since;
}

/// @title Who sits where, in every epoch
/// @notice What an epoch's set is was decided some epochs before: additions are scheduled, added up per epoch, and
///         moved to the history one epoch with changes at a time. Idle epochs leave no trace. What is not moved yet is
///         added by every read, so the answers do not depend on who rolls when.
library ValidatorSet {
    using Checkpoints for Checkpoints.Trace224;
    using SafeCast for uint256;

    struct Tenure {
        uint32 seat;
        uint32 activationEpoch;
    }

    /// One slot, and in the usual case all that a read needs besides the aggregate key. (A struct inside would begin
    /// another slot.)
    struct Progress {
        // the last epoch of the activation queue, and how many places of it are taken
        uint32 queueEpoch;
        uint32 queueUsed;
        // the first scheduled change that is not in the history: its index, and its epoch or 0 if there is none
        uint32 nextChange;
        uint32 nextEpoch;
        // the last entry of the history: Seats
        uint32 count;
        uint32 occupied;
        uint32 since;
        // how many groups of seats, from the first on, have their keys in blobs
        uint32 packedGroups;
    }

    struct State {
        Progress progress;
        // Validators count from 1, so index 0 of `tenures` is the validator 1.
        Tenure[] tenures;
        // by seat; the array packs eight to a slot
        uint32[] occupants;
        mapping(uint256 validator => PackedG1Point) keys;
        mapping(bytes32 identity => uint32 validator) validators;
        // epochs with scheduled changes, ascending
        uint32[] changes;
        mapping(uint256 epoch => uint32 count) joining;
        // Until its epoch is rolled, the sum of the keys that join; from then on, the sum of all occupants' keys.
        mapping(uint256 epoch => PackedG1Point) aggregates;
        Checkpoints.Trace224 history;
        // sum of the keys of a group whose keys are in a blob
        mapping(uint256 group => PackedG1Point) groupSums;
    }

    error ValidatorSet_KeyTaken(bytes32 identity, uint32 validator);
    /// @notice The next group to pack is not full yet.
    error ValidatorSet_GroupNotFull(uint256 group, uint256 seats);

    // ---------------------------------------------------------------- changes

    /// @notice Appends a validator in a new seat that it occupies from `epoch` on; its key is not aggregated yet.
    function append(
        State storage self,
        G1Point memory key,
        uint32 epoch
    ) internal returns (uint32 validator, uint32 seat) {
        bytes32 identity = key.hashOfX();
        validator = self.validators[identity];
        if (validator != 0) revert ValidatorSet_KeyTaken(identity, validator);
        seat = self.occupants.length.toUint32();
        self.tenures.push(Tenure({seat: seat, activationEpoch: epoch}));
        validator = self.tenures.length.toUint32();
        self.occupants.push(validator);
        self.keys[validator] = key.pack();
        self.validators[identity] = validator;
    }

    /// @notice Seats `count` more occupants, whose keys sum up to `sum`, in epoch 0, while that has not begun.
    function seatAtGenesis(State storage self, uint32 count, G1Point memory sum) internal {
        Seats memory seats = _latest(self.progress);
        seats.count += count;
        seats.occupied += count;
        _setLatest(self.progress, seats);
        self.aggregates[0] = Bls.add(self.aggregates[0].unpack(), sum).pack();
        self.history.push(0, _encode(seats));
    }

    /// @notice Schedules `count` more occupants, whose keys sum up to `sum`. Epochs never decrease from call to call.
    function schedule(State storage self, uint32 epoch, uint32 count, G1Point memory sum) internal {
        uint32 joining = self.joining[epoch];
        if (joining == 0) {
            if (self.progress.nextEpoch == 0) self.progress.nextEpoch = epoch;
            self.changes.push(epoch);
            self.aggregates[epoch] = sum.pack();
        } else {
            self.aggregates[epoch] = Bls.add(self.aggregates[epoch].unpack(), sum).pack();
        }
        self.joining[epoch] = joining + count;
    }

    /// @notice Takes a place in the activation queue, in `earliest` or the first epoch after it that has one.
    /// @dev The limit grows with the set as it is rolled; being behind makes it smaller, never larger.
    function takePlace(
        State storage self,
        uint256 earliest,
        uint256 perEpochMin,
        uint256 quotient
    ) internal returns (uint32 epoch) {
        Progress memory p = self.progress;
        (uint256 place, uint256 used) = _nextPlace(p, earliest, perEpochMin, quotient);
        epoch = place.toUint32();
        self.progress.queueEpoch = epoch;
        self.progress.queueUsed = used.toUint32();
    }

    /// @notice The epoch that `takePlace` would give.
    function nextPlace(
        State storage self,
        uint256 earliest,
        uint256 perEpochMin,
        uint256 quotient
    ) internal view returns (uint256 epoch) {
        (epoch, ) = _nextPlace(self.progress, earliest, perEpochMin, quotient);
    }

    /// @notice Moves the first scheduled change to the history, if its epoch is at most `last`.
    function roll(State storage self, uint256 last) internal returns (bool rolled, Seats memory seats) {
        Progress memory p = self.progress;
        uint32 epoch = p.nextEpoch;
        if (epoch == 0 || epoch > last) return (false, seats);
        seats = _latest(p);
        G1Point memory before = self.aggregates[seats.since].unpack();
        self.aggregates[epoch] = Bls.add(before, self.aggregates[epoch].unpack()).pack();
        uint32 joining = self.joining[epoch];
        seats = Seats({count: seats.count + joining, occupied: seats.occupied + joining, since: epoch});
        self.history.push(epoch, _encode(seats));
        (p.count, p.occupied, p.since) = (seats.count, seats.occupied, seats.since);
        p.nextChange += 1;
        p.nextEpoch = p.nextChange < self.changes.length ? self.changes[p.nextChange] : 0;
        self.progress = p;
        rolled = true;
    }

    /// @notice Takes the next full group as packed.
    /// @return group its index
    /// @return packed the keys of its occupants by seat, 96 bytes each, which the caller puts into the group's blob
    function pack(State storage self) internal returns (uint256 group, bytes memory packed) {
        group = self.progress.packedGroups;
        uint256 first = group * KeyBlobs.GROUP;
        uint256 seats = self.occupants.length;
        if (seats < first + KeyBlobs.GROUP) revert ValidatorSet_GroupNotFull(group, seats);
        packed = new bytes(KeyBlobs.GROUP * KeyBlobs.KEY_LENGTH);
        G1Point memory sum;
        for (uint256 i = 0; i < KeyBlobs.GROUP; ++i) {
            PackedG1Point memory key = self.keys[self.occupants[first + i]];
            uint256 pointer;
            assembly ("memory-safe") {
                // 256 keys of 96 bytes were allocated for i below 256.
                pointer := add(add(packed, 32), mul(i, 96))
                mcopy(pointer, key, 96)
            }
            Bls.addPackedInPlace(sum, pointer);
        }
        self.groupSums[group] = sum.pack();
        self.progress.packedGroups = uint32(group) + 1;
    }

    // ---------------------------------------------------------------- reads

    function seatsAt(State storage self, uint64 epoch) internal view returns (Seats memory seats) {
        Progress memory p = self.progress;
        seats = _rolledSeatsAt(self, p, epoch);
        if (p.nextEpoch == 0 || p.nextEpoch > epoch) return seats;
        uint256 length = self.changes.length;
        for (uint256 i = p.nextChange; i < length; ++i) {
            uint32 change = self.changes[i];
            if (change > epoch) break;
            uint32 joining = self.joining[change];
            seats.count += joining;
            seats.occupied += joining;
            seats.since = change;
        }
    }

    function aggregateAt(State storage self, uint64 epoch) internal view returns (G1Point memory sum) {
        Progress memory p = self.progress;
        sum = self.aggregates[_rolledSeatsAt(self, p, epoch).since].unpack();
        if (p.nextEpoch == 0 || p.nextEpoch > epoch) return sum;
        uint256 length = self.changes.length;
        for (uint256 i = p.nextChange; i < length; ++i) {
            uint32 change = self.changes[i];
            if (change > epoch) break;
            sum = Bls.add(sum, self.aggregates[change].unpack());
        }
    }

    /**
     * @notice How many groups, from the first on, have their keys in blobs and were wholly occupied in the epoch.
     * @dev Seats are taken in their order and, so far, never left: so all seats that an epoch counts are occupied, by
     *      those whose keys were packed. Whoever lets an occupant leave has to except the seat's group here from then
     *      on, for every epoch that is asked for: without a blob a group is slow, never wrong.
     * @param seats those of the epoch
     */
    function settledGroups(State storage self, Seats memory seats) internal view returns (uint256) {
        return Math.min(self.progress.packedGroups, seats.count / KeyBlobs.GROUP);
    }

    /// @notice The key of the seat's occupant, infinity if there is none.
    /// @param seats those of the epoch
    function keyAt(
        State storage self,
        uint256 seat,
        Seats memory seats,
        uint64 epoch,
        address store
    ) internal view returns (G1Point memory key) {
        if (seat / KeyBlobs.GROUP < settledGroups(self, seats)) return KeyBlobs.read(store, seat);
        uint32 validator = occupantAt(self, seat, epoch);
        if (validator != 0) key = self.keys[validator].unpack();
    }

    /// @notice The validator in the seat, 0 if there is none.
    function occupantAt(State storage self, uint256 seat, uint64 epoch) internal view returns (uint32 validator) {
        if (seat >= self.occupants.length) return 0;
        validator = self.occupants[seat];
        if (self.tenures[validator - 1].activationEpoch > epoch) return 0;
    }

    // ---------------------------------------------------------------- private

    function _nextPlace(
        Progress memory p,
        uint256 earliest,
        uint256 perEpochMin,
        uint256 quotient
    ) private pure returns (uint256 epoch, uint256 used) {
        if (p.queueEpoch < earliest) return (earliest, 1);
        uint256 limit = Math.max(perEpochMin, p.occupied / quotient);
        if (p.queueUsed < limit) return (p.queueEpoch, uint256(p.queueUsed) + 1);
        return (uint256(p.queueEpoch) + 1, 1);
    }

    function _rolledSeatsAt(State storage self, Progress memory p, uint64 epoch) private view returns (Seats memory) {
        if (p.since <= epoch) return _latest(p);
        return _decode(self.history.upperLookupRecent(uint256(epoch).toUint32()));
    }

    function _latest(Progress memory p) private pure returns (Seats memory) {
        return Seats({count: p.count, occupied: p.occupied, since: p.since});
    }

    function _setLatest(Progress storage p, Seats memory seats) private {
        (p.count, p.occupied, p.since) = (seats.count, seats.occupied, seats.since);
    }

    function _encode(Seats memory seats) private pure returns (uint224) {
        return (uint224(seats.count) << 64) | (uint224(seats.occupied) << 32) | seats.since;
    }

    function _decode(uint224 word) private pure returns (Seats memory) {
        return Seats({count: uint32(word >> 64), occupied: uint32(word >> 32), since: uint32(word)});
    }
}
