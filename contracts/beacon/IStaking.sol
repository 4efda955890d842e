// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IForfeits} from "../libraries/IForfeits.sol";

/**
 * @notice Where a validator stands. `Pending`: it waits for its seat. `Active`: it sits. `Exiting`: it sits, until its
 * exit epoch. `Exited`: its stake stays, for what it did. `Withdrawable`: the stake may be paid out. `Withdrawn`: it
 * has been, or nothing is left of it.
 */
enum ValidatorStatus {
    Pending,
    Active,
    Exiting,
    Exited,
    Withdrawable,
    Withdrawn
}

/**
 * @title Stakes of the validators
 * @notice Holds all their money: one stake per validator. A stake is paid in once. It is paid out once, to its
 * withdrawal address, some time after its validator's exit; and becomes less only by evidence against the validator,
 * or because it did not answer the roll. There is no other way for it to move, and nobody who could make one.
 */
interface IStaking is IForfeits {
    /// @notice `count` stakes were paid in, for validators `firstValidator` and those that follow it.
    event Deposited(
        uint32 indexed firstValidator,
        uint32 count,
        address indexed withdrawalAddress,
        address indexed depositor
    );

    /// @notice The stake may change hands as soon as the new withdrawal address accepts; zero: it may not.
    event WithdrawalAddressProposed(uint32 indexed validator, address indexed proposed);
    /// @notice The stake is another one's from now on.
    event WithdrawalAddressChanged(uint32 indexed validator, address indexed withdrawalAddress);
    /// @notice The initial penalty was taken, and the rest depends on who else is slashed, and is taken at withdrawal;
    ///         or all that was left was taken, perhaps from one who was slashed before.
    event ValidatorSlashed(uint32 indexed validator, address indexed reporter, uint96 penalty);
    /// @notice The validator signed what nobody showed.
    event ValidatorFined(uint32 indexed validator, address indexed reporter, uint96 penalty);
    /// @notice It did not answer the roll; the penalty was burnt.
    event ValidatorEjected(uint32 indexed validator, uint96 penalty);
    /// @notice The stake was paid out, but for the correlation penalty of a slashed validator, which was burnt.
    event Withdrawn(uint32 indexed validator, address indexed withdrawalAddress, uint96 amount, uint96 penalty);

    error Staking_WrongAmount(uint256 value, uint256 expected);
    error Staking_ZeroWithdrawalAddress();
    error Staking_PublicKeyLength(uint256 length);
    error Staking_ProofLength(uint256 length);
    /// @notice The proof is not one of these keys, chain, contract and withdrawal address, or a point is infinity.
    error Staking_InvalidProof();
    error Staking_BatchSize(uint256 count, uint256 max);
    error Staking_UnknownValidator(uint256 validator);
    error Staking_NotWithdrawalAddress(uint32 validator, address caller);
    /// @notice Nobody proposed the caller, or the proposal was taken back.
    error Staking_NotProposed(uint32 validator, address caller);
    /// @notice The signed exit is for later.
    error Staking_ExitNotYetValid(uint64 epoch, uint64 currentEpoch);
    error Staking_SignatureLength(uint256 length);
    error Staking_InvalidSignature();
    error Staking_AlreadyWithdrawn(uint32 validator);
    /// @notice `epoch` is 2^64 - 1 while no exit is scheduled.
    error Staking_NotWithdrawable(uint32 validator, uint64 epoch, uint64 currentEpoch);
    /// @notice Blocks are counted from when the exit has become history: BeaconRegistry.rollEpochs comes first.
    error Staking_ExitNotRolled(uint32 validator);
    /// @notice The parent chain has made too few blocks since the exit.
    error Staking_TooFewBlocks(uint32 validator, uint256 blockNumber, uint256 expected);
    error Staking_NotSlashings(address caller);
    error Staking_NotRollCall(address caller);
    error Staking_NotDisputes(address caller);

    /**
     * @notice Stakes for one validator. Bad points revert with `Bls_PrecompileFailed`.
     * @param publicKey 128 bytes, as EIP-2537 reads it
     * @param proofOfPossession 256 bytes; signature of `ProofOfPossession(keccak256(publicKey), withdrawalAddress)`
     * @param withdrawalAddress where the stake goes in the end
     */
    function deposit(
        bytes calldata publicKey,
        bytes calldata proofOfPossession,
        address withdrawalAddress
    ) external payable returns (uint32 validator);

    /**
     * @notice Stakes for several validators of one owner with one proof for all.
     * @param publicKeys 128 bytes each
     * @param proof 256 bytes; signature, by the sum of the secret keys under the batch's coefficients, of
     * `BatchProofOfPossession(keccak256(publicKeys), count, withdrawalAddress)`
     */
    function depositBatch(
        bytes calldata publicKeys,
        bytes calldata proof,
        address withdrawalAddress
    ) external payable returns (uint32 firstValidator);

    // ------------------------------------------------------------------ exit and withdrawal

    /// @notice Lets the validator leave, at its withdrawal address's wish.
    /// @return exitEpoch the first epoch without it: the duties of all epochs before are still its own
    function exit(uint32 validator) external returns (uint64 exitEpoch);

    /**
     * @notice Lets the validator leave, at its own wish. Anybody may bring it.
     * @param epoch the first one in which it is to be brought
     * @param signature 256 bytes; by the validator, of `VoluntaryExit(validator, epoch)`
     */
    function exitSigned(uint32 validator, uint64 epoch, bytes calldata signature) external returns (uint64 exitEpoch);

    /**
     * @notice Pays the stake out to the withdrawal address; anybody may call it. A receiver that refuses its money
     * keeps only itself waiting.
     * @return amount what was paid, in wei
     */
    function withdraw(uint32 validator) external returns (uint96 amount);

    /// @notice Offers the stake to another withdrawal address, by the one that it has. Zero takes an offer back.
    function proposeWithdrawalAddress(uint32 validator, address proposed) external;

    /// @notice Takes the offer.
    function acceptWithdrawalAddress(uint32 validator) external;

    // ------------------------------------------------------------------ penalties

    /**
     * @notice Slashes the validator, once: takes a 32nd of a stake (MIN_SLASHING_PENALTY_QUOTIENT), of which the
     * reporter is credited an eighth, and makes it leave. At withdrawal three times (PROPORTIONAL_SLASHING_MULTIPLIER)
     * the share that was slashed within the slashing window before and after is taken too. Only for Slashings.
     * @return penalty what was taken, in wei; 0 if it is not slashable, and then nothing has changed
     */
    function slash(uint32 validator, address reporter) external returns (uint96 penalty);

    /**
     * @notice Takes all that is left of the stake, also of a validator that was slashed before; of it the reporter is
     * credited an eighth, and without a reporter (zero) all is burnt. The validator is slashed from then on and leaves.
     * Only for Disputes.
     * @return penalty what was taken, in wei; 0 if nothing was left or it has not sat yet, and then nothing has changed
     */
    function slashWhole(uint32 validator, address reporter) external returns (uint96 penalty);

    /**
     * @notice Takes a 32nd of a stake, of which the reporter is credited an eighth, and without a reporter (zero) all
     * is burnt. The validator is not slashed, but has to leave as soon as less than three quarters of its stake are
     * left. Only for Disputes.
     * @return penalty what was taken, in wei; 0 if nothing was left or it has not sat yet, and then nothing has changed
     */
    function fine(uint32 validator, address reporter) external returns (uint96 penalty);

    /// @notice Takes and burns a 32nd of a stake of each of the validators, and makes them leave; those that leave
    ///         already, or do not sit yet, are spared. Only for RollCall.
    function eject(uint32[] calldata validators) external;

    // ------------------------------------------------------------------ reads

    /// @notice Where the validator stands, and whether it was slashed.
    function statusOf(uint32 validator) external view returns (ValidatorStatus status, bool isSlashed);

    /// @notice Whether there is anything to slash: it sits or has sat, its stake is here, and it was not slashed
    ///         before. False for a validator that there is not.
    function isSlashable(uint32 validator) external view returns (bool);

    /**
     * @notice From when on the stake may be paid out.
     * @return epoch 2^64 - 1 while no exit is scheduled
     * @return blockNumber of the parent chain; 0 while the exit is not in BeaconRegistry's history
     */
    function withdrawableFrom(uint32 validator) external view returns (uint64 epoch, uint256 blockNumber);

    /// @notice What a withdrawal in this block would burn, in wei: three times the share of the occupants of its epoch
    ///         that were slashed within the slashing window before and after; 0 if it was not slashed.
    function correlationPenalty(uint32 validator) external view returns (uint96);

    /// @notice Who may accept to be the withdrawal address, zero if nobody.
    function proposedWithdrawalAddress(uint32 validator) external view returns (address);

    /// @notice Whose money it is, and how much is there.
    function stakeOf(uint32 validator) external view returns (address withdrawalAddress, uint96 amount);

    /// @notice How many keys `depositBatch` takes at most: what fits the gas limit of a transaction (EIP-7825).
    function maxBatch() external view returns (uint256);
}
