// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/**
 * @notice Every size, window and limit of one deployment. They are given once, to the constructor of BeaconRegistry;
 * the other contracts copy what they need from there, so that no two of them can disagree.
 * Durations named `...Epochs` count epochs, those named `...Blocks` blocks of the parent chain.
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
    uint32 rollCallEpochs;
    uint32 slashingWindowEpochs;
    uint32 withdrawalDelayEpochs;
    uint32 withdrawalDelayBlocks;
    // Limits.
    uint32 maxBlocks;
    uint32 churnPerEpochMin;
    uint32 churnQuotient;
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

    /// @dev All headers of a crosslink, of 288 bytes each, have to fit in the answer to a data challenge; and the depth
    ///      of the tree of blocks is what opening one costs in a dispute.
    uint256 private constant MAX_BLOCKS = 128;

    uint256 private constant MAX_SLOTS_PER_EPOCH = 1 << 16;

    /// @dev Long enough for any launch, short enough that a deposit made before it is never out of reach.
    uint256 private constant MAX_LAUNCH_PERIOD = 366 days;

    /// @dev The initial penalty is a 32nd of a stake, its reporter gets an 8th of that: neither may round to nothing.
    uint256 private constant MIN_STAKE = 32 * 8;

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
        _require(p.slotsPerEpoch != 0 && p.slotsPerEpoch <= MAX_SLOTS_PER_EPOCH, "slotsPerEpoch");
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
        // A roll has to be over, before the next one could be called.
        _require(p.rollCallEpochs != 0 && p.rollCallEpochs <= p.inactivityEpochs, "rollCallEpochs");
        _require(p.slashingWindowEpochs != 0 && p.slashingWindowEpochs <= MAX_EPOCHS, "slashingWindowEpochs");
        // A stake stays until nothing that its validator did can be objected to any more. After its last epoch come the
        // last moment of submission; the challenge window, and as much again for answers; the epochs of finality and
        // of settlement; the delay until others read what has settled. The slashing window is what is left from then
        // on to bring evidence.
        _require(
            p.withdrawalDelayEpochs >
                uint256(p.submitEpochs) + 2 * uint256(p.challengeEpochs) + 2 + p.inputDelay + p.slashingWindowEpochs &&
                p.withdrawalDelayEpochs <= MAX_EPOCHS,
            "withdrawalDelayEpochs"
        );
        // On a parent chain that stood still nobody could object: all of this has to pass in blocks too, at the pace
        // that the challenge window expects of them.
        _require(
            uint256(p.withdrawalDelayBlocks) * p.challengeEpochs >=
                uint256(p.challengeBlocks) * p.withdrawalDelayEpochs,
            "withdrawalDelayBlocks"
        );

        _require(p.maxBlocks != 0 && p.maxBlocks <= MAX_BLOCKS, "maxBlocks");
        _require(p.churnPerEpochMin != 0, "churnPerEpochMin");
        _require(p.churnQuotient != 0, "churnQuotient");
        _require(p.inboxEntriesPerEpoch != 0, "inboxEntriesPerEpoch");
        _require(p.maxForcedBytes != 0 && p.maxForcedBytes <= MAX_FORCED_BYTES, "maxForcedBytes");
        _require(p.launchPeriod != 0 && p.launchPeriod <= MAX_LAUNCH_PERIOD, "launchPeriod");

        _require(p.stake >= MIN_STAKE, "stake");
        // A free position would be taken by whoever comes first, for ever.
        _require(p.shardBond != 0, "shardBond");
        _require(p.withdrawalLimitPerEpoch != 0, "withdrawalLimitPerEpoch");
    }

    function _require(bool condition, string memory parameter) private pure {
        if (!condition) revert Parameters_Invalid(parameter);
    }
}
