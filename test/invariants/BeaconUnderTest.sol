// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Change} from "./SetModel.sol";
import {EntryProperties} from "./EntryProperties.sol";
import {FinalityProperties} from "./FinalityProperties.sol";
import {MoneyProperties} from "./MoneyProperties.sol";
import {SetProperties} from "./SetProperties.sol";
import {VM} from "./Vm.sol";
import {Member} from "./World.sol";

/// @title A beacon in use
/// @notice Everybody who does something to it, and the properties that it keeps.
contract BeaconUnderTest is MoneyProperties, FinalityProperties, EntryProperties, SetProperties {
    constructor() {
        VM.deal(ANYBODY, 1e30);
        VM.deal(address(this), OPEN_SHARDS * parameters.shardBond);
        address operator = VM.addr(OPERATOR_SECRET);
        for (uint256 i = 0; i < OPEN_SHARDS; ++i) SHARDS.open{value: parameters.shardBond}(operator);
        bonds.deposited = OPEN_SHARDS * parameters.shardBond;
        for (uint256 i = 0; i < MEMBERS_AT_GENESIS; ++i) _deposit(_owner(i));
        time += 1;
        REGISTRY.scheduleGenesis(uint64(time));
        VM.warp(time);
        _observe();
    }

    /// @notice Whatever has happened: everybody can leave, gets what is due, and then nothing is left.
    function exitsAreNeverBlocked() external {
        _passUntil(members[members.length - 1].activationEpoch);
        uint64 last = _leaveAll();
        // Some may have left long ago, and been slashed just now.
        if (last < REGISTRY.currentEpoch()) last = REGISTRY.currentEpoch();
        _passUntil(last + parameters.withdrawalDelayEpochs + parameters.slashingWindowEpochs + 1);
        while (REGISTRY.rollEpochs(16) != 0) {}
        _pass(0, parameters.withdrawalDelayBlocks);
        FICKLE.onReceive(true, address(0), "");
        for (uint256 i = 0; i < members.length; ++i) {
            if (_stakeOf(members[i]) == 0) continue;
            require(_isWithdrawable(i), "a stake is held back");
            _withdraw(i);
        }
        for (uint256 i = 0; i < _reporterCount(); ++i) _claim(_reporter(i));
        require(address(STAKING).balance == 0, "coins that nobody can have");
    }

    /// @return last the first epoch without anybody
    function _leaveAll() private returns (uint64 last) {
        for (uint256 i = 0; i < members.length; ++i) {
            Member storage member = members[i];
            if (member.exitEpoch == FAR_FUTURE_EPOCH) {
                VM.prank(member.owner, ANYBODY);
                _leave(i, Change.Exit, STAKING.exit{gas: GAS_CAP}(uint32(i + 1)));
            }
            if (member.exitEpoch > last) last = member.exitEpoch;
        }
    }

    function _passUntil(uint64 epoch) private {
        uint64 current = REGISTRY.currentEpoch();
        if (epoch > current) _pass((epoch - current) * parameters.slotsPerEpoch, 1);
    }
}
