// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Sha256} from "../../contracts/libraries/Sha256.sol";
import {SigningRoots} from "../../contracts/libraries/SigningRoots.sol";
import {CrosslinkProof} from "../../contracts/types/Proofs.sol";
import {Anchored} from "./EntryModel.sol";
import {Change} from "./SetModel.sol";
import {SlashingActions} from "./SlashingActions.sol";
import {VM} from "./Vm.sol";
import {Justified} from "./VotingActions.sol";
import {Member} from "./World.sol";

/// @title What follows from disputes: entries become void, stakes are taken whole, or fined, and shards are taken over
/// @notice Who is to blame, and for what, is decided elsewhere: here Disputes just says so.
abstract contract DisputeActions is SlashingActions {
    uint256 private constant RARE = 4;
    uint256 private constant MAX_FINES = 12;

    // ---------------------------------------------------------------- actions

    /// @notice Any entry that was ever accepted; it has to be refused if it is void, or settled.
    function voidEntry(uint256 seed) external observed {
        (uint256 position, uint256 index, CrosslinkProof memory proof) = _anyEntry(seed);
        bytes memory data = abi.encodeCall(ANCHORS.voidEntry, (proof));
        if (!_isDisputable(position, index)) return _requireRefusal(address(DISPUTES), address(ANCHORS), 0, data);
        bytes32 hash = anchored[position][index].hash;
        require(ANCHORS.openEntry(proof) == hash, "another entry was opened");
        VM.prank(address(DISPUTES), ANYBODY);
        require(ANCHORS.voidEntry{gas: GAS_CAP}(proof) == hash, "another entry is void");
        _makeVoid(position, index);
    }

    /// @notice Without right, or an entry that was not accepted there.
    function voidEntryBadly(uint256 seed) external observed {
        (, , CrosslinkProof memory proof) = _anyEntry(seed);
        uint256 kind = _random(seed, "kind", 4);
        address sender = kind == 0 ? ANYBODY : address(DISPUTES);
        if (kind == 1) proof.crosslink.stateRoot = bytes32(seed);
        if (kind == 2) proof.position ^= 1;
        if (kind == 3) proof.checkpointEpoch = _latest().epoch + 1;
        _requireRefusal(sender, address(ANCHORS), 0, abi.encodeCall(ANCHORS.voidEntry, (proof)));
        uint32 shard = proof.crosslink.shardId;
        _requireRefusal(ANYBODY, address(SHARDS), 0, abi.encodeCall(SHARDS.advanceGeneration, (shard)));
        _requireRefusal(ANYBODY, address(SHARDS), 0, abi.encodeCall(SHARDS.slashBond, (shard, 0, ANYBODY)));
    }

    function slashWhole(uint256 seed) external observed {
        VM.assume(_random(seed, "rare", RARE) == 0);
        (uint32 validator, address reporter) = (_anyone(seed), _reporterOrNobody(seed));
        Member storage member = members[validator - 1];
        uint256 expected = _hasSat(member) ? _stakeOf(member) : 0;
        VM.prank(address(DISPUTES), ANYBODY);
        require(STAKING.slashWhole{gas: GAS_CAP}(validator, reporter) == expected, "more or less was taken");
        if (expected == 0) return;
        if (member.slashOccupied == 0) _markSlashed(validator);
        member.isTakenWhole = true;
        _forfeit(member, expected, reporter);
    }

    /// @notice One, or so many that it costs the seat.
    function fine(uint256 seed) external observed {
        VM.assume(_random(seed, "rare", RARE) == 0);
        (uint32 validator, address reporter) = (_anyone(seed), _reporterOrNobody(seed));
        uint256 count = 1 + _random(seed, "count", MAX_FINES);
        for (uint256 i = 0; i < count; ++i) _fine(validator, reporter);
    }

    /// @notice Only Disputes takes whole stakes, or fines.
    function punishWithoutRight(uint256 seed) external observed {
        uint32 validator = _anyone(seed);
        _requireRefusal(ANYBODY, address(STAKING), 0, abi.encodeCall(STAKING.slashWhole, (validator, ANYBODY)));
        _requireRefusal(ANYBODY, address(STAKING), 0, abi.encodeCall(STAKING.fine, (validator, ANYBODY)));
    }

    /// @notice With the bond, of a shard without an operator; of another one it has to be refused.
    function takeOverShard(uint256 seed) external observed {
        uint32 shard = uint32(1 + _random(seed, "shard", OPEN_SHARDS));
        uint256 bond = parameters.shardBond;
        VM.deal(ANYBODY, ANYBODY.balance + bond);
        bytes memory data = abi.encodeCall(SHARDS.takeOver, (shard, VM.addr(OPERATOR_SECRET)));
        if (!isBondTaken[shard]) return _requireRefusal(ANYBODY, address(SHARDS), bond, data);
        _requireRefusal(ANYBODY, address(SHARDS), bond - 1, data);
        VM.prank(ANYBODY, ANYBODY);
        SHARDS.takeOver{value: bond, gas: GAS_CAP}(shard, VM.addr(OPERATOR_SECRET));
        (isBondTaken[shard], bondedFrom[shard]) = (false, generations[shard - 1]);
        bonds.deposited += bond;
    }

    // ---------------------------------------------------------------- the model

    /// @dev Neither void, nor in a checkpoint that has settled without an exception there.
    function _isDisputable(uint256 position, uint256 index) internal view returns (bool) {
        Anchored storage entry = anchored[position][index];
        if (entry.isVoid) return false;
        for (uint256 i = 1; i <= settledCount; ++i) {
            if (line[i].epoch >= entry.crosslink.epoch && (settledExceptions[i] >> position) & 1 == 0) return false;
        }
        return true;
    }

    function _fine(uint32 validator, address reporter) private {
        Member storage member = members[validator - 1];
        uint256 left = _hasSat(member) ? _stakeOf(member) : 0;
        uint256 expected = left < _penalty() ? left : _penalty();
        VM.prank(address(DISPUTES), ANYBODY);
        require(STAKING.fine{gas: GAS_CAP}(validator, reporter) == expected, "more or less was taken");
        if (expected == 0) return;
        ++member.fines;
        (, , uint64 exitEpoch) = REGISTRY.tenure(validator);
        bool isDue = (left - expected) * 4 < parameters.stake * 3;
        if (member.exitEpoch == FAR_FUTURE_EPOCH) {
            require((exitEpoch != FAR_FUTURE_EPOCH) == isDue, "a seat without a stake, or a stake without a seat");
            if (isDue) _leave(validator - 1, Change.Slashing, exitEpoch);
        }
        _forfeit(member, expected, reporter);
    }

    // ---------------------------------------------------------------- private

    function _anyone(uint256 seed) private view returns (uint32) {
        return uint32(1 + _random(seed, "who", members.length));
    }

    function _reporterOrNobody(uint256 seed) private pure returns (address) {
        return _random(seed, "nobody", 4) == 0 ? address(0) : _reporterOf(seed);
    }

    /// @dev Mostly of the latest.
    function _anyEntry(
        uint256 seed
    ) private view returns (uint256 position, uint256 index, CrosslinkProof memory proof) {
        position = _random(seed, "position", OPEN_SHARDS);
        uint256 count = anchored[position].length;
        VM.assume(count != 0);
        uint256 back = _random(seed, "back", count < 4 || _random(seed, "any", 4) == 0 ? count : 4);
        index = count - 1 - back;
        uint64 epoch = anchored[position][index].crosslink.epoch;
        uint256 place = line.length - 1;
        while (line[place].epoch != epoch) --place;
        Justified memory j = line[place];
        bytes32[] memory entries_ = entriesOf[epoch];
        proof.checkpointEpoch = epoch;
        proof.bodyRoot = SigningRoots.checkpointBody(epoch, j.sourceEpoch, j.sourceRoot, j.rewardsRoot);
        proof.absentHash = j.absent.length == 0 ? bytes32(0) : keccak256(j.absent);
        proof.position = uint16(position);
        proof.crosslink = anchored[position][index].crosslink;
        // Of a tree of four.
        proof.siblings = new bytes32[](2);
        proof.siblings[0] = entries_[position ^ 1];
        uint256 pair = (position & 2) ^ 2;
        proof.siblings[1] = Sha256.pair(entries_[pair], entries_[pair + 1]);
    }
}
