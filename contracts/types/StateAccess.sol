// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What stands where the path of a key ends (formats, section 4): its leaf, or a proof of absence.
enum PathEnd {
    Leaf,
    Nothing,
    OtherLeaf
}

/**
 * @notice One access of a step to the state, against the root at that moment. The key is not in it: whoever judges the
 * step knows what the step has to touch.
 */
struct StateAccess {
    PathEnd end;
    // of the leaf that stands there, if it is another key's
    bytes32 otherKey;
    // of the leaf that stands there, if any
    bytes32 word;
    // bottom up
    bytes32[] siblings;
}
