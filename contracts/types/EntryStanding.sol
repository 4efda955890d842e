// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/**
 * @notice What there is to know about the entries at a position that have not settled: one slot. What is void is so in
 * the checkpoints of a range of epochs. Here is the latest range; 2^32 - 1 stands for an end that has not come.
 */
struct EntryStanding {
    // void from the checkpoint of this epoch on, and not any more from that one on; both zero if nothing ever was
    uint32 voidFrom;
    uint32 voidTo;
    // From the checkpoint of this epoch on nothing settles before this time and this block, whichever comes last.
    uint32 heldFrom;
    uint40 heldUntilTime;
    uint40 heldUntilBlock;
    // the latest checkpoint that has settled without an exception at this position
    uint32 settledEpoch;
    // how many ranges came before the latest one
    uint32 earlierRanges;
}
