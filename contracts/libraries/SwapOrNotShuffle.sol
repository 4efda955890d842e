// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Swap-or-not shuffle of the seats and the committees cut from it
/// @notice consensus-specs phase 0, `compute_shuffled_index` and `compute_committee`, with SHA-256.
library SwapOrNotShuffle {
    uint256 private constant SHA256 = 0x02;

    /// Largest list the specification shuffles; block numbers within a list must fit 32 bits.
    uint256 internal constant MAX_COUNT = 1 << 40;

    /// The list has `count` elements, numbered from 0.
    error SwapOrNotShuffle_IndexOutOfRange(uint256 index, uint256 count);
    error SwapOrNotShuffle_CountTooLarge(uint256 count);
    /// A round number is hashed as one byte.
    error SwapOrNotShuffle_TooManyRounds(uint256 rounds);
    /// The SHA-256 precompile ran out of gas.
    error SwapOrNotShuffle_HashFailed();

    /// @notice Where the element at `index` of a list of `count` goes: committee position to seat.
    function computeShuffledIndex(
        uint256 index,
        uint256 count,
        bytes32 seed,
        uint256 rounds
    ) internal view returns (uint256 shuffled) {
        if (count > MAX_COUNT) revert SwapOrNotShuffle_CountTooLarge(count);
        if (index >= count) revert SwapOrNotShuffle_IndexOutOfRange(index, count);
        if (rounds > 256) revert SwapOrNotShuffle_TooManyRounds(rounds);
        bool ok = true;
        shuffled = index;
        assembly ("memory-safe") {
            // The hashed buffer: seed (32 bytes) || round (1) || block of 256 positions (4, little endian)
            let buffer := mload(0x40)
            mstore(buffer, seed)
            for {
                let round := 0
            } lt(round, rounds) {
                round := add(round, 1)
            } {
                mstore8(add(buffer, 32), round)
                ok := and(ok, staticcall(gas(), SHA256, buffer, 33, 0x00, 32))
                ok := and(ok, eq(returndatasize(), 32))

                // The pivot is the first 8 bytes of the digest as a little-endian number, modulo count.
                let word := shr(192, mload(0x00))
                word := or(shl(8, and(word, 0x00ff00ff00ff00ff)), and(shr(8, word), 0x00ff00ff00ff00ff))
                word := or(shl(16, and(word, 0x0000ffff0000ffff)), and(shr(16, word), 0x0000ffff0000ffff))
                word := or(shl(32, and(word, 0xffffffff)), shr(32, word))
                let flip := mod(sub(add(mod(word, count), count), shuffled), count)
                let position := shuffled
                if gt(flip, position) {
                    position := flip
                }

                mstore8(add(buffer, 33), shr(8, position))
                mstore8(add(buffer, 34), shr(16, position))
                mstore8(add(buffer, 35), shr(24, position))
                mstore8(add(buffer, 36), shr(32, position))
                ok := and(ok, staticcall(gas(), SHA256, buffer, 37, 0x00, 32))
                ok := and(ok, eq(returndatasize(), 32))
                if and(shr(and(position, 7), byte(shr(3, and(position, 255)), mload(0x00))), 1) {
                    shuffled := flip
                }
            }
        }
        if (!ok) revert SwapOrNotShuffle_HashFailed();
    }

    /// @notice Shuffled positions [start, end) of committee number `position` of `committeeCount` over the seats.
    function committeeSlice(
        uint256 position,
        uint256 committeeCount,
        uint256 seatCount
    ) internal pure returns (uint256 start, uint256 end) {
        if (position >= committeeCount) revert SwapOrNotShuffle_IndexOutOfRange(position, committeeCount);
        start = (seatCount * position) / committeeCount;
        end = (seatCount * (position + 1)) / committeeCount;
    }
}
