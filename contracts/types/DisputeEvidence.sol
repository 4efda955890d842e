// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockHeader} from "./BlockHeader.sol";
import {Crosslink} from "./Crosslink.sol";
import {StateAccess} from "./StateAccess.sol";

/// @notice A header with its path in the blocks tree of a crosslink, siblings bottom up.
struct HeaderOpening {
    BlockHeader header;
    bytes32[] siblings;
}

/**
 * @notice A leaf of a trace with its path, siblings bottom up. `word` is the first word of its preimage as it is: u64
 * index ‖ u8 kind ‖ u32 payload length ‖ u128 fees ‖ 3 bytes, which are zero in a sound leaf (formats, section 5).
 */
struct LeafOpening {
    bytes32 word;
    bytes32 payloadHash;
    bytes32 stateRoot;
    bytes32[] siblings;
}

/**
 * @notice The block below the first one of a crosslink: the last one of its parent. Both are empty if the parent is the
 * genesis crosslink; for other blocks `parent` is, and `header` is the one before in the same crosslink.
 */
struct BelowOpening {
    Crosslink parent;
    HeaderOpening header;
}

/// @notice An outbox before a step appends to it: `count` messages, the frontier of their tree (formats, section 4).
struct OutboxOpening {
    uint64 count;
    bytes32[] frontier;
}

/**
 * @notice What the execution of one step reads: accesses in their order, the outbox that it appends to (count 0 if that
 * is absent, or there is none), and the opening of the commitment of the checkpoint that an ImportMessage names.
 */
struct StepWitness {
    StateAccess[] accesses;
    OutboxOpening outbox;
    bytes32 checkpointRoot;
    bytes32 absentHash;
}

/// @dev Evidence of Predicate.Crosslink.
struct CrosslinkEvidence {
    Crosslink parent;
}

/// @dev Evidence of Predicate.Header. `index` counts the blocks of the crosslink from 0.
struct HeaderEvidence {
    uint32 index;
    HeaderOpening header;
}

/// @dev Evidence of Predicate.HeaderLink.
struct LinkEvidence {
    uint32 index;
    HeaderOpening header;
    BelowOpening below;
}

/// @dev Evidence of Predicate.Boundary: the last leaf of the header, or an empty one if the fault is the crosslink's
/// own: the header is then its last.
struct BoundaryEvidence {
    uint32 index;
    HeaderOpening header;
    LeafOpening leaf;
}

/// @dev Evidence of Predicate.Leaf. `step` is the position of the leaf in the trace.
struct LeafEvidence {
    uint32 index;
    HeaderOpening header;
    uint32 step;
    LeafOpening leaf;
}

/// @dev Evidence of Predicate.Step. `previous` is the leaf before, with its siblings as far as its path is not that of
/// the leaf; empty for step 0. `below` is empty for all others.
struct StepEvidence {
    uint32 index;
    HeaderOpening header;
    uint32 step;
    LeafOpening leaf;
    LeafOpening previous;
    BelowOpening below;
    bytes payload;
    StepWitness witness;
}

/// @dev Evidence of Predicate.InboxDuty: the crosslink's last header; the cursor before, in the parent's state, and
/// after, in the crosslink's; when the entry that is left was recorded, and what else its digest is made of.
struct InboxDutyEvidence {
    HeaderOpening last;
    Crosslink parent;
    StateAccess cursorBefore;
    StateAccess cursorAfter;
    uint64 epoch;
    uint8 kind;
    address sender;
    address recipient;
    uint128 value;
    bytes data;
}

/// @dev Evidence of Predicate.MessageDuty: as of the inbox, but for the cursor of `source`, whose next message was
/// demanded.
struct MessageDutyEvidence {
    HeaderOpening last;
    Crosslink parent;
    StateAccess cursorBefore;
    StateAccess cursorAfter;
    uint32 source;
}
