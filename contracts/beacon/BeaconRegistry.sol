// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {AbsentSeats} from "../libraries/AbsentSeats.sol";
import {Bls} from "../libraries/Bls.sol";
import {ChangeQueues} from "../libraries/ChangeQueues.sol";
import {Eip2537Probe} from "../libraries/Eip2537Probe.sol";
import {KeyBlobs, KeyStores} from "../libraries/KeyBlobs.sol";
import {MixHistory} from "../libraries/MixHistory.sol";
import {Seats, ValidatorSet} from "../libraries/ValidatorSet.sol";
import {G1Point} from "../types/G1Point.sol";
import {Parameters} from "../types/Parameters.sol";
import {Ballot, BeaconContracts, ExitReason, IBeaconRegistry} from "./IBeaconRegistry.sol";
import {KeyStore} from "./KeyStore.sol";

/// @title Validators, seats, epochs and randomness
/// @notice See IBeaconRegistry. The validators are kept by `ValidatorSet`; here are time, randomness and permissions.
contract BeaconRegistry is IBeaconRegistry, EIP712 {
    using MixHistory for mapping(uint256 index => uint256 word);
    using SafeCast for uint256;
    using ValidatorSet for ValidatorSet.State;

    uint256 private constant KEY_LENGTH = 128;

    /// @dev As in consensus-specs: what an epoch is that has not been determined.
    uint64 private constant FAR_FUTURE_EPOCH = type(uint64).max;

    /// @dev Changes that every new one, and every submission, rolls on the way, so that a living system needs nobody to
    ///      do it.
    uint256 private constant ROLLED_PER_CHANGE = 4;
    uint256 private constant ROLLED_PER_SUBMISSION = 4;

    /// @dev Of the slashed, a 32nd of all occupants may leave per epoch: a third are gone after eleven epochs.
    uint256 private constant SLASHED_EXIT_QUOTIENT = 32;

    KeyStore private immutable KEYS;
    KeyStore private immutable RENEWED_KEYS;
    address private immutable LAUNCHER;
    uint64 private immutable LAUNCH_DEADLINE;
    // the code of this account is the ABI encoding of Parameters; below is what is read here
    address private immutable PARAMETERS;
    uint256 private immutable LAUNCH_PERIOD;
    uint256 private immutable SECONDS_PER_SLOT;
    uint256 private immutable SLOTS_PER_EPOCH;
    uint256 private immutable INPUT_DELAY;
    uint256 private immutable SUBMIT_EPOCHS;
    uint256 private immutable CHURN_PER_EPOCH_MIN;
    uint256 private immutable CHURN_QUOTIENT;
    uint256 private immutable SHARD_COUNT;
    uint256 private immutable COMMITTEE_SIZE;

    address private _staking;
    address private _slashings;
    address private _rollCall;
    address private _disputes;
    address private _anchors;
    uint64 private _genesisTime;
    // length of `_mixes`, here because every submission reads this slot
    uint32 private _mixCount;
    ValidatorSet.State private _set;
    // by the parent's epoch in which a checkpoint was accepted; that of epoch 0 is of the deposits before genesis
    mapping(uint256 index => uint256 word) private _mixes;

    /// @dev Reverts on unsound parameters, and on a chain whose BLS12-381 precompiles are missing or wrong.
    constructor(Parameters memory p) EIP712("Watchfire", "1") {
        Eip2537Probe.run();
        p.validate();
        PARAMETERS = new KeyStore().write(abi.encode(p));
        LAUNCH_PERIOD = p.launchPeriod;
        KEYS = new KeyStore();
        RENEWED_KEYS = new KeyStore();
        LAUNCHER = msg.sender;
        LAUNCH_DEADLINE = (block.timestamp + p.launchPeriod).toUint64();
        SECONDS_PER_SLOT = p.secondsPerSlot;
        SLOTS_PER_EPOCH = p.slotsPerEpoch;
        INPUT_DELAY = p.inputDelay;
        SUBMIT_EPOCHS = p.submitEpochs;
        CHURN_PER_EPOCH_MIN = p.churnPerEpochMin;
        CHURN_QUOTIENT = p.churnQuotient;
        SHARD_COUNT = p.shardCount;
        COMMITTEE_SIZE = p.committeeSize;
        bytes32 genesisMix = keccak256(abi.encode(keccak256("Watchfire genesis mix"), block.chainid, address(this)));
        _mixCount = uint32(_mixes.push(0, 0, uint224(uint256(genesisMix))));
    }

    // ---------------------------------------------------------------- launch

    /// @inheritdoc IBeaconRegistry
    function initialize(BeaconContracts calldata contracts) external {
        if (msg.sender != LAUNCHER) revert BeaconRegistry_NotLauncher(msg.sender);
        if (_staking != address(0)) revert BeaconRegistry_AlreadyInitialized();
        _staking = _requireContract(contracts.staking);
        _anchors = _requireContract(contracts.anchors);
        _slashings = _requireContract(contracts.slashings);
        _rollCall = _requireContract(contracts.rollCall);
        _disputes = _requireContract(contracts.disputes);
        emit Initialized(contracts);
    }

    /// @inheritdoc IBeaconRegistry
    function scheduleGenesis(uint64 genesisTime_) external {
        if (msg.sender != LAUNCHER && block.timestamp < LAUNCH_DEADLINE) revert BeaconRegistry_NotLauncher(msg.sender);
        if (_staking == address(0)) revert BeaconRegistry_NotInitialized();
        if (_genesisTime != 0) revert BeaconRegistry_GenesisAlreadyScheduled(_genesisTime);
        // Who is to be ready for a genesis that the launcher did not set needs notice. Half the period leaves a range
        // even if it is one second.
        uint64 earliest = (block.timestamp + (msg.sender == LAUNCHER ? 0 : LAUNCH_PERIOD / 2)).toUint64();
        uint64 latest = (block.timestamp + LAUNCH_PERIOD).toUint64();
        if (genesisTime_ <= earliest || genesisTime_ > latest) {
            revert BeaconRegistry_GenesisTimeOutOfRange(genesisTime_, earliest, latest);
        }
        _genesisTime = genesisTime_;
        emit GenesisScheduled(genesisTime_);
    }

    // ---------------------------------------------------------------- changes

    /// @inheritdoc IBeaconRegistry
    function enroll(bytes calldata publicKeys) external returns (uint32 firstValidator) {
        _requireStaking();
        uint256 count = publicKeys.length / KEY_LENGTH;
        if (count == 0 || publicKeys.length % KEY_LENGTH != 0) {
            revert BeaconRegistry_PublicKeysLength(publicKeys.length);
        }
        firstValidator = (_set.tenures.length + 1).toUint32();
        bool started = _hasStarted();
        uint256 earliest = _prepareChange();
        uint256 limit = _churnLimit(CHURN_QUOTIENT);

        // Keys that join in the same epoch are added up in memory and written once.
        G1Point memory sum;
        uint32 epoch;
        for (uint256 i = 0; i < count; ++i) {
            bytes calldata publicKey = publicKeys[i * KEY_LENGTH:(i + 1) * KEY_LENGTH];
            G1Point memory key = abi.decode(publicKey, (G1Point));
            uint32 validator;
            uint32 seat;
            uint32 next;
            if (started) (validator, seat, next) = _set.join(key, earliest, limit);
            else (validator, seat) = _set.joinAtGenesis(key);
            if (next != epoch && i != 0) {
                _set.addKeys(epoch, sum);
                sum = G1Point(0, 0, 0, 0);
            }
            epoch = next;
            sum = Bls.add(sum, key);
            emit ValidatorEnrolled(validator, seat, epoch, publicKey);
        }
        _set.addKeys(epoch, sum);
        if (!started) {
            _set.countAtGenesis();
            // Whoever deposits must not know which committees its place in the line leads to, so every deposit changes
            // them, by something that was not known when it was signed.
            _advanceMix(keccak256(abi.encode(keccak256(publicKeys), block.prevrandao)));
        }
    }

    /// @inheritdoc IBeaconRegistry
    function exit(uint32 validator) external returns (uint64 exitEpoch) {
        _requireStaking();
        uint32 scheduled = _requireActive(validator).exitEpoch;
        if (scheduled != ValidatorSet.NEVER) revert BeaconRegistry_AlreadyExiting(validator, scheduled);
        uint256 earliest = _prepareChange();
        return _leave(validator, ExitReason.Voluntary, earliest, _churnLimit(CHURN_QUOTIENT));
    }

    /// @inheritdoc IBeaconRegistry
    function exitSlashed(uint32 validator) external returns (uint64 exitEpoch) {
        _requireStaking();
        uint32 scheduled = _requireActive(validator).exitEpoch;
        if (scheduled != ValidatorSet.NEVER) return scheduled;
        uint256 earliest = _prepareChange();
        return _leave(validator, ExitReason.Slashed, earliest, _churnLimit(SLASHED_EXIT_QUOTIENT));
    }

    /// @inheritdoc IBeaconRegistry
    function exitEjected(uint32[] calldata validators) external returns (uint32[] memory ejected) {
        _requireStaking();
        uint256 earliest = _prepareChange();
        ejected = new uint32[](validators.length);
        uint256 count;
        for (uint256 i = 0; i < validators.length; ++i) {
            uint32 validator = validators[i];
            if (!_isActive(validator) || _tenure(validator).exitEpoch != ValidatorSet.NEVER) continue;
            // However many they are: who does not answer is not to be waited for.
            _leave(validator, ExitReason.Ejected, earliest, type(uint256).max);
            ejected[count++] = validator;
        }
        assembly ("memory-safe") {
            mstore(ejected, count)
        }
    }

    /// @inheritdoc IBeaconRegistry
    function rollEpochs(uint256 maxChanges) public returns (uint256 rolled) {
        // Not before its epoch has begun: the block of an exit is one from which on it can be objected to.
        uint256 last = currentEpoch();
        for (; rolled < maxChanges; ++rolled) {
            (bool any, Seats memory seats) = _set.roll(last);
            if (!any) break;
            emit SeatsRolled(seats.since, seats.count, seats.occupied);
        }
    }

    /// @inheritdoc IBeaconRegistry
    function packKeys() external returns (uint32 group) {
        (uint256 index, bytes memory keys) = _set.pack();
        group = uint32(index);
        emit KeysPacked(group, KEYS.write(keys));
    }

    /// @inheritdoc IBeaconRegistry
    function renewKeys(uint32 group) external {
        uint64 epoch = currentEpoch();
        bytes memory keys = _set.renew(group, epoch, SUBMIT_EPOCHS);
        emit KeysRenewed(group, epoch, RENEWED_KEYS.write(keys));
    }

    /// @inheritdoc IBeaconRegistry
    function openBallot(
        uint64 epoch,
        bytes calldata absent,
        bytes32 revealHash
    ) external returns (uint64 current, Ballot memory opened) {
        if (msg.sender != _anchors) revert BeaconRegistry_NotAnchors(msg.sender);
        current = currentEpoch();
        if (epoch >= current) revert BeaconRegistry_EpochNotOver(epoch, current);
        rollEpochs(ROLLED_PER_SUBMISSION);
        opened = ballot(epoch, absent);
        _advanceMix(revealHash);
    }

    // ---------------------------------------------------------------- time

    /// @inheritdoc IBeaconRegistry
    function parameters() external view returns (Parameters memory) {
        address encoded = PARAMETERS;
        assembly {
            let length := extcodesize(encoded)
            extcodecopy(encoded, 0, 0, length)
            return(0, length)
        }
    }

    /// @inheritdoc IBeaconRegistry
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IBeaconRegistry
    function launcher() external view returns (address) {
        return LAUNCHER;
    }

    /// @inheritdoc IBeaconRegistry
    function launchDeadline() external view returns (uint64) {
        return LAUNCH_DEADLINE;
    }

    /// @inheritdoc IBeaconRegistry
    function genesisTime() external view returns (uint64) {
        return _genesisTime;
    }

    /// @inheritdoc IBeaconRegistry
    function currentEpoch() public view returns (uint64) {
        return uint64(currentSlot() / SLOTS_PER_EPOCH);
    }

    /// @inheritdoc IBeaconRegistry
    function currentSlot() public view returns (uint64) {
        uint256 genesisTime_ = _genesisTime;
        if (genesisTime_ == 0 || block.timestamp < genesisTime_) return 0;
        return uint64((block.timestamp - genesisTime_) / SECONDS_PER_SLOT);
    }

    /// @inheritdoc IBeaconRegistry
    function staking() external view returns (address) {
        return _staking;
    }

    /// @inheritdoc IBeaconRegistry
    function anchors() external view returns (address) {
        return _anchors;
    }

    /// @inheritdoc IBeaconRegistry
    function slashings() external view returns (address) {
        return _slashings;
    }

    /// @inheritdoc IBeaconRegistry
    function rollCall() external view returns (address) {
        return _rollCall;
    }

    /// @inheritdoc IBeaconRegistry
    function disputes() external view returns (address) {
        return _disputes;
    }

    // ---------------------------------------------------------------- validators

    /// @inheritdoc IBeaconRegistry
    function validatorCount() external view returns (uint32) {
        return uint32(_set.tenures.length);
    }

    /// @inheritdoc IBeaconRegistry
    function keyOf(uint32 validator) external view returns (G1Point memory) {
        _requireValidator(validator);
        return _set.keys[validator].unpack();
    }

    /// @inheritdoc IBeaconRegistry
    function validatorOf(bytes calldata publicKey) external view returns (uint32) {
        if (publicKey.length != KEY_LENGTH) revert BeaconRegistry_PublicKeysLength(publicKey.length);
        return _set.validators[abi.decode(publicKey, (G1Point)).hashOfX()];
    }

    /// @inheritdoc IBeaconRegistry
    function tenure(uint32 validator) external view returns (uint32 seat, uint64 activationEpoch, uint64 exitEpoch) {
        _requireValidator(validator);
        ValidatorSet.Tenure memory t = _tenure(validator);
        return (t.seat, t.activationEpoch, t.exitEpoch == ValidatorSet.NEVER ? FAR_FUTURE_EPOCH : t.exitEpoch);
    }

    /// @inheritdoc IBeaconRegistry
    function nextActivationEpoch() external view returns (uint64) {
        return _hasStarted() ? _nextPlace(ChangeQueues.ACTIVATIONS) : 0;
    }

    /// @inheritdoc IBeaconRegistry
    function nextExitEpoch() external view returns (uint64) {
        _requireStarted();
        return _nextPlace(ChangeQueues.EXITS);
    }

    /// @inheritdoc IBeaconRegistry
    function exitBlock(uint32 validator) external view returns (uint64) {
        _requireValidator(validator);
        return _set.exitBlock(validator);
    }

    /// @inheritdoc IBeaconRegistry
    function packedGroups() external view returns (uint32) {
        return _set.progress.packedGroups;
    }

    // ---------------------------------------------------------------- seats, by epoch

    /// @inheritdoc IBeaconRegistry
    function occupant(uint32 seat, uint64 epoch) external view returns (uint32 validator) {
        return _set.occupantAt(seat, _seatsAt(epoch), epoch);
    }

    /// @inheritdoc IBeaconRegistry
    function groupOccupants(uint32 group, uint64 epoch) external view returns (uint32[] memory validators) {
        uint256 first = uint256(group) * KeyBlobs.GROUP;
        Seats memory seats = _seatsAt(epoch);
        if (first >= seats.count) return validators;
        validators = new uint32[](Math.min(KeyBlobs.GROUP, seats.count - first));
        for (uint256 i = 0; i < validators.length; ++i) validators[i] = _set.occupantAt(first + i, seats, epoch);
    }

    /// @inheritdoc IBeaconRegistry
    function seatCount(uint64 epoch) external view returns (uint32) {
        return _seatsAt(epoch).count;
    }

    /// @inheritdoc IBeaconRegistry
    function occupiedCount(uint64 epoch) external view returns (uint32) {
        return _seatsAt(epoch).occupied;
    }

    /// @inheritdoc IBeaconRegistry
    function aggregateKey(uint64 epoch) external view returns (G1Point memory) {
        _requireClosed(epoch);
        return _set.aggregateAt(epoch);
    }

    /// @inheritdoc IBeaconRegistry
    function sumOfKeys(uint64 epoch, bytes calldata seats) external view returns (uint32 count, G1Point memory sum) {
        return AbsentSeats.sum(seats, _set, _seatsAt(epoch), epoch, _stores());
    }

    /// @inheritdoc IBeaconRegistry
    function committeeCount(uint64 epoch) external view returns (uint32) {
        return _committeeCount(_seatsAt(epoch).count);
    }

    /// @inheritdoc IBeaconRegistry
    function ballot(uint64 epoch, bytes calldata absent) public view returns (Ballot memory b) {
        Seats memory seats = _seatsAt(epoch);
        b.domainSeparator = _domainSeparatorV4();
        b.seatCount = seats.count;
        b.occupiedCount = seats.occupied;
        b.committeeCount = _committeeCount(seats.count);
        b.presentKey = _set.aggregateAt(epoch);
        if (absent.length != 0) {
            (b.absentCount, b.presentKey) = AbsentSeats.subtract(absent, _set, seats, epoch, _stores(), b.presentKey);
        }
        if (seats.count != 0) {
            b.proposerKey = _set.keyAt(_proposerSeat(epoch, seats.count), seats, epoch, _stores());
        }
    }

    // ---------------------------------------------------------------- randomness

    /// @inheritdoc IBeaconRegistry
    function mixAsOf(uint64 epoch) external view returns (uint224) {
        _requireStarted();
        return _mixes.asOf(_mixCount, epoch);
    }

    /// @inheritdoc IBeaconRegistry
    function seed(uint64 epoch) external view returns (bytes32) {
        return _seed(epoch);
    }

    /// @inheritdoc IBeaconRegistry
    function proposer(uint64 epoch) external view returns (uint32 validator, uint32 seat) {
        Seats memory seats = _seatsAt(epoch);
        if (seats.count == 0) return (0, 0);
        seat = _proposerSeat(epoch, seats.count);
        validator = _set.occupantAt(seat, seats, epoch);
    }

    // ---------------------------------------------------------------- private

    /// @dev Before a change is scheduled. Returns the first epoch for it: the set of every epoch up to `inputDelay`
    ///      ahead is fixed.
    function _prepareChange() private returns (uint256 earliest) {
        rollEpochs(ROLLED_PER_CHANGE);
        return _earliestChange();
    }

    function _leave(
        uint32 validator,
        ExitReason reason,
        uint256 earliest,
        uint256 limit
    ) private returns (uint64 exitEpoch) {
        uint256 queue = reason == ExitReason.Voluntary ? ChangeQueues.EXITS : ChangeQueues.FORCED_EXITS;
        uint32 seat;
        (seat, exitEpoch) = _set.depart(validator, queue, earliest, limit);
        _set.addKeys(exitEpoch, _set.keys[validator].unpack().negate());
        emit ValidatorExitScheduled(validator, seat, exitEpoch, reason);
    }

    function _stores() private view returns (KeyStores memory) {
        return KeyStores({first: address(KEYS), renewed: address(RENEWED_KEYS)});
    }

    function _advanceMix(bytes32 contribution) private {
        uint64 epoch = currentEpoch();
        uint256 count = _mixCount;
        uint224 mix = uint224(uint256(keccak256(abi.encode(uint224(_mixes[count - 1]), contribution))));
        _mixCount = _mixes.push(count, uint256(epoch).toUint32(), mix).toUint32();
        emit MixAdvanced(epoch, mix);
    }

    function _nextPlace(uint256 queue) private view returns (uint64) {
        return _set.nextPlace(queue, _earliestChange(), _churnLimit(CHURN_QUOTIENT)).toUint64();
    }

    function _earliestChange() private view returns (uint256) {
        return currentEpoch() + 1 + INPUT_DELAY;
    }

    /// @dev How many may join, or leave, per epoch. It follows the set of today, whoever has rolled it or not.
    function _churnLimit(uint256 quotient) private view returns (uint256) {
        return Math.max(CHURN_PER_EPOCH_MIN, _set.seatsAt(currentEpoch()).occupied / quotient);
    }

    function _hasStarted() private view returns (bool) {
        uint256 genesisTime_ = _genesisTime;
        return genesisTime_ != 0 && block.timestamp >= genesisTime_;
    }

    function _seatsAt(uint64 epoch) private view returns (Seats memory) {
        _requireClosed(epoch);
        return _set.seatsAt(epoch);
    }

    function _committeeCount(uint32 seats) private view returns (uint32) {
        return uint32(Math.min(SHARD_COUNT, seats / COMMITTEE_SIZE));
    }

    function _seed(uint64 epoch) private view returns (bytes32) {
        _requireStarted();
        // The mix as of an epoch is known once that epoch is over.
        uint64 last = uint64(currentEpoch() + INPUT_DELAY - 1);
        if (epoch > last) revert BeaconRegistry_SeedUnknown(epoch, last);
        // Before epoch 0 it is the mix of genesis, which is that of epoch 0 too: nothing is accepted in epoch 0.
        uint256 asOf = epoch < INPUT_DELAY ? 0 : epoch - INPUT_DELAY;
        return keccak256(abi.encode(keccak256("Watchfire seed"), _mixes.asOf(_mixCount, asOf), epoch));
    }

    function _proposerSeat(uint64 epoch, uint256 seats) private view returns (uint32) {
        return uint32(uint256(_seed(epoch)) % seats);
    }

    function _requireContract(address account) private view returns (address) {
        if (account.code.length == 0) revert BeaconRegistry_NotContract(account);
        return account;
    }

    function _requireStaking() private view {
        if (msg.sender != _staking) revert BeaconRegistry_NotStaking(msg.sender);
    }

    function _tenure(uint32 validator) private view returns (ValidatorSet.Tenure memory) {
        return _set.tenures[validator - 1];
    }

    function _isActive(uint32 validator) private view returns (bool) {
        return _hasStarted() && _tenure(validator).activationEpoch <= currentEpoch();
    }

    /// @dev One that sits, or has sat, somewhere.
    function _requireActive(uint32 validator) private view returns (ValidatorSet.Tenure memory) {
        _requireValidator(validator);
        if (!_isActive(validator)) revert BeaconRegistry_NotActive(validator);
        return _tenure(validator);
    }

    /// @dev Deposits still change the seats of epoch 0 and the mix.
    function _requireStarted() private view {
        if (!_hasStarted()) revert BeaconRegistry_BeforeGenesis();
    }

    function _requireClosed(uint64 epoch) private view {
        _requireStarted();
        uint64 last = uint64(currentEpoch() + INPUT_DELAY);
        if (epoch > last) revert BeaconRegistry_EpochOpen(epoch, last);
    }

    function _requireValidator(uint32 validator) private view {
        if (validator == 0 || validator > _set.tenures.length) revert BeaconRegistry_UnknownValidator(validator);
    }
}
