// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SwapOrNotShuffle} from "../libraries/SwapOrNotShuffle.sol";

// solhint-disable use-natspec -- each function is the library function of its name
/// @title SwapOrNotShuffle opened to tests
/// @notice Opens the internal functions of `SwapOrNotShuffle` to tests.
contract SwapOrNotShuffleMock {
    function computeShuffledIndex(
        uint256 index,
        uint256 count,
        bytes32 seed,
        uint256 rounds
    ) external view returns (uint256 shuffled, uint256 gasUsed) {
        uint256 before = gasleft();
        shuffled = SwapOrNotShuffle.computeShuffledIndex(index, count, seed, rounds);
        gasUsed = before - gasleft();
    }

    /// The images of indices [from, to), to compare many positions in one call.
    function computeShuffledRange(
        uint256 from,
        uint256 to,
        uint256 count,
        bytes32 seed,
        uint256 rounds
    ) external view returns (uint256[] memory shuffled) {
        shuffled = new uint256[](to - from);
        for (uint256 i = from; i < to; ++i) {
            shuffled[i - from] = SwapOrNotShuffle.computeShuffledIndex(i, count, seed, rounds);
        }
    }

    function committeeSlice(
        uint256 position,
        uint256 committeeCount,
        uint256 seatCount
    ) external pure returns (uint256 start, uint256 end) {
        return SwapOrNotShuffle.committeeSlice(position, committeeCount, seatCount);
    }
}
