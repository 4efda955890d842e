// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BeaconContracts, IBeaconRegistry} from "../../contracts/beacon/IBeaconRegistry.sol";
import {ICrosslinkAnchors} from "../../contracts/beacon/ICrosslinkAnchors.sol";
import {IRollCall} from "../../contracts/beacon/IRollCall.sol";
import {ISlashings} from "../../contracts/beacon/ISlashings.sol";
import {IStaking} from "../../contracts/beacon/IStaking.sol";
import {IDisputes} from "../../contracts/disputes/IDisputes.sol";
import {IShardRegistry} from "../../contracts/shards/IShardRegistry.sol";
import {Parameters} from "../../contracts/types/Parameters.sol";
import {VM} from "./Vm.sol";

/// @notice A beacon; its contracts know each other.
struct Beacon {
    IBeaconRegistry registry;
    IStaking staking;
    IShardRegistry shards;
    ICrosslinkAnchors anchors;
    ISlashings slashings;
    IRollCall rollCall;
    IDisputes disputes;
}

/// @title The beacon on a fresh chain
/// @notice Everything is as small as the inequalities between parameters allow, so that a short run sees several
///         lives of a validator.
library Deployment {
    error Deployment_Failed(string artifact);

    function parameters() internal pure returns (Parameters memory p) {
        p.shardCount = 4;
        p.committeeSize = 4;
        p.shuffleRounds = 10;
        p.minOccupied = 3;
        p.secondsPerSlot = 1;
        p.slotsPerEpoch = 4;
        p.inputDelay = 1;
        p.submitEpochs = 2;
        p.challengeEpochs = 1;
        p.challengeBlocks = 2;
        p.forceEpochs = 5;
        p.inactivityEpochs = 6;
        p.rollCallEpochs = 2;
        p.slashingWindowEpochs = 6;
        p.withdrawalDelayEpochs = 14;
        p.withdrawalDelayBlocks = 28;
        p.maxBlocks = 8;
        p.churnPerEpochMin = 2;
        p.churnQuotient = 5;
        p.inboxEntriesPerEpoch = 4;
        p.maxForcedBytes = 256;
        p.launchPeriod = 100;
        p.stake = 32 ether;
        p.shardBond = 1 ether;
        p.withdrawalLimitPerEpoch = 1 ether;
    }

    function deploy(Parameters memory p) internal returns (Beacon memory b) {
        b.registry = IBeaconRegistry(_create("BeaconRegistry", abi.encode(p)));
        b.staking = IStaking(_create("Staking", abi.encode(b.registry)));
        b.shards = IShardRegistry(_create("ShardRegistry", abi.encode(b.registry)));
        b.anchors = ICrosslinkAnchors(_create("CrosslinkAnchors", abi.encode(b.registry, b.shards)));
        b.slashings = ISlashings(_create("Slashings", abi.encode(b.registry, b.staking, b.anchors, b.shards)));
        b.rollCall = IRollCall(_create("RollCall", abi.encode(b.registry, b.anchors, b.staking)));
        b.disputes = IDisputes(_create("DisputesMock", ""));
        b.registry.initialize(
            BeaconContracts({
                staking: address(b.staking),
                anchors: address(b.anchors),
                slashings: address(b.slashings),
                rollCall: address(b.rollCall),
                disputes: address(b.disputes)
            })
        );
    }

    function _create(string memory artifact, bytes memory arguments) private returns (address deployed) {
        bytes memory code = abi.encodePacked(VM.getCode(artifact), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
        }
        if (deployed == address(0)) revert Deployment_Failed(artifact);
    }
}
