// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A Casper vote: the link from a justified checkpoint to the next.
struct Vote {
    uint64 sourceEpoch;
    bytes32 sourceRoot;
    uint64 targetEpoch;
    bytes32 targetRoot;
}
