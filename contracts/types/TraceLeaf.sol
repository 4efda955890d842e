// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a block claims of one of its steps (formats, section 5).
struct TraceLeaf {
    uint64 index;
    uint8 kind;
    // of the payload, in bytes
    uint32 length;
    // of the block, up to and including this step
    uint128 fees;
    // Keccak-256
    bytes32 payloadHash;
    // after the step
    bytes32 stateRoot;
}
