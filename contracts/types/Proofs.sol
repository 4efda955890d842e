// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Crosslink} from "./Crosslink.sol";

/// @notice Shows that `crosslink` is the entry at `position` of a checkpoint. `siblings` are those of the entries tree;
/// `absentHash` opens the commitment to the checkpoint together with the root that follows from everything else.
struct CrosslinkProof {
    uint64 checkpointEpoch;
    bytes32 bodyRoot;
    bytes32 absentHash;
    uint16 position;
    Crosslink crosslink;
    bytes32[] siblings;
}

/// @notice Shows that a leaf is in a shard's state; siblings bottom up.
struct StateProof {
    bytes32[] siblings;
}

/**
 * @notice Shows that a message is in the outbox of the state that `crosslink` carries: `stateSiblings` lead to the leaf
 * of the outbox, which holds `count` messages; `siblings` lead from the message to the root of the outbox.
 */
struct MessageProof {
    CrosslinkProof crosslink;
    bytes32[] stateSiblings;
    uint64 count;
    bytes32[] siblings;
}
