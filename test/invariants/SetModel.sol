// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlsSigner} from "./BlsSigner.sol";
import {Member, World} from "./World.sol";

/// @notice Why a seat changes hands.
enum Change {
    Activation,
    Exit,
    Slashing,
    Ejection
}

/// @title Who may join and leave when, who gets which seat, and what is taken from whom
/// @notice The rules as docs/protocol.md has them, by walking through lists.
abstract contract SetModel is World {
    // In queues those wait whom a limit holds up: who joins, who leaves, who is made to leave.
    uint256 private constant ACTIVATIONS = 0;
    uint256 private constant EXITS = 1;
    uint256 private constant FORCED_EXITS = 2;

    uint256 private constant SLASHED_EXIT_QUOTIENT = 32;
    uint256 private constant PENALTY_QUOTIENT = 32;
    uint256 private constant PROPORTIONAL_SLASHING_MULTIPLIER = 3;

    /// @dev The epoch of the latest in the queue, and how many have it.
    struct Queue {
        uint64 epoch;
        uint256 used;
    }

    mapping(uint256 queue => Queue) private _queues;
    // by queue, those whose seats were vacated; and how many of these seats were taken again
    mapping(uint256 queue => uint256[] indices) private _vacated;
    mapping(uint256 queue => uint256 count) private _retaken;
    uint32 private _seatCount;
    // Slashed validators, in any order.
    uint256[] internal slashed;

    // ---------------------------------------------------------------- joining and leaving

    /// @dev Takes in whoever has just been enrolled.
    function _enlist(uint256 secret, address owner) internal {
        bool isGenesis = REGISTRY.genesisTime() == 0;
        uint64 activationEpoch = isGenesis ? 0 : _take(Change.Activation);
        (uint32 seat, uint64 actualEpoch, uint64 exitEpoch) = REGISTRY.tenure(uint32(members.length + 1));
        require(actualEpoch == activationEpoch && exitEpoch == FAR_FUTURE_EPOCH, "another tenure than is due");
        require(seat == _nextSeat(activationEpoch), "another seat than is due");
        Member storage member = members.push();
        (member.secret, member.owner, member.seat) = (secret, owner, seat);
        (member.activationEpoch, member.exitEpoch) = (activationEpoch, exitEpoch);
        member.publicKey = abi.encode(BlsSigner.publicKey(secret));
        coins.deposited += parameters.stake;
    }

    /// @dev Notes that it leaves in the epoch that was due.
    function _leave(uint256 index, Change change, uint64 exitEpoch) internal {
        require(_take(change) == exitEpoch, "another exit epoch than is due");
        require(exitEpoch > _lastFixedEpoch(), "it leaves before it is known who votes");
        members[index].exitEpoch = exitEpoch;
        _vacated[_queueOf(change)].push(index);
    }

    /// @dev The epoch in which the change would be scheduled now.
    function _placeFor(Change change) internal view returns (uint64 epoch) {
        (epoch, ) = _nextPlace(change);
    }

    function _take(Change change) private returns (uint64 epoch) {
        uint256 used;
        (epoch, used) = _nextPlace(change);
        _queues[_queueOf(change)] = Queue(epoch, used);
    }

    /// @dev The first epoch whose set is not fixed, and in which no more than a part of the set has changed.
    function _nextPlace(Change change) private view returns (uint64 epoch, uint256 used) {
        Queue storage queue = _queues[_queueOf(change)];
        uint64 earliest = _lastFixedEpoch() + 1;
        if (queue.epoch < earliest) return (earliest, 1);
        return queue.used < _limitOf(change) ? (queue.epoch, queue.used + 1) : (queue.epoch + 1, 1);
    }

    function _limitOf(Change change) private view returns (uint256 limit) {
        if (change == Change.Ejection) return type(uint256).max;
        uint256 quotient = change == Change.Slashing ? SLASHED_EXIT_QUOTIENT : parameters.churnQuotient;
        limit = _countOf(_occupants(REGISTRY.currentEpoch())) / quotient;
        if (limit < parameters.churnPerEpochMin) limit = parameters.churnPerEpochMin;
    }

    function _queueOf(Change change) private pure returns (uint256) {
        if (change == Change.Activation) return ACTIVATIONS;
        return change == Change.Exit ? EXITS : FORCED_EXITS;
    }

    /// @dev The first that was left by then, of those who went by choice before those who had to; else a new one.
    function _nextSeat(uint64 epoch) private returns (uint32) {
        for (uint256 queue = EXITS; queue <= FORCED_EXITS; ++queue) {
            uint256 next = _retaken[queue];
            if (next == _vacated[queue].length) continue;
            Member storage member = members[_vacated[queue][next]];
            if (member.exitEpoch > epoch) continue;
            _retaken[queue] = next + 1;
            return member.seat;
        }
        return _seatCount++;
    }

    // ---------------------------------------------------------------- penalties

    /// @dev What a validator loses at once that is slashed or did not answer the roll.
    function _penalty() internal view returns (uint256) {
        return parameters.stake / PENALTY_QUOTIENT;
    }

    function _isSlashable(Member storage member) internal view returns (bool) {
        return member.slashOccupied == 0 && _stakeOf(member) != 0 && _hasSat(member);
    }

    /// @dev What a slashed one loses when it is paid out: more, if many did wrong at about the same time.
    function _correlationPenalty(Member storage member) internal view returns (uint256) {
        if (member.slashOccupied == 0) return 0;
        uint256 count;
        for (uint256 i = 0; i < slashed.length; ++i) {
            uint64 epoch = members[slashed[i]].slashEpoch;
            uint64 distance = epoch < member.slashEpoch ? member.slashEpoch - epoch : epoch - member.slashEpoch;
            if (distance <= parameters.slashingWindowEpochs) ++count;
        }
        uint256 share = count * PROPORTIONAL_SLASHING_MULTIPLIER;
        if (share > member.slashOccupied) share = member.slashOccupied;
        uint256 penalty = (parameters.stake * share) / member.slashOccupied;
        uint256 left = _stakeOf(member);
        return penalty < left ? penalty : left;
    }

    // ---------------------------------------------------------------- withdrawals

    /// @dev The contract counts blocks from when the exit was rolled, which the model only knows a bound of.
    function _isWithdrawable(uint256 index) internal view returns (bool) {
        Member storage member = members[index];
        if (_stakeOf(member) == 0 || member.exitEpoch == FAR_FUTURE_EPOCH) return false;
        uint256 exitBlock = REGISTRY.exitBlock(uint32(index + 1));
        if (exitBlock == 0) return false;
        require(member.exitHeight != 0 && exitBlock >= member.exitHeight, "blocks are counted from before the exit");
        uint64 epoch = member.exitEpoch + parameters.withdrawalDelayEpochs;
        uint64 window = member.slashEpoch + parameters.slashingWindowEpochs + 1;
        if (member.slashOccupied != 0 && window > epoch) epoch = window;
        return REGISTRY.currentEpoch() >= epoch && height >= exitBlock + parameters.withdrawalDelayBlocks;
    }
}
