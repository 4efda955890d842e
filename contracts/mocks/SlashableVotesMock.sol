// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SlashableVotes} from "../libraries/SlashableVotes.sol";
import {Vote} from "../types/Vote.sol";

/// @title SlashableVotes from outside
contract SlashableVotesMock {
    /// @notice What one vote makes with each of the others: 0 nothing, 1 a double vote, 2 a surround vote.
    function offences(Vote calldata vote, Vote[] calldata others) external pure returns (bytes memory found) {
        found = new bytes(others.length);
        for (uint256 i = 0; i < others.length; ++i) {
            uint8 offence = 0;
            if (SlashableVotes.isDoubleVote(vote, others[i])) offence |= 1;
            if (SlashableVotes.isSurroundVote(vote, others[i])) offence |= 2;
            found[i] = bytes1(offence);
        }
    }
}
