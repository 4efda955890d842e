// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EntryStanding} from "../types/EntryStanding.sol";

/// @title Which entries are void, held, or settled, by position
/// @notice Almost all positions are *regular*: nothing unsettled there is void or held, and they settle with every
///         checkpoint. One word says which ones are not, and only of those there is more to read or write.
///
///         A void entry makes a range of epochs: whatever stands at its position in the checkpoints from its own on is
///         void, as it is that entry or builds on it, until an entry is accepted that builds on `resume` instead, what
///         the void one was built on. Ranges of a position do not overlap; a range that begins before others takes them
///         in, because their entries, too, build on the one that it begins with.
library EntryStandings {
    using SafeCast for uint256;

    /// @dev The end of a range that is open.
    uint32 internal constant NEVER = type(uint32).max;

    /// @dev Never a position. A word that is never zero is cheaper to change.
    uint256 private constant ALWAYS = 1 << 255;

    struct Range {
        uint32 from;
        uint32 to;
    }

    struct State {
        // bit p: position p is irregular
        uint256 irregular;
        mapping(uint256 position => EntryStanding standing) standings;
        // what the next entry is built on while a range is open
        mapping(uint256 position => bytes32 parent) resumes;
        // in order, without the latest
        mapping(uint256 position => mapping(uint256 index => Range range)) earlier;
    }

    /// @notice Once, before everything else.
    function initialize(State storage self) internal {
        self.irregular = ALWAYS;
    }

    // ---------------------------------------------------------------- reads

    /// @notice Those of the positions at which the next entry does not build on the one before it.
    function openAmong(State storage self, uint256 positions) internal view returns (uint256 among) {
        uint256 rest = positions & self.irregular;
        while (rest != 0) {
            uint256 position = _lowest(rest);
            if (self.standings[position].voidTo == NEVER) among |= 1 << position;
            rest &= rest - 1;
        }
    }

    /// @notice The latest checkpoint that has settled at the position, where `settled` is the latest that has settled.
    function settledAt(State storage self, uint256 position, uint64 settled) internal view returns (uint64) {
        return _isIrregular(self, position) ? self.standings[position].settledEpoch : settled;
    }

    /// @notice Whether what stands at the position in the checkpoint of that epoch is void.
    function isVoid(State storage self, uint256 position, uint64 epoch) internal view returns (bool) {
        return _isVoid(self, position, self.standings[position], epoch);
    }

    // ---------------------------------------------------------------- changes

    /// @notice From the epoch on everything is void, and what comes next is built on `resume`. The epoch is not in a
    ///         range yet, and not settled at the position.
    /// @param settled the latest checkpoint that has settled
    function open(State storage self, uint256 position, uint64 epoch, bytes32 resume, uint64 settled) internal {
        EntryStanding memory s = _becomeIrregular(self, position, settled);
        if (epoch >= s.voidTo) {
            if (s.voidTo != 0) self.earlier[position][s.earlierRanges++] = Range({from: s.voidFrom, to: s.voidTo});
        } else {
            s.earlierRanges = uint32(_countUpTo(self, position, s.earlierRanges, epoch));
        }
        (s.voidFrom, s.voidTo) = (uint256(epoch).toUint32(), NEVER);
        self.standings[position] = s;
        self.resumes[position] = resume;
    }

    /// @notice The checkpoint of that epoch has an entry that is built on what was to be resumed.
    function close(State storage self, uint256 position, uint64 epoch) internal {
        self.standings[position].voidTo = uint256(epoch).toUint32();
    }

    /// @notice From the epoch on nothing settles at the position before that time and that block. Where something is
    ///         held already, both are held from the earlier epoch on and until the later end.
    /// @param settled the latest checkpoint that has settled
    function hold(
        State storage self,
        uint256 position,
        uint64 epoch,
        uint40 untilTime,
        uint40 untilBlock,
        uint64 settled
    ) internal {
        EntryStanding memory s = _becomeIrregular(self, position, settled);
        if (!_isHeld(s) || epoch < s.heldFrom) s.heldFrom = uint256(epoch).toUint32();
        s.heldUntilTime = uint40(Math.max(s.heldUntilTime, untilTime));
        s.heldUntilBlock = uint40(Math.max(s.heldUntilBlock, untilBlock));
        self.standings[position] = s;
    }

    /// @notice The next checkpoint settles, except at positions where it is void or held. Those at which nothing is
    ///         void or held any more are regular again.
    function settle(State storage self, uint64 epoch) internal returns (uint256 exceptions) {
        uint256 irregular = self.irregular;
        uint256 left = irregular;
        uint256 rest = irregular & ~ALWAYS;
        while (rest != 0) {
            uint256 position = _lowest(rest);
            rest &= rest - 1;
            EntryStanding memory s = self.standings[position];
            bool isHeld = _isHeld(s);
            if ((isHeld && epoch >= s.heldFrom) || _isVoid(self, position, s, epoch)) {
                exceptions |= 1 << position;
            } else if (isHeld || epoch < s.voidTo) {
                self.standings[position].settledEpoch = uint256(epoch).toUint32();
            } else {
                left ^= 1 << position;
            }
        }
        if (left != irregular) self.irregular = left;
    }

    // ---------------------------------------------------------------- private

    function _becomeIrregular(
        State storage self,
        uint256 position,
        uint64 settled
    ) private returns (EntryStanding memory s) {
        s = self.standings[position];
        if (_isIrregular(self, position)) return s;
        self.irregular |= 1 << position;
        s.settledEpoch = uint32(settled);
    }

    function _isIrregular(State storage self, uint256 position) private view returns (bool) {
        return (self.irregular >> position) & 1 == 1;
    }

    function _isVoid(
        State storage self,
        uint256 position,
        EntryStanding memory s,
        uint64 epoch
    ) private view returns (bool) {
        if (epoch >= s.voidFrom) return epoch < s.voidTo;
        uint256 count = _countUpTo(self, position, s.earlierRanges, epoch);
        return count != 0 && epoch < self.earlier[position][count - 1].to;
    }

    /// @dev Neither the time nor the block has to be reached for a hold.
    function _isHeld(EntryStanding memory s) private view returns (bool) {
        return block.timestamp < s.heldUntilTime || block.number < s.heldUntilBlock;
    }

    /// @dev How many of the first `count` ranges begin at the epoch or before it.
    function _countUpTo(
        State storage self,
        uint256 position,
        uint256 count,
        uint64 epoch
    ) private view returns (uint256 low) {
        while (low < count) {
            uint256 middle = Math.average(low, count);
            if (self.earlier[position][middle].from <= epoch) low = middle + 1;
            else count = middle;
        }
    }

    function _lowest(uint256 word) private pure returns (uint256 bit) {
        unchecked {
            return Math.log2(word & (0 - word));
        }
    }
}
