// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vote} from "../types/Vote.sol";

/// @title Which two votes nobody may sign
/// @notice Casper's two conditions, as consensus-specs have them in `is_slashable_attestation_data`: what a complete
///         database of EIP-3076 refuses. Neither asks in which order the votes were signed, and neither is met by votes
///         from one source for different targets: whoever sees an epoch fail votes again.
library SlashableVotes {
    /// @notice Two different votes for checkpoints of one epoch.
    function isDoubleVote(Vote memory a, Vote memory b) internal pure returns (bool) {
        return
            a.targetEpoch == b.targetEpoch &&
            (a.targetRoot != b.targetRoot || a.sourceEpoch != b.sourceEpoch || a.sourceRoot != b.sourceRoot);
    }

    /// @notice One vote links over the other.
    function isSurroundVote(Vote memory a, Vote memory b) internal pure returns (bool) {
        return _surrounds(a, b) || _surrounds(b, a);
    }

    function _surrounds(Vote memory outer, Vote memory inner) private pure returns (bool) {
        return outer.sourceEpoch < inner.sourceEpoch && inner.targetEpoch < outer.targetEpoch;
    }
}
