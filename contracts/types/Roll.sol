// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A call of the roll. One slot.
struct Roll {
    // the epoch of the call: its seats have to answer, and its number is what they sign
    uint64 epoch;
    // the latest justified checkpoint at the call: as soon as there is another the roll is cancelled
    uint64 justifiedEpoch;
    // parent chain's time and block of the call: the time to answer counts in both
    uint40 calledAt;
    uint40 calledBlock;
    // groups of 256 seats, and how many of them have been gone through
    uint24 groups;
    uint24 doneGroups;
}

/**
 * @notice How far the latest roll has come.
 * `None`: there has not been any.
 * `Answering`: seats may answer.
 * `Ejecting`: the time for it is over; seats without an answer are vacated, group by group.
 * `Done`: all groups have been gone through.
 * `Cancelled`: a checkpoint was accepted after the call.
 * `Expired`: nobody asked for the rest of the groups for so long that the next roll may be called.
 */
enum RollStatus {
    None,
    Answering,
    Ejecting,
    Done,
    Cancelled,
    Expired
}
