// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {Bls} from "../libraries/Bls.sol";
import {Forfeits} from "../libraries/Forfeits.sol";
import {ProofOfPossession} from "../libraries/ProofOfPossession.sol";
import {SigningRoots} from "../libraries/SigningRoots.sol";
import {G1Point} from "../types/G1Point.sol";
import {G2Point} from "../types/G2Point.sol";
import {Parameters} from "../types/Parameters.sol";
import {IBeaconRegistry} from "./IBeaconRegistry.sol";
import {IStaking, ValidatorStatus} from "./IStaking.sol";

/// @title Stakes of the validators
/// @notice See IStaking.
contract Staking is IStaking, Forfeits {
    using Checkpoints for Checkpoints.Trace224;
    using SafeCast for uint256;

    struct Stake {
        address withdrawalAddress;
        // zero once it is paid out, or taken whole
        uint96 amount;
    }

    struct Slash {
        uint32 epoch;
        // the occupants of that epoch, at least 1; zero if the validator was not slashed
        uint32 occupied;
    }

    uint256 private constant KEY_LENGTH = 128;
    uint256 private constant PROOF_LENGTH = 256;
    uint256 private constant MAX_BATCH = 64;

    // As in consensus-specs since Bellatrix.
    uint256 private constant MIN_SLASHING_PENALTY_QUOTIENT = 32;
    uint256 private constant PROPORTIONAL_SLASHING_MULTIPLIER = 3;

    /// @dev What does not answer the roll stood in the way of all others for as long as it took to call it.
    uint256 private constant EJECTION_PENALTY_QUOTIENT = 32;

    /// @dev Signing what nobody showed is no proof of a lie. But a seat needs a stake behind it.
    uint256 private constant FINE_QUOTIENT = 32;
    uint256 private constant EXIT_BALANCE_NUMERATOR = 3;
    uint256 private constant EXIT_BALANCE_DENOMINATOR = 4;

    uint64 private constant FAR_FUTURE_EPOCH = type(uint64).max;

    IBeaconRegistry private immutable REGISTRY;
    uint96 private immutable STAKE;
    uint64 private immutable SLASHING_WINDOW;
    uint64 private immutable WITHDRAWAL_DELAY;
    uint256 private immutable WITHDRAWAL_DELAY_BLOCKS;

    mapping(uint256 validator => Stake stake) private _stakes;
    mapping(uint256 validator => Slash slash) private _slashes;
    mapping(uint256 validator => address proposed) private _proposed;
    // how many had been slashed, by epoch
    Checkpoints.Trace224 private _slashed;

    constructor(IBeaconRegistry registry) {
        REGISTRY = registry;
        Parameters memory p = registry.parameters();
        STAKE = p.stake;
        SLASHING_WINDOW = p.slashingWindowEpochs;
        WITHDRAWAL_DELAY = p.withdrawalDelayEpochs;
        WITHDRAWAL_DELAY_BLOCKS = p.withdrawalDelayBlocks;
    }

    // ---------------------------------------------------------------- deposits

    /// @inheritdoc IStaking
    function deposit(
        bytes calldata publicKey,
        bytes calldata proofOfPossession,
        address withdrawalAddress
    ) external payable returns (uint32 validator) {
        if (publicKey.length != KEY_LENGTH) revert Staking_PublicKeyLength(publicKey.length);
        _requirePayment(1, withdrawalAddress);
        bytes32 digest = SigningRoots.proofOfPossession(
            REGISTRY.domainSeparator(),
            keccak256(publicKey),
            withdrawalAddress
        );
        G2Point memory proof = _decodeProof(proofOfPossession);
        if (!ProofOfPossession.verify(digest, abi.decode(publicKey, (G1Point)), proof)) {
            revert Staking_InvalidProof();
        }
        return _record(publicKey, 1, withdrawalAddress);
    }

    /// @inheritdoc IStaking
    function depositBatch(
        bytes calldata publicKeys,
        bytes calldata proof,
        address withdrawalAddress
    ) external payable returns (uint32 firstValidator) {
        if (publicKeys.length % KEY_LENGTH != 0) revert Staking_PublicKeyLength(publicKeys.length);
        uint256 count = publicKeys.length / KEY_LENGTH;
        if (count == 0 || count > MAX_BATCH) revert Staking_BatchSize(count, MAX_BATCH);
        _requirePayment(count, withdrawalAddress);
        bytes32 digest = SigningRoots.batchProofOfPossession(
            REGISTRY.domainSeparator(),
            keccak256(publicKeys),
            uint32(count),
            withdrawalAddress
        );
        G1Point[] memory keys = new G1Point[](count);
        for (uint256 i = 0; i < count; ++i) {
            keys[i] = abi.decode(publicKeys[i * KEY_LENGTH:(i + 1) * KEY_LENGTH], (G1Point));
        }
        if (!ProofOfPossession.verifyBatch(digest, keys, _decodeProof(proof))) revert Staking_InvalidProof();
        return _record(publicKeys, count, withdrawalAddress);
    }

    /// @inheritdoc IStaking
    function maxBatch() external pure returns (uint256) {
        return MAX_BATCH;
    }

    // ---------------------------------------------------------------- exit and withdrawal

    /// @inheritdoc IStaking
    function exit(uint32 validator) external returns (uint64 exitEpoch) {
        _requireWithdrawalAddress(validator);
        return REGISTRY.exit(validator);
    }

    /// @inheritdoc IStaking
    function exitSigned(uint32 validator, uint64 epoch, bytes calldata signature) external returns (uint64 exitEpoch) {
        uint64 currentEpoch = REGISTRY.currentEpoch();
        if (epoch > currentEpoch) revert Staking_ExitNotYetValid(epoch, currentEpoch);
        if (signature.length != PROOF_LENGTH) revert Staking_SignatureLength(signature.length);
        bool isSigned = Bls.verify(
            REGISTRY.keyOf(validator),
            SigningRoots.voluntaryExit(REGISTRY.domainSeparator(), validator, epoch),
            abi.decode(signature, (G2Point)),
            Bls.SIGNATURE_TAG
        );
        if (!isSigned) revert Staking_InvalidSignature();
        return REGISTRY.exit(validator);
    }

    /// @inheritdoc IStaking
    function withdraw(uint32 validator) external returns (uint96 amount) {
        Stake memory stake = _stakeOf(validator);
        if (stake.amount == 0) revert Staking_AlreadyWithdrawn(validator);
        (uint64 epoch, uint256 blockNumber) = withdrawableFrom(validator);
        uint64 currentEpoch = REGISTRY.currentEpoch();
        if (currentEpoch < epoch) revert Staking_NotWithdrawable(validator, epoch, currentEpoch);
        if (blockNumber == 0) revert Staking_ExitNotRolled(validator);
        if (block.number < blockNumber) revert Staking_TooFewBlocks(validator, block.number, blockNumber);

        uint96 penalty = correlationPenalty(validator);
        amount = stake.amount - penalty;
        _stakes[validator].amount = 0;
        emit Withdrawn(validator, stake.withdrawalAddress, amount, penalty);
        _burn(penalty);
        Address.sendValue(payable(stake.withdrawalAddress), amount);
    }

    /// @inheritdoc IStaking
    function proposeWithdrawalAddress(uint32 validator, address proposed) external {
        _requireWithdrawalAddress(validator);
        _proposed[validator] = proposed;
        emit WithdrawalAddressProposed(validator, proposed);
    }

    /// @inheritdoc IStaking
    function acceptWithdrawalAddress(uint32 validator) external {
        if (msg.sender != _proposed[validator]) revert Staking_NotProposed(validator, msg.sender);
        delete _proposed[validator];
        _stakes[validator].withdrawalAddress = msg.sender;
        emit WithdrawalAddressChanged(validator, msg.sender);
    }

    // ---------------------------------------------------------------- penalties

    /// @inheritdoc IStaking
    function slash(uint32 validator, address reporter) external returns (uint96 penalty) {
        if (msg.sender != REGISTRY.slashings()) revert Staking_NotSlashings(msg.sender);
        if (!isSlashable(validator)) return 0;
        _markSlashed(validator);
        penalty = _take(validator, STAKE / MIN_SLASHING_PENALTY_QUOTIENT);
        emit ValidatorSlashed(validator, reporter, penalty);
        _forfeit(penalty, reporter);
    }

    /// @inheritdoc IStaking
    function slashWhole(uint32 validator, address reporter) external returns (uint96 penalty) {
        _requireDisputes();
        if (!_isPunishable(validator)) return 0;
        if (!_isSlashed(validator)) _markSlashed(validator);
        penalty = _take(validator, STAKE);
        emit ValidatorSlashed(validator, reporter, penalty);
        _forfeit(penalty, reporter);
    }

    /// @inheritdoc IStaking
    function fine(uint32 validator, address reporter) external returns (uint96 penalty) {
        _requireDisputes();
        if (!_isPunishable(validator)) return 0;
        penalty = _take(validator, STAKE / FINE_QUOTIENT);
        uint256 left = _stakes[validator].amount;
        if (left * EXIT_BALANCE_DENOMINATOR < uint256(STAKE) * EXIT_BALANCE_NUMERATOR) REGISTRY.exitSlashed(validator);
        emit ValidatorFined(validator, reporter, penalty);
        _forfeit(penalty, reporter);
    }

    /// @inheritdoc IStaking
    function eject(uint32[] calldata validators) external {
        if (msg.sender != REGISTRY.rollCall()) revert Staking_NotRollCall(msg.sender);
        uint32[] memory ejected = REGISTRY.exitEjected(validators);
        uint256 total;
        for (uint256 i = 0; i < ejected.length; ++i) {
            uint96 penalty = _take(ejected[i], STAKE / EJECTION_PENALTY_QUOTIENT);
            total += penalty;
            emit ValidatorEjected(ejected[i], penalty);
        }
        _burn(total);
    }

    // ---------------------------------------------------------------- reads

    /// @inheritdoc IStaking
    function stakeOf(uint32 validator) external view returns (address withdrawalAddress, uint96 amount) {
        Stake memory stake = _stakeOf(validator);
        return (stake.withdrawalAddress, stake.amount);
    }

    /// @inheritdoc IStaking
    function proposedWithdrawalAddress(uint32 validator) external view returns (address) {
        return _proposed[validator];
    }

    /// @inheritdoc IStaking
    function statusOf(uint32 validator) external view returns (ValidatorStatus status, bool isSlashed) {
        Stake memory stake = _stakeOf(validator);
        isSlashed = _isSlashed(validator);
        if (!_hasSat(validator)) return (ValidatorStatus.Pending, isSlashed);
        (, , uint64 exitEpoch) = REGISTRY.tenure(validator);
        if (exitEpoch == FAR_FUTURE_EPOCH) return (ValidatorStatus.Active, isSlashed);
        uint64 currentEpoch = REGISTRY.currentEpoch();
        if (currentEpoch < exitEpoch) return (ValidatorStatus.Exiting, isSlashed);
        // Who has lost all of it leaves all the same.
        if (stake.amount == 0) return (ValidatorStatus.Withdrawn, isSlashed);
        (uint64 epoch, uint256 blockNumber) = withdrawableFrom(validator);
        bool isOver = currentEpoch >= epoch && blockNumber != 0 && block.number >= blockNumber;
        return (isOver ? ValidatorStatus.Withdrawable : ValidatorStatus.Exited, isSlashed);
    }

    /// @inheritdoc IStaking
    function isSlashable(uint32 validator) public view returns (bool) {
        return !_isSlashed(validator) && _isPunishable(validator);
    }

    /// @inheritdoc IStaking
    function withdrawableFrom(uint32 validator) public view returns (uint64 epoch, uint256 blockNumber) {
        (, , uint64 exitEpoch) = REGISTRY.tenure(validator);
        if (exitEpoch == FAR_FUTURE_EPOCH) return (FAR_FUTURE_EPOCH, 0);
        epoch = exitEpoch + WITHDRAWAL_DELAY;
        // By then it is known who else is slashed.
        if (_isSlashed(validator)) epoch = uint64(Math.max(epoch, _slashes[validator].epoch + SLASHING_WINDOW + 1));
        uint64 exitBlock = REGISTRY.exitBlock(validator);
        if (exitBlock != 0) blockNumber = exitBlock + WITHDRAWAL_DELAY_BLOCKS;
    }

    /// @inheritdoc IStaking
    function correlationPenalty(uint32 validator) public view returns (uint96) {
        if (!_isSlashed(validator)) return 0;
        Slash memory s = _slashes[validator];
        uint256 last = _slashed.upperLookup(uint256(s.epoch + SLASHING_WINDOW).toUint32());
        uint256 before = s.epoch > SLASHING_WINDOW ? _slashed.upperLookup(uint32(s.epoch - SLASHING_WINDOW - 1)) : 0;
        uint256 share = Math.min(PROPORTIONAL_SLASHING_MULTIPLIER * (last - before), s.occupied);
        return uint96(Math.min((STAKE * share) / s.occupied, _stakes[validator].amount));
    }

    // ---------------------------------------------------------------- private

    function _decodeProof(bytes calldata proof) private pure returns (G2Point memory) {
        if (proof.length != PROOF_LENGTH) revert Staking_ProofLength(proof.length);
        return abi.decode(proof, (G2Point));
    }

    function _requirePayment(uint256 count, address withdrawalAddress) private view {
        if (msg.value != count * STAKE) revert Staking_WrongAmount(msg.value, count * STAKE);
        if (withdrawalAddress == address(0)) revert Staking_ZeroWithdrawalAddress();
    }

    function _stakeOf(uint32 validator) private view returns (Stake memory stake) {
        stake = _stakes[validator];
        if (stake.withdrawalAddress == address(0)) revert Staking_UnknownValidator(validator);
    }

    function _requireWithdrawalAddress(uint32 validator) private view {
        if (msg.sender != _stakeOf(validator).withdrawalAddress) {
            revert Staking_NotWithdrawalAddress(validator, msg.sender);
        }
    }

    function _isSlashed(uint32 validator) private view returns (bool) {
        return _slashes[validator].occupied != 0;
    }

    /// @dev Whether it has, or had, a seat in an epoch that has begun. Epoch 0 begins with genesis.
    function _hasSat(uint32 validator) private view returns (bool) {
        uint64 genesisTime = REGISTRY.genesisTime();
        if (genesisTime == 0 || block.timestamp < genesisTime) return false;
        (, uint64 activationEpoch, ) = REGISTRY.tenure(validator);
        return activationEpoch <= REGISTRY.currentEpoch();
    }

    /// @dev Whether it has anything to lose, and has had a duty.
    function _isPunishable(uint32 validator) private view returns (bool) {
        return _stakes[validator].amount != 0 && _hasSat(validator);
    }

    function _requireDisputes() private view {
        if (msg.sender != REGISTRY.disputes()) revert Staking_NotDisputes(msg.sender);
    }

    /// @dev Once: the others' correlation penalties count it. It leaves.
    function _markSlashed(uint32 validator) private {
        uint64 epoch = REGISTRY.currentEpoch();
        uint32 occupied = uint32(Math.max(REGISTRY.occupiedCount(epoch), 1));
        _slashes[validator] = Slash({epoch: uint256(epoch).toUint32(), occupied: occupied});
        _slashed.push(uint256(epoch).toUint32(), _slashed.latest() + 1);
        REGISTRY.exitSlashed(validator);
    }

    /// @dev Takes the penalty from what the validator has left, as far as that goes.
    function _take(uint32 validator, uint256 most) private returns (uint96 penalty) {
        uint96 amount = _stakes[validator].amount;
        penalty = uint96(Math.min(most, amount));
        _stakes[validator].amount = amount - penalty;
    }

    function _record(
        bytes calldata publicKeys,
        uint256 count,
        address withdrawalAddress
    ) private returns (uint32 firstValidator) {
        firstValidator = REGISTRY.enroll(publicKeys);
        for (uint256 i = 0; i < count; ++i) {
            _stakes[firstValidator + i] = Stake({withdrawalAddress: withdrawalAddress, amount: STAKE});
        }
        emit Deposited(firstValidator, uint32(count), withdrawalAddress, msg.sender);
    }
}
