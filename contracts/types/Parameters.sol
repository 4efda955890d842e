// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/**
 * @notice Every size, window and limit of one deployment. They are given once, to the constructor of BeaconRegistry;
 * the other contracts copy what they need from there, so that no two of them can disagree.
 * Durations named `...Epochs` count epochs, `challengeBlocks` counts blocks of the parent chain.
 */
struct Parameters {
    // Sizes: what consensus-specs call a preset.
    uint32 shardCount;
    uint32 committeeSize;
    uint32 shuffleRounds;
    uint32 minOccupied;
    // Time.
    uint32 secondsPerSlot;
    uint32 slotsPerEpoch;
    uint32 inputDelay;
    uint32 submitEpochs;
    uint32 challengeEpochs;
    uint32 challengeBlocks;
    uint32 forceEpochs;
    uint32 inactivityEpochs;
    // Limits.
    uint32 maxBlocks;
    uint32 activationsPerEpochMin;
    uint32 activationChurnQuotient;
    uint32 inboxEntriesPerEpoch;
    uint32 maxForcedBytes;
    // Seconds: how long the launcher alone may schedule genesis, and how far ahead genesis may lie.
    uint32 launchPeriod;
    // Native coin of the parent chain, in wei.
    uint96 stake;
    uint96 shardBond;
    uint128 withdrawalLimitPerEpoch;
}

using ParametersValidation for Parameters global;

/// @title Inequalities between parameters
/// @notice Refuses combinations of parameters under which the protocol is not sound.
library ParametersValidation {
    /// @notice `parameter` is out of its range, or contradicts another one (see the comments in `validate`).
    error Parameters_Invalid(string parameter);

    /// @dev A step's payload has at most 8,192 bytes, of which the fixed fields of an inbox entry take 73.
    uint256 private constant MAX_FORCED_BYTES = 8192 - 73;

    /// @dev Bounds the depth of the tree of blocks in a crosslink, and with it the cost of opening one in a dispute.
    uint256 private constant MAX_BLOCKS = 1 << 16;

    /// @dev Long enough for any launch, short enough that a deposit made before it is never out of reach.
    uint256 private constant MAX_LAUNCH_PERIOD = 366 days;

    /// @dev No duration may be longer than this, so that sums of durations and epochs never come near an overflow.
    uint256 private constant MAX_EPOCHS = 1 << 24;

    function validate(Parameters memory p) internal pure {
        // A position is a bit of the exceptions that share one storage slot with the settled epoch (64 + 192 bits), and
        // the entries tree has no padding.
        _require(p.shardCount != 0 && p.shardCount <= 128 && p.shardCount & (p.shardCount - 1) == 0, "shardCount");
        _require(p.committeeSize != 0, "committeeSize");
        // The round is one byte of the preimage in swap-or-not.
        _require(p.shuffleRounds != 0 && p.shuffleRounds <= 255, "shuffleRounds");
        _require(p.minOccupied != 0 && p.minOccupied <= p.committeeSize, "minOccupied");

        _require(p.secondsPerSlot != 0 && p.secondsPerSlot <= 1 days, "secondsPerSlot");
        _require(p.slotsPerEpoch != 0 && p.slotsPerEpoch <= MAX_BLOCKS, "slotsPerEpoch");
        // With no delay the seed of an epoch could still change during that epoch.
        _require(p.inputDelay != 0 && p.inputDelay <= MAX_EPOCHS, "inputDelay");
        // The vote of an epoch is submitted in the next one, at the earliest.
        _require(p.submitEpochs != 0 && p.submitEpochs <= MAX_EPOCHS, "submitEpochs");
        _require(p.challengeEpochs != 0 && p.challengeEpochs <= MAX_EPOCHS, "challengeEpochs");
        _require(p.challengeBlocks != 0, "challengeBlocks");
        // A duty to import must not fall due before an undisturbed crosslink has settled and become visible: one epoch
        // in which it is voted, one in which the next checkpoint finalises it, the challenge window, and the input
        // delay. Submission at the last moment (`submitEpochs`) is no part of it: settlement has no upper bound anyway
        // while votes fail, so the age of what has to be imported counts from when it became importable.
        _require(
            p.forceEpochs > uint256(p.challengeEpochs) + 2 + p.inputDelay && p.forceEpochs <= MAX_EPOCHS,
            "forceEpochs"
        );
        // The roll must not be called while the last good vote may still be submitted.
        _require(p.inactivityEpochs > p.submitEpochs && p.inactivityEpochs <= MAX_EPOCHS, "inactivityEpochs");

        _require(p.maxBlocks != 0 && p.maxBlocks <= MAX_BLOCKS, "maxBlocks");
        _require(p.activationsPerEpochMin != 0, "activationsPerEpochMin");
        _require(p.activationChurnQuotient != 0, "activationChurnQuotient");
        _require(p.inboxEntriesPerEpoch != 0, "inboxEntriesPerEpoch");
        _require(p.maxForcedBytes != 0 && p.maxForcedBytes <= MAX_FORCED_BYTES, "maxForcedBytes");
        _require(p.launchPeriod != 0 && p.launchPeriod <= MAX_LAUNCH_PERIOD, "launchPeriod");

        _require(p.stake != 0, "stake");
        // A free position would be taken by whoever comes first, for ever.
        _require(p.shardBond != 0, "shardBond");
        _require(p.withdrawalLimitPerEpoch != 0, "withdrawalLimitPerEpoch");
    }

    function _require(bool condition, string memory parameter) private pure {
        if (!condition) revert Parameters_Invalid(parameter);
    }
}
