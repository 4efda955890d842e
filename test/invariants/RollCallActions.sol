// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SigningRoots} from "../../contracts/libraries/SigningRoots.sol";
import {RollStatus} from "../../contracts/types/Roll.sol";
import {BlsSigner} from "./BlsSigner.sol";
import {Change, SetModel} from "./SetModel.sol";
import {VM} from "./Vm.sol";
import {VotingActions} from "./VotingActions.sol";
import {Member} from "./World.sol";

/// @title The roll is called, answered by some, and gone through
abstract contract RollCallActions is VotingActions, SetModel {
    /// @dev The latest roll.
    struct RollModel {
        uint64 epoch;
        uint256 calledTime;
        uint256 calledHeight;
        // how many checkpoints had been accepted
        uint256 accepted;
        bool isDone;
    }

    RollModel private _roll;
    mapping(uint64 epoch => mapping(uint256 seat => bool)) private _hasAnswered;
    // Those who leave because they did not answer.
    mapping(uint256 index => bool) internal isEjected;

    // ---------------------------------------------------------------- actions

    function callRoll(uint256) external observed {
        VM.assume(time >= _callableAt());
        VM.prank(ANYBODY, ANYBODY);
        require(ROLL_CALL.call{gas: GAS_CAP}() == REGISTRY.currentEpoch(), "the roll of another epoch");
        _roll = RollModel(REGISTRY.currentEpoch(), time, height, line.length, false);
    }

    function answerRoll(uint256 seed) external observed {
        VM.assume(_rollStatus() == RollStatus.Answering);
        uint32[] memory occupants = _occupants(_roll.epoch);
        uint256 present = _countOf(occupants);
        VM.assume(present != 0);
        _removeSome(seed, occupants, _random(seed, "silent", present));
        VM.prank(ANYBODY, ANYBODY);
        ROLL_CALL.answer{gas: GAS_CAP}(_bitmapOf(occupants), _signAnswer(occupants));
        for (uint256 seat = 0; seat < occupants.length; ++seat) {
            if (occupants[seat] != 0) _hasAnswered[_roll.epoch][seat] = true;
        }
    }

    /// @notice Whoever has not answered and does not leave anyway has to leave; nobody else has.
    function ejectSilent(uint256) external observed {
        VM.assume(_rollStatus() == RollStatus.Ejecting);
        VM.prank(ANYBODY, ANYBODY);
        ROLL_CALL.eject{gas: GAS_CAP}(0);
        _roll.isDone = true;
        uint32[] memory occupants = _occupants(_roll.epoch);
        for (uint256 seat = 0; seat < occupants.length; ++seat) {
            if (occupants[seat] == 0 || _hasAnswered[_roll.epoch][seat]) continue;
            Member storage member = members[occupants[seat] - 1];
            if (member.exitEpoch != FAR_FUTURE_EPOCH) continue;
            (, , uint64 exitEpoch) = REGISTRY.tenure(occupants[seat]);
            _leave(occupants[seat] - 1, Change.Ejection, exitEpoch);
            isEjected[occupants[seat] - 1] = true;
            uint256 left = _stakeOf(member);
            uint256 penalty = left < _penalty() ? left : _penalty();
            member.penalty += penalty;
            coins.burnt += penalty;
        }
    }

    /// @notice What is not due, and answers in the name of those who did not give them.
    function rollBadly(uint256 seed) external observed {
        RollStatus status = _rollStatus();
        require(ROLL_CALL.status() == status, "another status of the roll");
        uint32[] memory occupants = _occupants(_roll.epoch);
        bytes memory data;
        if (time < _callableAt() && _random(seed, "call", 2) == 0) {
            data = abi.encodeCall(ROLL_CALL.call, ());
        } else if (status != RollStatus.Ejecting && _random(seed, "eject", 2) == 0) {
            data = abi.encodeCall(ROLL_CALL.eject, (0));
        } else {
            VM.assume(_countOf(occupants) != 0);
            bytes memory signature = _signAnswer(occupants);
            // All are named; in time, one of them has not signed.
            bytes memory named = _bitmapOf(occupants);
            if (status == RollStatus.Answering) {
                _removeSome(seed, occupants, 1);
                VM.assume(_countOf(occupants) != 0);
                signature = _signAnswer(occupants);
            }
            data = abi.encodeCall(ROLL_CALL.answer, (named, signature));
        }
        _requireRefusal(ANYBODY, address(ROLL_CALL), 0, data);
    }

    // ---------------------------------------------------------------- the model

    function _rollStatus() internal view returns (RollStatus) {
        if (_roll.calledTime == 0) return RollStatus.None;
        if (_roll.accepted != line.length) return RollStatus.Cancelled;
        if (_roll.isDone) return RollStatus.Done;
        if (time >= _expiry()) return RollStatus.Expired;
        bool isOver = time >= _roll.calledTime + parameters.rollCallEpochs * _epochSeconds();
        // As many blocks as a challenge window of that length asks for.
        uint256 blocks = (parameters.challengeBlocks * parameters.rollCallEpochs) / parameters.challengeEpochs;
        return isOver && height >= _roll.calledHeight + blocks ? RollStatus.Ejecting : RollStatus.Answering;
    }

    function _expiry() private view returns (uint256) {
        return _roll.calledTime + (parameters.rollCallEpochs + parameters.inactivityEpochs) * _epochSeconds();
    }

    function _callableAt() private view returns (uint256) {
        RollStatus status = _rollStatus();
        if (status == RollStatus.Answering || status == RollStatus.Ejecting) return _expiry();
        uint256 last = REGISTRY.genesisTime();
        if (_latest().acceptedTime > last) last = _latest().acceptedTime;
        if (_roll.calledTime > last) last = _roll.calledTime;
        return last + parameters.inactivityEpochs * _epochSeconds();
    }

    function _signAnswer(uint32[] memory occupants) private view returns (bytes memory) {
        bytes32 digest = SigningRoots.rollAnswer(DOMAIN_SEPARATOR, _roll.epoch);
        return BlsSigner.sign(_sumOfSecrets(occupants), digest);
    }
}
