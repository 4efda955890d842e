// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/**
 * @notice An accepted (= justified) checkpoint. What it says is in the input of the transaction that submitted it;
 * `commitment` binds that input.
 */
struct Checkpoint {
    // keccak256(root ‖ absentHash); absentHash is keccak256 of the absent bitmap, zero when nobody was absent: what was
    // voted for readers, who voted for evidence. Late votes replace it, until an epoch's time after acceptance
    bytes32 commitment;
    // parent chain's time and block of acceptance: the challenge window counts from both
    uint64 acceptedAt;
    uint64 acceptedBlock;
    uint64 sourceEpoch;
    // the checkpoint that took this one as its source, zero while there is none
    uint64 nextEpoch;
}

/**
 * @notice What there is to know about the settlement of a checkpoint: one slot, final once `settledEpoch` is set.
 * `settledEpoch` is the parent's epoch in which settlement was recorded, zero before; so "settled as of epoch x" has
 * one answer, today and in any later dispute. Bit p of `exceptions`: nothing may be read from the entry at position p,
 * because it was void, or held for a challenge.
 */
struct Settlement {
    uint64 settledEpoch;
    uint192 exceptions;
}

/// @notice The vote of an epoch, with everything that opens it (formats, section 7).
struct CheckpointSubmission {
    uint64 targetEpoch;
    uint64 sourceEpoch;
    bytes32 sourceRoot;
    bytes32[] previousEntries;
    uint256 changed;
    bytes entries;
    bytes32 rewardsRoot;
    bytes absent;
    bytes signature;
    bytes reveal;
}

/**
 * @notice Votes for an accepted checkpoint that came too late for its submission. The first five fields open the
 * checkpoint's root, `absent` is the bitmap of those who have not voted for it so far, and `added` that of those
 * among them who signed the same vote (formats, section 7).
 */
struct VoteSupplement {
    uint64 targetEpoch;
    uint64 sourceEpoch;
    bytes32 sourceRoot;
    bytes32 entriesRoot;
    bytes32 rewardsRoot;
    bytes absent;
    bytes added;
    bytes signature;
}
