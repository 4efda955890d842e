// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {AbsentSeats} from "../libraries/AbsentSeats.sol";
import {Bls} from "../libraries/Bls.sol";
import {Eip2537Probe} from "../libraries/Eip2537Probe.sol";
import {KeyBlobs} from "../libraries/KeyBlobs.sol";
import {MixHistory} from "../libraries/MixHistory.sol";
import {Seats, ValidatorSet} from "../libraries/ValidatorSet.sol";
import {G1Point} from "../types/G1Point.sol";
import {Parameters} from "../types/Parameters.sol";
import {Ballot, BeaconContracts, IBeaconRegistry} from "./IBeaconRegistry.sol";
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

    /// @dev Changes that an enrolment or a submission rolls on the way, so that a living system needs nobody to do it.
    uint256 private constant ROLLED_PER_ENROLMENT = 4;
    uint256 private constant ROLLED_PER_SUBMISSION = 4;

    KeyStore private immutable KEYS;
    address private immutable LAUNCHER;
    uint64 private immutable LAUNCH_DEADLINE;
    // What is read often, out of `_parameters`.
    uint256 private immutable SECONDS_PER_SLOT;
    uint256 private immutable SLOTS_PER_EPOCH;
    uint256 private immutable INPUT_DELAY;
    uint256 private immutable SHARD_COUNT;
    uint256 private immutable COMMITTEE_SIZE;

    Parameters private _parameters;
    address private _staking;
    address private _slashings;
    address private _rollCall;
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
        _parameters = p;
        KEYS = new KeyStore();
        LAUNCHER = msg.sender;
        LAUNCH_DEADLINE = (block.timestamp + p.launchPeriod).toUint64();
        SECONDS_PER_SLOT = p.secondsPerSlot;
        SLOTS_PER_EPOCH = p.slotsPerEpoch;
        INPUT_DELAY = p.inputDelay;
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
        _slashings = contracts.slashings;
        _rollCall = contracts.rollCall;
        emit Initialized(contracts);
    }

    /// @inheritdoc IBeaconRegistry
    function scheduleGenesis(uint64 genesisTime_) external {
        if (msg.sender != LAUNCHER && block.timestamp < LAUNCH_DEADLINE) revert BeaconRegistry_NotLauncher(msg.sender);
        if (_staking == address(0)) revert BeaconRegistry_NotInitialized();
        if (_genesisTime != 0) revert BeaconRegistry_GenesisAlreadyScheduled(_genesisTime);
        uint256 launchPeriod = _parameters.launchPeriod;
        // Who is to be ready for a genesis that the launcher did not set needs notice. Half the period leaves a range
        // even if it is one second.
        uint64 earliest = (block.timestamp + (msg.sender == LAUNCHER ? 0 : launchPeriod / 2)).toUint64();
        uint64 latest = (block.timestamp + launchPeriod).toUint64();
        if (genesisTime_ <= earliest || genesisTime_ > latest) {
            revert BeaconRegistry_GenesisTimeOutOfRange(genesisTime_, earliest, latest);
        }
        _genesisTime = genesisTime_;
        emit GenesisScheduled(genesisTime_);
    }

    // ---------------------------------------------------------------- changes

    /// @inheritdoc IBeaconRegistry
    function enroll(bytes calldata publicKeys) external returns (uint32 firstValidator) {
        if (msg.sender != _staking) revert BeaconRegistry_NotStaking(msg.sender);
        uint256 count = publicKeys.length / KEY_LENGTH;
        if (count == 0 || publicKeys.length % KEY_LENGTH != 0) {
            revert BeaconRegistry_PublicKeysLength(publicKeys.length);
        }
        firstValidator = (_set.tenures.length + 1).toUint32();
        rollEpochs(ROLLED_PER_ENROLMENT);

        // Keys that join in the same epoch are added up in memory and written once.
        bool started = _hasStarted();
        G1Point memory sum;
        uint32 joining;
        uint32 epoch;
        for (uint256 i = 0; i < count; ++i) {
            uint32 next = started ? _takePlace() : 0;
            if (next != epoch && joining != 0) {
                _set.schedule(epoch, joining, sum);
                (sum, joining) = (G1Point(0, 0, 0, 0), 0);
            }
            epoch = next;
            sum = Bls.add(sum, _enrollOne(publicKeys[i * KEY_LENGTH:(i + 1) * KEY_LENGTH], epoch));
            ++joining;
        }
        if (started) _set.schedule(epoch, joining, sum);
        else _seatAtGenesis(publicKeys, joining, sum);
    }

    /// @inheritdoc IBeaconRegistry
    function rollEpochs(uint256 maxChanges) public returns (uint256 rolled) {
        // Nothing can be scheduled any more for the epochs up to this one.
        uint256 last = currentEpoch() + INPUT_DELAY;
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
        return _parameters;
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
        ValidatorSet.Tenure memory t = _set.tenures[validator - 1];
        return (t.seat, t.activationEpoch, FAR_FUTURE_EPOCH);
    }

    /// @inheritdoc IBeaconRegistry
    function nextActivationEpoch() external view returns (uint64) {
        if (!_hasStarted()) return 0;
        return
            _set.nextPlace(_earliestActivation(), _parameters.churnPerEpochMin, _parameters.churnQuotient).toUint64();
    }

    /// @inheritdoc IBeaconRegistry
    function packedGroups() external view returns (uint32) {
        return _set.progress.packedGroups;
    }

    // ---------------------------------------------------------------- seats, by epoch

    /// @inheritdoc IBeaconRegistry
    function occupant(uint32 seat, uint64 epoch) external view returns (uint32 validator) {
        _requireClosed(epoch);
        return _set.occupantAt(seat, epoch);
    }

    /// @inheritdoc IBeaconRegistry
    function groupOccupants(uint32 group, uint64 epoch) external view returns (uint32[] memory validators) {
        uint256 first = uint256(group) * KeyBlobs.GROUP;
        uint256 count = _seatsAt(epoch).count;
        if (first >= count) return validators;
        validators = new uint32[](Math.min(KeyBlobs.GROUP, count - first));
        for (uint256 i = 0; i < validators.length; ++i) validators[i] = _set.occupantAt(first + i, epoch);
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
        return AbsentSeats.sum(seats, _set, _seatsAt(epoch), epoch, address(KEYS));
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
            (b.absentCount, b.presentKey) = AbsentSeats.subtract(
                absent,
                _set,
                seats,
                epoch,
                address(KEYS),
                b.presentKey
            );
        }
        if (seats.count != 0) {
            b.proposerKey = _set.keyAt(_proposerSeat(epoch, seats.count), seats, epoch, address(KEYS));
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
        return _proposer(epoch, _seatsAt(epoch).count);
    }

    // ---------------------------------------------------------------- private

    function _enrollOne(bytes calldata publicKey, uint32 epoch) private returns (G1Point memory key) {
        key = abi.decode(publicKey, (G1Point));
        (uint32 validator, uint32 seat) = _set.append(key, epoch);
        emit ValidatorEnrolled(validator, seat, epoch, publicKey);
    }

    /// @dev Whoever deposits must not know which committees its place in the line leads to, so every deposit changes
    ///      them, by something that was not known when it was signed.
    function _seatAtGenesis(bytes calldata publicKeys, uint32 count, G1Point memory sum) private {
        _set.seatAtGenesis(count, sum);
        _advanceMix(keccak256(abi.encode(keccak256(publicKeys), block.prevrandao)));
    }

    function _advanceMix(bytes32 contribution) private {
        uint64 epoch = currentEpoch();
        uint256 count = _mixCount;
        uint224 mix = uint224(uint256(keccak256(abi.encode(uint224(_mixes[count - 1]), contribution))));
        _mixCount = _mixes.push(count, uint256(epoch).toUint32(), mix).toUint32();
        emit MixAdvanced(epoch, mix);
    }

    function _takePlace() private returns (uint32) {
        return _set.takePlace(_earliestActivation(), _parameters.churnPerEpochMin, _parameters.churnQuotient);
    }

    /// @dev The set of every epoch up to `inputDelay` ahead is fixed.
    function _earliestActivation() private view returns (uint256) {
        return currentEpoch() + 1 + INPUT_DELAY;
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

    function _proposer(uint64 epoch, uint256 seats) private view returns (uint32 validator, uint32 seat) {
        if (seats == 0) return (0, 0);
        seat = _proposerSeat(epoch, seats);
        validator = _set.occupantAt(seat, epoch);
    }

    function _proposerSeat(uint64 epoch, uint256 seats) private view returns (uint32) {
        return uint32(uint256(_seed(epoch)) % seats);
    }

    function _requireContract(address account) private view returns (address) {
        if (account.code.length == 0) revert BeaconRegistry_NotContract(account);
        return account;
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
