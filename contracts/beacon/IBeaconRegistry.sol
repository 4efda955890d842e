// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1Point} from "../types/G1Point.sol";
import {Parameters} from "../types/Parameters.sol";

/// @notice Who may vote on an epoch's checkpoint, and under which keys.
struct Ballot {
    bytes32 domainSeparator;
    uint32 seatCount;
    uint32 occupiedCount;
    uint32 absentCount;
    uint32 committeeCount;
    // sum of the keys of all occupants that are not absent
    G1Point presentKey;
    // infinity when the proposer's seat is vacant
    G1Point proposerKey;
}

/// @notice Why a validator leaves: by its own choice, by evidence against it, because it did not answer the roll.
enum ExitReason {
    Voluntary,
    Slashed,
    Ejected
}

/// @notice The contracts that have a right in BeaconRegistry, Staking or ShardRegistry, each to what it is named after.
struct BeaconContracts {
    address staking;
    address anchors;
    address slashings;
    address rollCall;
    address disputes;
}

/**
 * @title Validators, seats, epochs and randomness
 * @notice Everything is asked *by epoch* and answered as of that epoch, whenever it is asked. What an epoch needs is
 * fixed `inputDelay` epochs before, so an answer never changes: a question that has no fixed answer yet reverts.
 *
 * A validator is numbered from 1 in the order of enrolment; 0 means nobody. Each one sits in one seat from its
 * activation epoch on and until its exit epoch, in which the seat is vacant or taken by another one.
 */
interface IBeaconRegistry {
    /// @notice The contracts know each other: deposits are taken from now on.
    event Initialized(BeaconContracts contracts);
    /// @notice Epoch 0 begins at `genesisTime`.
    event GenesisScheduled(uint64 genesisTime);
    /// @notice The validator sits in the seat from the activation epoch on.
    /// @param publicKey 128 bytes, as EIP-2537 reads it
    event ValidatorEnrolled(
        uint32 indexed validator,
        uint32 indexed seat,
        uint64 indexed activationEpoch,
        bytes publicKey
    );
    /// @notice The validator does not sit in the seat any more from the exit epoch on.
    event ValidatorExitScheduled(
        uint32 indexed validator,
        uint32 indexed seat,
        uint64 indexed exitEpoch,
        ExitReason reason
    );
    /// @notice From `epoch` on there are this many seats and occupants.
    event SeatsRolled(uint64 indexed epoch, uint32 seatCount, uint32 occupiedCount);
    /// @notice The keys of the seats 256 * group to 256 * group + 255 are the code of `blob`, 96 bytes each.
    event KeysPacked(uint32 indexed group, address blob);
    /// @notice For the epochs from `epoch` on, the keys of the group are the code of `blob`.
    event KeysRenewed(uint32 indexed group, uint64 indexed epoch, address blob);
    /// @notice A checkpoint was accepted while the parent's epoch was `epoch`, or validators were enrolled before
    ///         genesis.
    event MixAdvanced(uint64 indexed epoch, uint224 mix);

    /// @notice Only the launcher may do this before the launch deadline.
    error BeaconRegistry_NotLauncher(address caller);
    error BeaconRegistry_AlreadyInitialized();
    error BeaconRegistry_NotInitialized();
    error BeaconRegistry_NotContract(address account);
    error BeaconRegistry_GenesisAlreadyScheduled(uint64 genesisTime);
    /// @notice Genesis lies after `earliest` and not after `latest`.
    error BeaconRegistry_GenesisTimeOutOfRange(uint64 genesisTime, uint64 earliest, uint64 latest);
    error BeaconRegistry_NotStaking(address caller);
    error BeaconRegistry_NotAnchors(address caller);
    error BeaconRegistry_UnknownValidator(uint256 validator);
    error BeaconRegistry_PublicKeysLength(uint256 length);
    /// @notice It does not sit anywhere yet, so it cannot leave.
    error BeaconRegistry_NotActive(uint32 validator);
    /// @notice It leaves in that epoch, which never changes.
    error BeaconRegistry_AlreadyExiting(uint32 validator, uint64 exitEpoch);
    /// @notice Until genesis the seats of epoch 0 and the mix may still change.
    error BeaconRegistry_BeforeGenesis();
    /// @notice Nobody's vote is judged before its epoch is over.
    error BeaconRegistry_EpochNotOver(uint64 epoch, uint64 currentEpoch);
    /// @notice Seats of an epoch later than `last` may still change.
    error BeaconRegistry_EpochOpen(uint64 epoch, uint64 last);
    /// @notice The seed of an epoch later than `last` may still change.
    error BeaconRegistry_SeedUnknown(uint64 epoch, uint64 last);

    // ------------------------------------------------------------------ launch

    /// @notice Names the contracts that have a right here, once and for ever, by the launcher.
    function initialize(BeaconContracts calldata contracts) external;

    /**
     * @notice Fixes the start of epoch 0, once: in the future, and at most the launch period ahead. Until the launch
     * deadline only the launcher may; from then on anybody, so that stakes can never be locked before a genesis that
     * does not come, but others than the launcher only with a notice of more than half the launch period.
     */
    function scheduleGenesis(uint64 genesisTime) external;

    // ------------------------------------------------------------------ changes

    /**
     * @notice Enrols validators under the keys (128 bytes each) and returns the first one's number, the others follow.
     * Only for Staking, which has checked their proofs of possession and with them that the points are good. Before
     * genesis they take their seats in epoch 0 and advance the mix, afterwards they sit in the first epoch with room
     * under the activation limit, in seats that others have left by then or in new ones.
     */
    function enroll(bytes calldata publicKeys) external returns (uint32 firstValidator);

    /**
     * @notice Lets a validator leave in the first epoch with room under the limit of exits. Only for Staking.
     * @return exitEpoch the first epoch without it: the duties of all epochs before are still its own
     */
    function exit(uint32 validator) external returns (uint64 exitEpoch);

    /**
     * @notice Makes a validator leave that was slashed, or fined too often, in the first epoch with room under a limit
     * of its own. Only for Staking. One that leaves already does so in the epoch that it has.
     */
    function exitSlashed(uint32 validator) external returns (uint64 exitEpoch);

    /**
     * @notice Makes all of the validators leave in one epoch, but for those that leave already or do not sit yet. Only
     * for Staking.
     * @return ejected those that do
     */
    function exitEjected(uint32[] calldata validators) external returns (uint32[] memory ejected);

    /**
     * @notice Adds up to `maxChanges` scheduled changes of the validator set, one per epoch that has any, to the
     * history, when their epoch has come. Anybody may call it; for reads nobody has to: they add what is missing
     * themselves, at their own cost. For withdrawals somebody has to: they count blocks from there.
     * @return rolled how many changes were added
     */
    function rollEpochs(uint256 maxChanges) external returns (uint256 rolled);

    /**
     * @notice Puts the keys of the next 256 seats into a blob, where a submission that lists absent seats finds them at
     * a tenth of the price. Anybody may call it as soon as the 256 have enrolled; nobody has to. It takes about 7
     * million gas, so it has a transaction of its own.
     */
    function packKeys() external returns (uint32 group);

    /**
     * @notice Puts the keys of a packed group into another blob, for the epochs from this one on: seats that have
     * changed hands since the last time are cheap again. Anybody may call it when that was longer ago than a vote can
     * be late, and if it makes a difference; nobody has to. It takes about 7.5 million gas.
     */
    function renewKeys(uint32 group) external;

    /**
     * @notice What the vote of that epoch is judged by, which is about to be accepted: `ballot`, after a few scheduled
     * changes of the set are rolled; then the reveal is mixed into the randomness. Only for CrosslinkAnchors, which has
     * to revert if it does not accept the vote.
     * @param epoch one that is over
     * @param absent as for `ballot`
     * @param revealHash Keccak-256 of the reveal
     * @return currentEpoch of the parent
     */
    function openBallot(
        uint64 epoch,
        bytes calldata absent,
        bytes32 revealHash
    ) external returns (uint64 currentEpoch, Ballot memory);

    // ------------------------------------------------------------------ time

    /// @notice What this deployment was made with.
    function parameters() external view returns (Parameters memory);

    /// @notice EIP-712 domain separator of everything that is signed in this deployment.
    function domainSeparator() external view returns (bytes32);

    /// @notice Who deployed it.
    function launcher() external view returns (address);

    /// @notice From this time on anybody may schedule genesis.
    function launchDeadline() external view returns (uint64);

    /// @notice Zero while genesis is not scheduled.
    function genesisTime() external view returns (uint64);

    /// @notice The epoch of the latest block of the parent chain; 0 before genesis.
    function currentEpoch() external view returns (uint64);

    /// @notice The slot of the latest block of the parent chain; 0 before genesis.
    function currentSlot() external view returns (uint64);

    /// @notice Zero until the launcher has initialised.
    function staking() external view returns (address);

    /// @notice Zero until the launcher has initialised.
    function anchors() external view returns (address);

    /// @notice Zero until the launcher has initialised.
    function slashings() external view returns (address);

    /// @notice Zero until the launcher has initialised.
    function rollCall() external view returns (address);

    /// @notice Zero until the launcher has initialised.
    function disputes() external view returns (address);

    // ------------------------------------------------------------------ validators

    /// @notice Number of validators enrolled so far; also the last one's number.
    function validatorCount() external view returns (uint32);

    /// @notice The validator's public key.
    function keyOf(uint32 validator) external view returns (G1Point memory);

    /// @notice How many groups of 256 seats have been packed.
    function packedGroups() external view returns (uint32);

    /// @notice The validator with this key (128 bytes) or its negative; 0 if there is none.
    function validatorOf(bytes calldata publicKey) external view returns (uint32);

    /// @notice Where the validator sits: from the activation epoch on, and no more from the exit epoch on. That is
    ///         2^64 - 1 (FAR_FUTURE_EPOCH) while no exit is scheduled; once one is, it never changes.
    function tenure(uint32 validator) external view returns (uint32 seat, uint64 activationEpoch, uint64 exitEpoch);

    /// @notice The epoch in which a validator would be seated that deposits now.
    function nextActivationEpoch() external view returns (uint64);

    /// @notice The first epoch without a validator that asks to leave now.
    function nextExitEpoch() external view returns (uint64);

    /// @notice The parent chain's block, not before the validator's exit epoch, in which its leaving became a part of
    ///         the history; 0 while it has not.
    function exitBlock(uint32 validator) external view returns (uint64);

    // ------------------------------------------------------------------ seats, by epoch

    /// @notice The validator in the seat during that epoch, 0 if the seat is vacant or does not exist.
    function occupant(uint32 seat, uint64 epoch) external view returns (uint32 validator);

    /**
     * @notice The validators in the seats 256 * group to 256 * group + 255 during that epoch, 0 where a seat is vacant.
     * @return validators by seat; shorter if the epoch has fewer seats, empty if it has none of the group
     */
    function groupOccupants(uint32 group, uint64 epoch) external view returns (uint32[] memory validators);

    /// @notice Seats, occupied or not.
    function seatCount(uint64 epoch) external view returns (uint32);

    /// @notice Seats with a validator in them.
    function occupiedCount(uint64 epoch) external view returns (uint32);

    /// @notice Sum of the keys of all occupants.
    function aggregateKey(uint64 epoch) external view returns (G1Point memory);

    /**
     * @notice Sum of the keys of some occupants.
     * @param seats a bitmap of occupied seats in the canonical form that lists of absent seats have (formats,
     * section 7); empty for none. Other forms, and vacant seats, revert as they do in `ballot`.
     */
    function sumOfKeys(uint64 epoch, bytes calldata seats) external view returns (uint32 count, G1Point memory sum);

    /// @notice How many committees the seats of that epoch make.
    function committeeCount(uint64 epoch) external view returns (uint32);

    /**
     * @notice What a vote of that epoch is judged by.
     * @param absent the canonical bitmap of absent occupied seats, empty if nobody is absent (formats, section 7)
     */
    function ballot(uint64 epoch, bytes calldata absent) external view returns (Ballot memory);

    // ------------------------------------------------------------------ randomness

    /// @notice The mix after the last checkpoint accepted so far while the parent's epoch was at most `epoch`. Before
    ///         genesis there is none.
    function mixAsOf(uint64 epoch) external view returns (uint224);

    /// @notice The randomness of that epoch: committees and proposer follow from it.
    function seed(uint64 epoch) external view returns (bytes32);

    /// @notice The seat that proposes in that epoch and its occupant; validator 0 if there is nobody.
    function proposer(uint64 epoch) external view returns (uint32 validator, uint32 seat);
}
