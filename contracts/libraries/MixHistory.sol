// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Mixes by the parent's epoch in which they came to be
/// @notice A list of words `u32 epoch ‖ u224 mix` with ascending epochs. Its length is the caller's to keep, who has
///         room for it in a slot that it reads anyway.
library MixHistory {
    /// @notice Adds a mix, or replaces the last one if that is of the same epoch.
    /// @return newLength what the length is from now on
    function push(
        mapping(uint256 index => uint256 word) storage words,
        uint256 length,
        uint32 epoch,
        uint224 mix
    ) internal returns (uint256 newLength) {
        newLength = length != 0 && words[length - 1] >> 224 == epoch ? length : length + 1;
        words[newLength - 1] = (uint256(epoch) << 224) | mix;
    }

    /// @notice The last mix of an epoch up to `epoch`. The first one of the list is older than everything.
    /// @dev In time, a vote is judged by the last mix but one, since the vote before it has been mixed in meanwhile. So
    ///      these two are looked at before all others are searched.
    function asOf(
        mapping(uint256 index => uint256 word) storage words,
        uint256 length,
        uint256 epoch
    ) internal view returns (uint224) {
        uint256 low = 0;
        uint256 high = length;
        for (uint256 probes = 0; low < high; ++probes) {
            uint256 middle = probes < 2 ? high - 1 : Math.average(low, high);
            uint256 word = words[middle];
            if (word >> 224 > epoch) {
                high = middle;
            } else {
                if (probes < 2) return uint224(word);
                low = middle + 1;
            }
        }
        return low == 0 ? 0 : uint224(words[low - 1]);
    }
}
