// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CheckpointSubmission} from "../types/Checkpoint.sol";

/// @title The one encoding of a submission
/// @notice The standard ABI encoding puts the lists where they are expected, one behind the other, and fills them up
///         with zeros. Encoding the submission anew would show that as well, for ten times the gas.
library SubmissionEncoding {
    /// @dev The selector, and the offset of the only argument.
    uint256 private constant START = 4 + 32;
    /// @dev Words of the struct before the first list.
    uint256 private constant FIELDS = 10;
    // Words of the struct that hold the offsets of lists.
    uint256 private constant PREVIOUS_ENTRIES = 3;
    uint256 private constant ENTRIES = 5;
    uint256 private constant ABSENT = 7;
    uint256 private constant SIGNATURE = 8;
    uint256 private constant REVEAL = 9;

    /// @notice Whether the input of this call is the standard encoding of a call with `s` as its only argument.
    /// @dev Reads the input itself: where the compiler reads a number with bits above its type, or a list that ends
    ///      past the input, it reverts without a word. It has checked that the input holds the words of the struct.
    function isCanonical(CheckpointSubmission calldata s) internal pure returns (bool canonical) {
        uint256 head;
        uint256 epochs;
        assembly ("memory-safe") {
            head := s
            epochs := or(calldataload(s), calldataload(add(s, 32)))
        }
        canonical = head == START && epochs <= type(uint64).max;
        uint256 end = START + FIELDS * 32;
        bool follows;
        (follows, end) = _follows(PREVIOUS_ENTRIES, 32, end);
        canonical = canonical && follows;
        (follows, end) = _follows(ENTRIES, 1, end);
        canonical = canonical && follows;
        (follows, end) = _follows(ABSENT, 1, end);
        canonical = canonical && follows;
        (follows, end) = _follows(SIGNATURE, 1, end);
        canonical = canonical && follows;
        (follows, end) = _follows(REVEAL, 1, end);
        canonical = canonical && follows && end == msg.data.length;
    }

    /// @dev Whether the list begins at `end`, and has nothing but zeros up to a whole word; and where that ends. Past
    ///      the input there are zeros to read, and a list that ends there is found out by where the last one ends.
    ///      `field` is the word of the struct with the list's offset, `unit` the size of an element in bytes.
    function _follows(uint256 field, uint256 unit, uint256 end) private pure returns (bool follows, uint256 newEnd) {
        assembly ("memory-safe") {
            // First its length, then its contents. One that is longer than the input makes nothing overflow here.
            let length := calldataload(end)
            let size := mul(length, unit)
            newEnd := add(add(end, 32), and(add(size, 31), not(31)))
            // Contents fill `rest` bytes of the last word.
            let rest := and(size, 31)
            let padding := mul(iszero(iszero(rest)), shl(shl(3, rest), calldataload(sub(newEnd, 32))))
            let offset := calldataload(add(START, shl(5, field)))
            follows := and(iszero(padding), and(eq(add(offset, START), end), iszero(gt(length, calldatasize()))))
        }
    }
}
