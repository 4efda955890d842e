// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {G1Point, PackedG1Point} from "../types/G1Point.sol";
import {Bls} from "./Bls.sol";
import {ChangeQueues} from "./ChangeQueues.sol";
import {KeyBlobs, KeyStores} from "./KeyBlobs.sol";
import {Lanes} from "./Lanes.sol";

/// @notice The seats of an epoch: how many there are, how many are occupied, and since when that is so.
struct Seats {
    uint32 count;
    uint32 occupied;
    uint32 since;
}

/**
 * @title Who sits where, in every epoch
 * @notice What an epoch's set is was decided some epochs before: changes are scheduled, added up per epoch, and moved
 * to the history one epoch with changes at a time. Idle epochs leave no trace. What is not moved yet is added by every
 * read, so the answers do not depend on who rolls when.
 *
 * Seats are numbered in the order in which they are taken for the first time, and so are the epochs of that: the seats
 * that an epoch counts have all been taken. Most of them have the same occupant for ever; the seats of which one has
 * left, or is going to, are *changed*: they alone have a history.
 */
library ValidatorSet {
    using ChangeQueues for ChangeQueues.State;
    using Checkpoints for Checkpoints.Trace224;
    using Lanes for uint256;
    using SafeCast for uint256;

    struct Tenure {
        uint32 seat;
        uint32 activationEpoch;
        // the first epoch without it, NEVER while that is open
        uint32 exitEpoch;
    }

    /// One slot, and in the usual case all that a read needs besides the aggregate key. (A struct inside would begin
    /// another slot.)
    struct Progress {
        // the first epoch with a change that is not in the history, 0 if there is none
        uint32 nextEpoch;
        // the last entry of the history: Seats
        uint32 count;
        uint32 occupied;
        uint32 since;
        // how many groups of seats, from the first on, have their keys in blobs
        uint32 packedGroups;
        // bit g mod 96: the group g may have changed seats
        uint96 changedGroups;
    }

    /// Two are kept: between two renewals, all votes that are taken are of epochs after the one before.
    struct Renewals {
        // KeyBlobs.RENEWED + index, zero if there is none
        uint64 latest;
        uint64 previous;
        // the first epochs that they are for
        uint64 latestEpoch;
        uint64 previousEpoch;
    }

    struct State {
        Progress progress;
        // Validators count from 1, so index 0 of `tenures` is the validator 1.
        Tenure[] tenures;
        // by seat, the last who took it; the array packs eight to a slot
        uint32[] occupants;
        mapping(uint256 validator => PackedG1Point) keys;
        mapping(bytes32 identity => uint32 validator) validators;
        // Lanes 6 and 7 of its `ends`: how many of the seats in `vacated` have been taken again, by queue.
        ChangeQueues.State queues;
        // the seats of those who leave, by queue and in its order; the arrays pack eight to a slot
        mapping(uint256 queue => uint32[] seats) vacated;
        // Until its epoch is rolled, what the epoch's change adds to the sum of keys; from then on, the sum of all
        // occupants' keys.
        mapping(uint256 epoch => PackedG1Point) aggregates;
        // by epoch: the block in which it was rolled, and Seats
        Checkpoints.Trace224 history;
        // sum of the keys in a blob
        mapping(uint256 blob => PackedG1Point) blobSums;
        // By blob, the seats whose occupants are not those in it, or will not be, as a word of a bitmap of seats has
        // them. Of the first blob of a group, there yet or not, these are the changed seats, and it is for all epochs.
        mapping(uint256 blob => uint256 word) changedSeats;
        // the blobs of a group after its first
        mapping(uint256 group => Renewals) renewals;
        uint32 renewalCount;
        // those who sat in a seat before the last who took it, by their activation epochs
        mapping(uint256 seat => Checkpoints.Trace224) predecessors;
    }

    uint32 internal constant NEVER = type(uint32).max;

    uint256 private constant BITS_OF_CHANGED_GROUPS = 96;
    uint256 private constant RETAKEN = 5;

    error ValidatorSet_KeyTaken(bytes32 identity, uint32 validator);
    /// @notice The next group to pack is not full yet.
    error ValidatorSet_GroupNotFull(uint256 group, uint256 seats);
    /// @notice The group has to be packed for the first time, and all its seats taken, before it is packed again.
    error ValidatorSet_GroupNotSettled(uint256 group, uint256 settledGroups);
    /// @notice All whom a new blob of the group would hold are in the one that it has.
    error ValidatorSet_NothingToRenew(uint256 group);
    /// @notice The group was renewed in that epoch; the blob before is still wanted.
    error ValidatorSet_RenewedRecently(uint256 group, uint64 epoch);

    // ---------------------------------------------------------------- changes

    /// @notice Seats a validator in the first epoch from `earliest` on in which fewer than `limit` join; its key is not
    ///         aggregated yet.
    function join(
        State storage self,
        G1Point memory key,
        uint256 earliest,
        uint256 limit
    ) internal returns (uint32 validator, uint32 seat, uint32 epoch) {
        epoch = self.queues.nextPlace(ChangeQueues.ACTIVATIONS, earliest, limit).toUint32();
        bool isNew;
        (seat, isNew) = _takeSeat(self, epoch);
        validator = _append(self, key, seat, epoch);
        if (isNew) self.occupants.push(validator);
        else self.occupants[seat] = validator;
        _enqueue(self, ChangeQueues.ACTIVATIONS, epoch, isNew ? 1 : 0);
    }

    /// @notice Gives a validator a seat that it takes in epoch 0, while that has not begun. It is not counted yet, nor
    ///         is its key aggregated.
    function joinAtGenesis(State storage self, G1Point memory key) internal returns (uint32 validator, uint32 seat) {
        seat = self.occupants.length.toUint32();
        validator = _append(self, key, seat, 0);
        self.occupants.push(validator);
    }

    /// @notice Counts those who have joined at genesis.
    function countAtGenesis(State storage self) internal {
        uint32 count = self.occupants.length.toUint32();
        (self.progress.count, self.progress.occupied) = (count, count);
        _record(self, Seats({count: count, occupied: count, since: 0}));
    }

    /**
     * @notice Takes a validator's seat away in the first epoch from `earliest` on in which fewer than `limit` leave by
     * the queue; its key is not taken out of the aggregate yet.
     * @param validator one that is not leaving already, and whose activation epoch is before `earliest`
     */
    function depart(
        State storage self,
        uint32 validator,
        uint256 queue,
        uint256 earliest,
        uint256 limit
    ) internal returns (uint32 seat, uint32 epoch) {
        epoch = self.queues.nextPlace(queue, earliest, limit).toUint32();
        Tenure storage tenure = self.tenures[validator - 1];
        seat = tenure.seat;
        tenure.exitEpoch = epoch;
        self.vacated[queue].push(seat);
        uint256 group = seat / KeyBlobs.GROUP;
        self.changedSeats[group] |= _bitOf(seat);
        // The blob before is for earlier epochs, in which the validator sits still.
        uint256 renewed = self.renewals[group].latest;
        if (renewed != 0) self.changedSeats[renewed] |= _bitOf(seat);
        self.progress.changedGroups |= uint96(1 << (group % BITS_OF_CHANGED_GROUPS));
        _enqueue(self, queue, epoch, 0);
    }

    /// @notice Adds to the sum of keys what has changed in an epoch that is not rolled.
    /// @param sum keys of those who join, negatives of those who leave
    function addKeys(State storage self, uint256 epoch, G1Point memory sum) internal {
        self.aggregates[epoch] = Bls.add(self.aggregates[epoch].unpack(), sum).pack();
    }

    /// @notice Moves the first scheduled change to the history, if its epoch is at most `last`.
    function roll(State storage self, uint256 last) internal returns (bool rolled, Seats memory seats) {
        uint256 epoch = self.progress.nextEpoch;
        if (epoch == 0 || epoch > last) return (false, seats);
        Progress memory p = self.progress;
        uint256 change = self.queues.changes[epoch];
        addKeys(self, epoch, self.aggregates[p.since].unpack());
        seats = _after(_latest(p), epoch, change);
        _record(self, seats);
        (uint256 ends, uint256 next) = ChangeQueues.take(self.queues.ends, epoch, change);
        self.queues.ends = ends;
        (p.nextEpoch, p.count, p.occupied, p.since) = (uint32(next), seats.count, seats.occupied, seats.since);
        self.progress = p;
        rolled = true;
    }

    /// @notice Takes the next full group as packed.
    /// @return group its index
    /// @return packed the keys of its seats' last occupants, 96 bytes each, which the caller puts into the group's blob
    function pack(State storage self) internal returns (uint256 group, bytes memory packed) {
        group = self.progress.packedGroups;
        uint256 seats = self.occupants.length;
        if (seats < (group + 1) * KeyBlobs.GROUP) revert ValidatorSet_GroupNotFull(group, seats);
        packed = _pack(self, group, group);
        self.progress.packedGroups = uint32(group) + 1;
    }

    /**
     * @notice Takes a group as packed again, for the epochs from `epoch` on, with those who sit in it then and are not
     * leaving.
     * @param epoch one that has begun
     * @param age how many epochs ago the group must have been renewed before
     */
    function renew(
        State storage self,
        uint256 group,
        uint64 epoch,
        uint256 age
    ) internal returns (bytes memory packed) {
        uint256 settled = settledGroups(self, seatsAt(self, epoch));
        if (group >= settled) revert ValidatorSet_GroupNotSettled(group, settled);
        Renewals memory r = self.renewals[group];
        if (r.latest != 0 && epoch <= r.latestEpoch + age) revert ValidatorSet_RenewedRecently(group, r.latestEpoch);
        uint256 changed;
        for (uint256 seat = group * KeyBlobs.GROUP; seat < (group + 1) * KeyBlobs.GROUP; ++seat) {
            Tenure memory tenure = self.tenures[self.occupants[seat] - 1];
            if (tenure.activationEpoch > epoch || tenure.exitEpoch != NEVER) changed |= _bitOf(seat);
        }
        uint256 latest = r.latest == 0 ? group : r.latest;
        if (changed == self.changedSeats[latest]) revert ValidatorSet_NothingToRenew(group);
        uint64 blob = uint64(KeyBlobs.RENEWED) + self.renewalCount++;
        self.changedSeats[blob] = changed;
        self.renewals[group] = Renewals({
            latest: blob,
            previous: r.latest,
            latestEpoch: epoch,
            previousEpoch: r.latestEpoch
        });
        packed = _pack(self, group, blob);
    }

    // ---------------------------------------------------------------- reads

    /// @notice The epoch in which a change would be scheduled now.
    function nextPlace(
        State storage self,
        uint256 queue,
        uint256 earliest,
        uint256 limit
    ) internal view returns (uint256 epoch) {
        return self.queues.nextPlace(queue, earliest, limit);
    }

    function seatsAt(State storage self, uint64 epoch) internal view returns (Seats memory seats) {
        Progress memory p = self.progress;
        seats = _rolledSeatsAt(self, p, epoch);
        uint256 next = p.nextEpoch;
        if (next == 0 || next > epoch) return seats;
        uint256 ends = self.queues.ends;
        while (next != 0 && next <= epoch) {
            uint256 change = self.queues.changes[next];
            seats = _after(seats, next, change);
            (ends, next) = ChangeQueues.take(ends, next, change);
        }
    }

    function aggregateAt(State storage self, uint64 epoch) internal view returns (G1Point memory sum) {
        Progress memory p = self.progress;
        sum = self.aggregates[_rolledSeatsAt(self, p, epoch).since].unpack();
        uint256 next = p.nextEpoch;
        if (next == 0 || next > epoch) return sum;
        uint256 ends = self.queues.ends;
        while (next != 0 && next <= epoch) {
            sum = Bls.add(sum, self.aggregates[next].unpack());
            (ends, next) = ChangeQueues.take(ends, next, self.queues.changes[next]);
        }
    }

    /// @notice How many groups, from the first on, have their keys in blobs and all of their seats in the epoch. What
    ///         a blob holds for a changed seat is of no meaning.
    /// @param seats those of the epoch
    function settledGroups(State storage self, Seats memory seats) internal view returns (uint256) {
        return Math.min(self.progress.packedGroups, seats.count / KeyBlobs.GROUP);
    }

    /// @notice The changed seats of a group, as a word of a bitmap of seats has them. All others that an epoch counts
    ///         are occupied in it, by the last who took them.
    /// @param changedGroups those of `progress`, which the caller reads once
    function changedSeatsOf(
        State storage self,
        uint256 changedGroups,
        uint256 group
    ) internal view returns (uint256 word) {
        if ((changedGroups >> (group % BITS_OF_CHANGED_GROUPS)) & 1 != 0) word = self.changedSeats[group];
    }

    /// @notice The blob of a group for the epoch, and the seats whose occupants then are not, or may not be, in it.
    /// @param group one of `settledGroups`
    function blobAt(
        State storage self,
        uint256 changedGroups,
        uint256 group,
        uint64 epoch
    ) internal view returns (uint256 blob, uint256 changed) {
        if ((changedGroups >> (group % BITS_OF_CHANGED_GROUPS)) & 1 == 0) return (group, 0);
        Renewals memory r = self.renewals[group];
        if (r.latest != 0 && r.latestEpoch <= epoch) blob = r.latest;
        else if (r.previous != 0 && r.previousEpoch <= epoch) blob = r.previous;
        else blob = group;
        changed = self.changedSeats[blob];
    }

    /// @notice The key of the seat's occupant, infinity if there is none.
    /// @param seats those of the epoch
    function keyAt(
        State storage self,
        uint256 seat,
        Seats memory seats,
        uint64 epoch,
        KeyStores memory stores
    ) internal view returns (G1Point memory key) {
        uint256 group = seat / KeyBlobs.GROUP;
        if (group < settledGroups(self, seats)) {
            (uint256 blob, uint256 changed) = blobAt(self, self.progress.changedGroups, group, epoch);
            if (changed & _bitOf(seat) == 0) return KeyBlobs.read(KeyBlobs.addressOf(stores, blob), seat);
        }
        uint32 validator = occupantAt(self, seat, seats, epoch);
        if (validator != 0) key = self.keys[validator].unpack();
    }

    /// @notice The validator in the seat, 0 if there is none.
    /// @param seats those of the epoch
    function occupantAt(
        State storage self,
        uint256 seat,
        Seats memory seats,
        uint64 epoch
    ) internal view returns (uint32 validator) {
        if (seat >= seats.count) return 0;
        return _isChanged(self, seat) ? occupantOfChangedAt(self, seat, epoch) : self.occupants[seat];
    }

    /// @notice The validator in a changed seat that the epoch counts, 0 if there is none.
    function occupantOfChangedAt(
        State storage self,
        uint256 seat,
        uint64 epoch
    ) internal view returns (uint32 validator) {
        validator = self.occupants[seat];
        Tenure memory tenure = self.tenures[validator - 1];
        if (tenure.activationEpoch > epoch) {
            validator = uint32(self.predecessors[seat].upperLookupRecent(uint32(epoch)));
            tenure = self.tenures[validator - 1];
        }
        if (tenure.exitEpoch <= epoch) return 0;
    }

    /// @notice The block in which the epoch in which the validator leaves was rolled, 0 while it has not been.
    function exitBlock(State storage self, uint32 validator) internal view returns (uint64) {
        uint32 epoch = self.tenures[validator - 1].exitEpoch;
        if (epoch > self.progress.since) return 0;
        return uint64(self.history.upperLookupRecent(epoch) >> 96);
    }

    // ---------------------------------------------------------------- private

    /// @dev The keys of the last occupants of a group's seats, for the blob of this number.
    function _pack(State storage self, uint256 group, uint256 blob) private returns (bytes memory packed) {
        uint256 first = group * KeyBlobs.GROUP;
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
        self.blobSums[blob] = sum.pack();
    }

    /// @dev A seat that is vacant in the epoch, those of one queue before those of the other; else a new one.
    function _takeSeat(State storage self, uint32 epoch) private returns (uint32 seat, bool isNew) {
        if (self.progress.changedGroups != 0) {
            for (uint256 queue = ChangeQueues.EXITS; queue <= ChangeQueues.FORCED_EXITS; ++queue) {
                uint256 ends = self.queues.ends;
                uint256 retaken = ends.get(RETAKEN + queue);
                if (retaken == self.vacated[queue].length) continue;
                seat = self.vacated[queue][retaken];
                uint32 predecessor = self.occupants[seat];
                Tenure memory tenure = self.tenures[predecessor - 1];
                if (tenure.exitEpoch > epoch) continue;
                self.queues.ends = ends.set(RETAKEN + queue, retaken + 1);
                self.predecessors[seat].push(tenure.activationEpoch, predecessor);
                return (seat, false);
            }
        }
        return (self.occupants.length.toUint32(), true);
    }

    function _isChanged(State storage self, uint256 seat) private view returns (bool) {
        return changedSeatsOf(self, self.progress.changedGroups, seat / KeyBlobs.GROUP) & _bitOf(seat) != 0;
    }

    function _append(
        State storage self,
        G1Point memory key,
        uint32 seat,
        uint32 epoch
    ) private returns (uint32 validator) {
        bytes32 identity = key.hashOfX();
        validator = self.validators[identity];
        if (validator != 0) revert ValidatorSet_KeyTaken(identity, validator);
        self.tenures.push(Tenure({seat: seat, activationEpoch: epoch, exitEpoch: NEVER}));
        validator = self.tenures.length.toUint32();
        self.keys[validator] = key.pack();
        self.validators[identity] = validator;
    }

    function _enqueue(State storage self, uint256 queue, uint32 epoch, uint256 newSeats) private {
        self.queues.add(queue, epoch, newSeats);
        uint32 next = self.progress.nextEpoch;
        if (next == 0 || epoch < next) self.progress.nextEpoch = epoch;
    }

    function _record(State storage self, Seats memory seats) private {
        self.history.push(
            seats.since,
            (uint224(block.number.toUint64()) << 96) |
                (uint224(seats.count) << 64) |
                (uint224(seats.occupied) << 32) |
                seats.since
        );
    }

    /// @dev The bit of the seat in its group's word of a bitmap: byte 0, the highest, holds seats 0 to 7 with seat 0
    ///      lowest.
    function _bitOf(uint256 seat) private pure returns (uint256) {
        return 1 << ((seat % KeyBlobs.GROUP) ^ 248);
    }

    function _after(Seats memory before, uint256 epoch, uint256 change) private pure returns (Seats memory) {
        (uint256 newSeats, uint256 joining, uint256 leaving) = ChangeQueues.effect(change);
        return
            Seats({
                count: uint32(before.count + newSeats),
                occupied: uint32(before.occupied + joining - leaving),
                since: uint32(epoch)
            });
    }

    function _rolledSeatsAt(State storage self, Progress memory p, uint64 epoch) private view returns (Seats memory) {
        if (p.since <= epoch) return _latest(p);
        uint224 word = self.history.upperLookupRecent(uint32(epoch));
        return Seats({count: uint32(word >> 64), occupied: uint32(word >> 32), since: uint32(word)});
    }

    function _latest(Progress memory p) private pure returns (Seats memory) {
        return Seats({count: p.count, occupied: p.occupied, since: p.since});
    }
}
