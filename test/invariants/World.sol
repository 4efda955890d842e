// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBeaconRegistry} from "../../contracts/beacon/IBeaconRegistry.sol";
import {ICrosslinkAnchors} from "../../contracts/beacon/ICrosslinkAnchors.sol";
import {IRollCall} from "../../contracts/beacon/IRollCall.sol";
import {ISlashings} from "../../contracts/beacon/ISlashings.sol";
import {IStaking} from "../../contracts/beacon/IStaking.sol";
import {IDisputes} from "../../contracts/disputes/IDisputes.sol";
import {IShardRegistry} from "../../contracts/shards/IShardRegistry.sol";
import {Parameters} from "../../contracts/types/Parameters.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {Beacon, Deployment} from "./Deployment.sol";
import {VM} from "./Vm.sol";

/// @notice What the model knows of a validator. Its number is its index and 1.
struct Member {
    uint256 secret;
    bytes publicKey;
    address owner;
    uint32 seat;
    uint64 activationEpoch;
    // FAR_FUTURE_EPOCH while no exit is scheduled
    uint64 exitEpoch;
    // the first block that could be in the exit epoch, 0 while that has not begun
    uint64 exitHeight;
    uint64 slashEpoch;
    // the occupants of that epoch; zero if it was not slashed
    uint32 slashOccupied;
    bool isWithdrawn;
    address proposed;
    // taken so far, but for the correlation penalty
    uint256 penalty;
    uint256 fines;
    // it signed what is void
    bool isTakenWhole;
}

/// @notice Where all coins went that came into Staking, in wei.
struct Coins {
    uint256 deposited;
    uint256 paid;
    uint256 burnt;
    uint256 credited;
    uint256 claimed;
}

/// @title The beacon and the model of it
/// @notice The model is told what was done and works out for itself what has to be true then: it keeps lists, walks
///         through all of them, and knows all secrets, where the contracts keep sums, queues and histories.
abstract contract World {
    uint64 internal constant FAR_FUTURE_EPOCH = type(uint64).max;

    uint256 internal constant MEMBERS_AT_GENESIS = 12;
    uint256 internal constant MAX_MEMBERS = 40;
    uint256 internal constant OPEN_SHARDS = 2;

    /// EIP-7825: what a transaction may cost.
    uint256 internal constant GAS_CAP = 1 << 24;

    address internal constant BURN_ADDRESS = 0x000000000000000000000000000000000000dEaD;

    /// Pays the deposits and sends the transactions that anybody may send.
    address internal constant ANYBODY = address(0xa11);

    IBeaconRegistry internal immutable REGISTRY;
    IStaking internal immutable STAKING;
    IShardRegistry internal immutable SHARDS;
    ICrosslinkAnchors internal immutable ANCHORS;
    ISlashings internal immutable SLASHINGS;
    IRollCall internal immutable ROLL_CALL;
    IDisputes internal immutable DISPUTES;
    bytes32 internal immutable DOMAIN_SEPARATOR;

    Parameters internal parameters;
    // Of the parent chain. (The optimiser takes those of the block for constants of a call, which cheat codes change.)
    uint256 internal time;
    uint256 internal height;

    Member[] internal members;
    Coins internal coins;
    // The same of the bonds of shards, which ShardRegistry holds.
    Coins internal bonds;
    uint256 internal secretCount;
    uint256 internal actionCount;

    /// Of epochs as they were asked for the first time: Keccak-256 of all there is to know about their seats.
    mapping(uint64 epoch => bytes32 answers) internal seatsOf;
    uint64[] internal knownEpochs;

    constructor() {
        (time, height) = (block.timestamp, block.number);
        parameters = Deployment.parameters();
        Beacon memory beacon = Deployment.deploy(parameters);
        (REGISTRY, STAKING, SHARDS) = (beacon.registry, beacon.staking, beacon.shards);
        (ANCHORS, SLASHINGS, ROLL_CALL) = (beacon.anchors, beacon.slashings, beacon.rollCall);
        DISPUTES = beacon.disputes;
        DOMAIN_SEPARATOR = beacon.registry.domainSeparator();
    }

    /// @dev Every action ends with it.
    modifier observed() {
        _;
        ++actionCount;
        _observe();
    }

    // ---------------------------------------------------------------- randomness of a run

    /// @dev A number below `bound` that depends on the seed of the action and on what it is for.
    function _random(uint256 seed, string memory use, uint256 bound) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, use))) % bound;
    }

    // ---------------------------------------------------------------- the model's seats

    /// @return numbers of the validators by seat, 0 where a seat is vacant, as long as there are seats
    function _occupants(uint64 epoch) internal view returns (uint32[] memory numbers) {
        numbers = new uint32[](members.length);
        uint256 count;
        for (uint256 i = 0; i < numbers.length; ++i) {
            Member storage member = members[i];
            (uint256 seat, uint64 activationEpoch) = (member.seat, member.activationEpoch);
            if (activationEpoch > epoch) continue;
            if (seat >= count) count = seat + 1;
            if (member.exitEpoch <= epoch) continue;
            require(numbers[seat] == 0, "two validators in one seat");
            numbers[seat] = uint32(i + 1);
        }
        assembly ("memory-safe") {
            mstore(numbers, count)
        }
    }

    /// @dev Whether it sits or has sat.
    function _hasSat(Member storage member) internal view returns (bool) {
        return member.activationEpoch <= REGISTRY.currentEpoch();
    }

    /// @dev What Staking holds for it.
    function _stakeOf(Member storage member) internal view returns (uint256) {
        return member.isWithdrawn ? 0 : parameters.stake - member.penalty;
    }

    function _secretOf(uint32 validator) internal view returns (uint256) {
        return members[validator - 1].secret;
    }

    /// @dev Whoever knows them signs for all of them with their sum.
    function _sumOfSecrets(uint32[] memory validators) internal view returns (uint256 sum) {
        for (uint256 i = 0; i < validators.length; ++i) {
            if (validators[i] != 0) sum = addmod(sum, _secretOf(validators[i]), BlsSigner.ORDER);
        }
    }

    function _countOf(uint32[] memory validators) internal pure returns (uint256 count) {
        for (uint256 i = 0; i < validators.length; ++i) {
            if (validators[i] != 0) ++count;
        }
    }

    // ---------------------------------------------------------------- what the contracts answer

    /// @dev The last epoch whose seats are fixed.
    function _lastFixedEpoch() internal view returns (uint64) {
        return REGISTRY.currentEpoch() + parameters.inputDelay;
    }

    function _askSeats(uint64 epoch) internal view returns (bytes32) {
        uint32 count = REGISTRY.seatCount(epoch);
        uint32[] memory validators = new uint32[](count);
        for (uint32 seat = 0; seat < count; ++seat) validators[seat] = REGISTRY.occupant(seat, epoch);
        return
            keccak256(
                abi.encode(
                    validators,
                    REGISTRY.occupiedCount(epoch),
                    REGISTRY.committeeCount(epoch),
                    REGISTRY.aggregateKey(epoch)
                )
            );
    }

    function _observe() internal {
        uint64 epoch = _lastFixedEpoch();
        if (seatsOf[epoch] != 0) return;
        seatsOf[epoch] = _askSeats(epoch);
        knownEpochs.push(epoch);
    }

    /// @dev Properties of single validators are looked at for a part of them after every action, so for all in turn.
    function _isTurnOf(uint256 index) internal view returns (bool) {
        return (index + actionCount) % 4 == 0;
    }

    // ---------------------------------------------------------------- calls

    /// @dev A transaction of `sender` that has to be refused, within the gas of a transaction and with nothing changed.
    function _requireRefusal(address sender, address target, uint256 value, bytes memory data) internal {
        VM.prank(sender, sender);
        (bool ok, ) = target.call{value: value, gas: GAS_CAP}(data);
        require(!ok, "taken, though it had to be refused");
    }
}
