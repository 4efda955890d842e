// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Bls} from "../libraries/Bls.sol";
import {KeyBlobs} from "../libraries/KeyBlobs.sol";
import {SeatBitmap} from "../libraries/SeatBitmap.sol";
import {SigningRoots} from "../libraries/SigningRoots.sol";
import {G1Point} from "../types/G1Point.sol";
import {G2Point} from "../types/G2Point.sol";
import {Parameters} from "../types/Parameters.sol";
import {Roll, RollStatus} from "../types/Roll.sol";
import {IBeaconRegistry} from "./IBeaconRegistry.sol";
import {ICrosslinkAnchors} from "./ICrosslinkAnchors.sol";
import {IRollCall} from "./IRollCall.sol";
import {IStaking} from "./IStaking.sol";

/// @title The roll call
/// @notice See IRollCall.
contract RollCall is IRollCall {
    using SafeCast for uint256;
    using SeatBitmap for bytes;
    using SeatBitmap for uint256;

    uint256 private constant SIGNATURE_LENGTH = 256;

    IBeaconRegistry private immutable REGISTRY;
    ICrosslinkAnchors private immutable ANCHORS;
    IStaking private immutable STAKING;
    uint256 private immutable INACTIVITY_SECONDS;
    uint256 private immutable ANSWER_SECONDS;
    uint256 private immutable ANSWER_BLOCKS;

    Roll private _roll;
    mapping(uint256 epoch => mapping(uint256 group => uint256 word)) private _answers;
    mapping(uint256 epoch => mapping(uint256 group => bool isEjected)) private _isEjected;

    constructor(IBeaconRegistry registry, ICrosslinkAnchors anchors, IStaking staking) {
        REGISTRY = registry;
        ANCHORS = anchors;
        STAKING = staking;
        Parameters memory p = registry.parameters();
        uint256 epochSeconds = uint256(p.slotsPerEpoch) * p.secondsPerSlot;
        INACTIVITY_SECONDS = p.inactivityEpochs * epochSeconds;
        ANSWER_SECONDS = p.rollCallEpochs * epochSeconds;
        // On a parent chain that stands still nobody can answer: the time has to pass in blocks as well, at the pace
        // that the challenge window expects of them.
        ANSWER_BLOCKS = Math.ceilDiv(uint256(p.challengeBlocks) * p.rollCallEpochs, p.challengeEpochs);
    }

    // ---------------------------------------------------------------- changes

    /// @inheritdoc IRollCall
    function call() external returns (uint64 epoch) {
        uint256 earliest = callableAt();
        if (block.timestamp < earliest) revert RollCall_TooEarly(block.timestamp, earliest);
        epoch = REGISTRY.currentEpoch();
        (uint64 justified, , ) = ANCHORS.finality();
        uint24 groups = Math.ceilDiv(REGISTRY.seatCount(epoch), KeyBlobs.GROUP).toUint24();
        _roll = Roll({
            epoch: epoch,
            justifiedEpoch: justified,
            calledAt: block.timestamp.toUint40(),
            calledBlock: block.number.toUint40(),
            groups: groups,
            doneGroups: 0
        });
        emit RollCalled(epoch, justified, groups);
    }

    /// @inheritdoc IRollCall
    function answer(bytes calldata seats, bytes calldata signature) external {
        Roll memory r = _roll;
        RollStatus s = _statusOf(r);
        if (s != RollStatus.Answering) revert RollCall_NotAnswering(s);
        if (signature.length != SIGNATURE_LENGTH) revert RollCall_SignatureLength(signature.length);
        (, G1Point memory keys) = REGISTRY.sumOfKeys(r.epoch, seats);
        bytes32 digest = SigningRoots.rollAnswer(REGISTRY.domainSeparator(), r.epoch);
        if (!Bls.verify(keys, digest, abi.decode(signature, (G2Point)), Bls.SIGNATURE_TAG)) {
            revert RollCall_InvalidSignature();
        }
        mapping(uint256 group => uint256 word) storage answered = _answers[r.epoch];
        uint256 groups = seats.groups();
        for (uint256 group = 0; group < groups; ++group) {
            uint256 word = seats.word(group);
            if (word != 0) answered[group] |= word;
        }
        emit RollAnswered(r.epoch, seats);
    }

    /// @inheritdoc IRollCall
    function eject(uint32 group) external {
        Roll memory r = _roll;
        RollStatus s = _statusOf(r);
        if (s != RollStatus.Ejecting) revert RollCall_NotEjecting(s);
        if (group >= r.groups) revert RollCall_UnknownGroup(group, r.groups);
        if (_isEjected[r.epoch][group]) revert RollCall_AlreadyEjected(group);
        _isEjected[r.epoch][group] = true;
        _roll.doneGroups = r.doneGroups + 1;

        uint32[] memory absent = _absent(REGISTRY.groupOccupants(group, r.epoch), _answers[r.epoch][group]);
        emit GroupEjected(r.epoch, group, uint32(absent.length));
        if (absent.length != 0) STAKING.eject(absent);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IRollCall
    function roll() external view returns (Roll memory) {
        return _roll;
    }

    /// @inheritdoc IRollCall
    function status() external view returns (RollStatus) {
        return _statusOf(_roll);
    }

    /// @inheritdoc IRollCall
    function callableAt() public view returns (uint256) {
        uint256 genesisTime = REGISTRY.genesisTime();
        if (genesisTime == 0) return type(uint256).max;
        (uint64 justified, , ) = ANCHORS.finality();
        Roll memory r = _roll;
        uint256 last = Math.max(Math.max(genesisTime, ANCHORS.checkpoint(justified).acceptedAt), r.calledAt);
        RollStatus s = _statusOf(r);
        bool isUnderWay = s == RollStatus.Answering || s == RollStatus.Ejecting;
        return isUnderWay ? _expiryOf(r) : last + INACTIVITY_SECONDS;
    }

    /// @inheritdoc IRollCall
    function answers(uint64 epoch, uint32 group) external view returns (bytes32 seats) {
        return bytes32(_answers[epoch][group]);
    }

    /// @inheritdoc IRollCall
    function isEjected(uint64 epoch, uint32 group) external view returns (bool) {
        return _isEjected[epoch][group];
    }

    // ---------------------------------------------------------------- private

    function _statusOf(Roll memory r) private view returns (RollStatus) {
        if (r.calledAt == 0) return RollStatus.None;
        (uint64 justified, , ) = ANCHORS.finality();
        if (justified != r.justifiedEpoch) return RollStatus.Cancelled;
        if (r.doneGroups == r.groups) return RollStatus.Done;
        if (block.timestamp >= _expiryOf(r)) return RollStatus.Expired;
        bool isOver = block.timestamp >= r.calledAt + ANSWER_SECONDS && block.number >= r.calledBlock + ANSWER_BLOCKS;
        return isOver ? RollStatus.Ejecting : RollStatus.Answering;
    }

    /// @dev A roll is not forgotten at once: whoever did not answer would call the next one before anybody ejects it.
    function _expiryOf(Roll memory r) private view returns (uint256) {
        return r.calledAt + ANSWER_SECONDS + INACTIVITY_SECONDS;
    }

    /// @dev Those of the group's occupants that have not answered.
    function _absent(uint32[] memory occupants, uint256 answered) private pure returns (uint32[] memory absent) {
        absent = new uint32[](occupants.length);
        uint256 count;
        for (uint256 i = 0; i < occupants.length; ++i) {
            if (occupants[i] != 0 && !answered.has(i)) absent[count++] = occupants[i];
        }
        assembly ("memory-safe") {
            // Shortens the list to what was filled.
            mstore(absent, count)
        }
    }
}
