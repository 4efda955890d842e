// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BeaconUnderTest} from "./BeaconUnderTest.sol";

/// @notice Functions that the runner may call on a contract.
struct FuzzSelector {
    address addr;
    bytes4[] selectors;
}

/// @title The beacon keeps its properties, whatever is done to it
/// @notice The runner calls actions in random order with random arguments; after each of them all properties hold.
contract BeaconInvariants {
    BeaconUnderTest private _beacon;

    function setUp() external {
        _beacon = new BeaconUnderTest();
    }

    function invariant_allProperties() external view {
        _beacon.oneEntryPerKey();
        _beacon.tenuresStay();
        _beacon.aggregateIsSumOfActiveKeys();
        _beacon.historiesStayReadable();
        _beacon.finalityInOrder();
        _beacon.checkpointsStay();
        _beacon.voidIsWhatFollowsFromVoid();
        _beacon.settledStays();
        _beacon.generationsOnlyGrow();
        _beacon.solvency();
        _beacon.everyCoinAccountedFor();
        _beacon.stakesFallByLawOnly();
        _beacon.penaltiesAreCapped();
        _beacon.nobodyPunishedTwice();
    }

    /// @notice The runner calls it at the end of each run.
    function afterInvariant() external {
        _beacon.exitsAreNeverBlocked();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_beacon);
    }

    /// @notice What counts as an action; the properties are none.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[45] memory actions = [
            _beacon.passSlots.selector,
            _beacon.passEpochs.selector,
            _beacon.standStill.selector,
            _beacon.idle.selector,
            _beacon.rollEpochs.selector,
            _beacon.vote.selector,
            _beacon.voteEpochByEpoch.selector,
            _beacon.voteOutOfLine.selector,
            _beacon.voteWithoutSigners.selector,
            _beacon.supplement.selector,
            _beacon.supplementBadly.selector,
            _beacon.settle.selector,
            _beacon.deposit.selector,
            _beacon.depositBatch.selector,
            _beacon.depositBadly.selector,
            _beacon.exit.selector,
            _beacon.exitSigned.selector,
            _beacon.exitBadly.selector,
            _beacon.withdraw.selector,
            _beacon.withdrawBadly.selector,
            _beacon.withdrawTwice.selector,
            _beacon.changeFickle.selector,
            _beacon.proposeOwner.selector,
            _beacon.acceptOwner.selector,
            _beacon.takeOver.selector,
            _beacon.doubleVote.selector,
            _beacon.surroundVote.selector,
            _beacon.voteAgainstAccepted.selector,
            _beacon.massDoubleVote.selector,
            _beacon.doubleAttestation.selector,
            _beacon.doubleProposal.selector,
            _beacon.doubleHeader.selector,
            _beacon.reportBadly.selector,
            _beacon.slashWithoutRight.selector,
            _beacon.voidEntry.selector,
            _beacon.voidEntryBadly.selector,
            _beacon.slashWhole.selector,
            _beacon.fine.selector,
            _beacon.punishWithoutRight.selector,
            _beacon.takeOverShard.selector,
            _beacon.claim.selector,
            _beacon.callRoll.selector,
            _beacon.answerRoll.selector,
            _beacon.ejectSilent.selector,
            _beacon.rollBadly.selector
        ];
        bytes4[] memory selectors = new bytes4[](actions.length);
        for (uint256 i = 0; i < actions.length; ++i) selectors[i] = actions[i];
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_beacon), selectors);
    }
}
