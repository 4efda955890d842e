// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What can be wrong with an anchored crosslink: one judge knows each of them (docs/disputes.md).
enum Predicate {
    Crosslink,
    Header,
    HeaderLink,
    Boundary,
    Leaf,
    Step,
    InboxDuty,
    MessageDuty,
    Silence
}

/// @notice What a judge found, in the order of the predicates. Only a fault makes an entry void.
enum Fault {
    None,
    // Crosslink: its first block does not follow its parent's last
    WrongFirstBlock,
    // Header
    HeaderOfOtherShard,
    HeaderOfOtherGeneration,
    WrongBlockNumber,
    StepCountOutOfRange,
    SlotAfterEpoch,
    // HeaderLink, to the block below
    WrongParentHash,
    SlotNotLater,
    // Boundary: crosslink and last header, header and last leaf; what a count hides
    CrosslinkStateMismatch,
    BlocksPadding,
    TracePadding,
    HeaderStateMismatch,
    HeaderFeesMismatch,
    // Leaf
    WrongLeafIndex,
    UnknownStepKind,
    PayloadTooLong,
    MisplacedBlockStart,
    LeafPadding,
    // Step
    StepInadmissible,
    WrongPayloadLength,
    WrongStepFees,
    WrongStepState,
    // InboxDuty, MessageDuty
    InboxLeftLying,
    MessageLeftLying,
    // Silence
    Unanswered
}

/// @dev In place of the index of a block in a crosslink: the fault is in none.
uint16 constant NO_BLOCK = 0xffff;
