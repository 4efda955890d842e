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

    /// @notice Whether the input of this call is the standard encoding of a call with `s` as its only argument.
    /// @dev The compiler checks, here or where they are read, that numbers have no bits above their type, and that
    ///      every list ends within the input. So nothing here overflows.
    function isCanonical(CheckpointSubmission calldata s) internal pure returns (bool canonical) {
        uint256 start;
        bytes32[] calldata previous = s.previousEntries;
        uint256 end;
        assembly ("memory-safe") {
            start := s
            end := previous.offset
        }
        // The next list has its length first, then its contents.
        canonical = start == START && end == START + FIELDS * 32 + 32;
        end += previous.length * 32;
        bool follows;
        (follows, end) = _follows(s.entries, end);
        canonical = canonical && follows;
        (follows, end) = _follows(s.absent, end);
        canonical = canonical && follows;
        (follows, end) = _follows(s.signature, end);
        canonical = canonical && follows;
        (follows, end) = _follows(s.reveal, end);
        canonical = canonical && follows && end == msg.data.length;
    }

    /// @dev Whether the list begins at `end`, and has nothing but zeros up to a whole word; and where that ends.
    function _follows(bytes calldata list, uint256 end) private pure returns (bool follows, uint256 newEnd) {
        assembly ("memory-safe") {
            newEnd := add(list.offset, and(add(list.length, 31), not(31)))
            // Contents fill `rest` bytes of the last word.
            let rest := and(list.length, 31)
            let padding := mul(iszero(iszero(rest)), shl(shl(3, rest), calldataload(sub(newEnd, 32))))
            follows := and(eq(list.offset, add(end, 32)), iszero(padding))
        }
    }
}
