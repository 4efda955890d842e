// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DisputeActions} from "./DisputeActions.sol";
import {LifecycleActions} from "./LifecycleActions.sol";
import {RollCallActions} from "./RollCallActions.sol";
import {Member} from "./World.sol";

/// @title Whose money is where
/// @notice A function is a property of PROPERTIES.md.
abstract contract MoneyProperties is LifecycleActions, DisputeActions, RollCallActions {
    /// @notice Staking has what it owes, and ShardRegistry too.
    function solvency() public view {
        uint256 owed;
        for (uint256 i = 0; i < members.length; ++i) owed += _stakeOf(members[i]);
        uint256 owedForBonds;
        for (uint32 shard = 1; shard <= OPEN_SHARDS; ++shard) {
            if (!isBondTaken[shard]) owedForBonds += parameters.shardBond;
        }
        for (uint256 i = 0; i < _reporterCount(); ++i) {
            address reporter = _reporter(i);
            require(STAKING.creditOf(reporter) == credits[reporter], "another reward is owed");
            require(SHARDS.creditOf(reporter) == bondCredits[reporter], "another reward is owed");
            owed += credits[reporter];
            owedForBonds += bondCredits[reporter];
        }
        require(address(STAKING).balance == owed, "Staking does not have what it owes");
        require(address(SHARDS).balance == owedForBonds, "ShardRegistry does not have what it owes");
    }

    /// @notice What came in is there, was paid, or was burnt.
    function everyCoinAccountedFor() public view {
        uint256 left = coins.paid + coins.burnt + coins.claimed;
        require(coins.deposited == address(STAKING).balance + left, "coins came from nowhere or went there");
        uint256 leftBonds = bonds.burnt + bonds.claimed;
        require(bonds.deposited == address(SHARDS).balance + leftBonds, "bonds came from nowhere or went there");
        require(BURN_ADDRESS.balance == coins.burnt + bonds.burnt, "more or less was burnt");
    }

    /// @notice A stake is its owner's, and less than what was paid in only by the penalties that there are.
    function stakesFallByLawOnly() public view {
        for (uint256 i = 0; i < members.length; ++i) {
            if (!_isTurnOf(i)) continue;
            (address owner, uint96 amount) = STAKING.stakeOf(uint32(i + 1));
            require(owner == members[i].owner, "another owner");
            require(amount == _stakeOf(members[i]), "another stake");
        }
    }

    /// @notice One initial penalty, one for silence when the roll was called, the fines, and at most the rest.
    function penaltiesAreCapped() public view {
        for (uint256 i = 0; i < members.length; ++i) {
            if (!_isTurnOf(i)) continue;
            Member storage member = members[i];
            uint256 most = ((member.slashOccupied != 0 ? 1 : 0) + (isEjected[i] ? 1 : 0) + member.fines) * _penalty();
            if (member.isTakenWhole || most > parameters.stake) most = parameters.stake;
            require(member.penalty <= most, "punished more than once for one thing");
            uint256 correlation = STAKING.correlationPenalty(uint32(i + 1));
            if (!member.isWithdrawn) require(correlation == _correlationPenalty(member), "another correlation penalty");
            require(member.penalty + correlation <= parameters.stake, "more than the stake");
        }
        require(coins.credited * 8 <= coins.burnt + coins.credited, "reporting oneself pays");
    }

    /// @notice Whoever was slashed is not slashable again, nor is who has nothing to lose.
    function nobodyPunishedTwice() public view {
        for (uint256 i = 0; i < members.length; ++i) {
            if (!_isTurnOf(i)) continue;
            (, bool isSlashed) = STAKING.statusOf(uint32(i + 1));
            require(isSlashed == (members[i].slashOccupied != 0), "slashed without evidence, or forgiven");
            require(STAKING.isSlashable(uint32(i + 1)) == _isSlashable(members[i]), "slashable without reason");
        }
    }
}
