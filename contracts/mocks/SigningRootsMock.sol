// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SigningRoots} from "../libraries/SigningRoots.sol";
import {BlockHeader} from "../types/BlockHeader.sol";
import {Crosslink} from "../types/Crosslink.sol";
import {InboxEntry, Message} from "../types/Message.sol";

// solhint-disable use-natspec -- each function is the library function of its name

/// @title SigningRoots from outside
contract SigningRootsMock {
    function crosslink(bytes32 domainSeparator, Crosslink calldata c) external pure returns (bytes32) {
        return SigningRoots.crosslink(domainSeparator, c);
    }

    function genesisCrosslink(bytes32 domainSeparator, uint32 shardId) external pure returns (bytes32) {
        return SigningRoots.genesisCrosslink(domainSeparator, shardId);
    }

    function blockHeader(bytes32 domainSeparator, BlockHeader calldata h) external pure returns (bytes32) {
        return SigningRoots.blockHeader(domainSeparator, h);
    }

    function message(bytes32 domainSeparator, Message calldata m) external pure returns (bytes32) {
        return SigningRoots.message(domainSeparator, m);
    }

    function inboxEntry(bytes32 domainSeparator, InboxEntry calldata e) external pure returns (bytes32) {
        return SigningRoots.inboxEntry(domainSeparator, e);
    }

    function vote(
        bytes32 domainSeparator,
        uint64 sourceEpoch,
        bytes32 sourceRoot,
        uint64 targetEpoch,
        bytes32 targetRoot
    ) external pure returns (bytes32) {
        return SigningRoots.vote(domainSeparator, sourceEpoch, sourceRoot, targetEpoch, targetRoot);
    }

    function proposal(bytes32 domainSeparator, uint64 epoch, bytes32 checkpointRoot) external pure returns (bytes32) {
        return SigningRoots.proposal(domainSeparator, epoch, checkpointRoot);
    }

    function randaoReveal(bytes32 domainSeparator, uint64 epoch) external pure returns (bytes32) {
        return SigningRoots.randaoReveal(domainSeparator, epoch);
    }

    function rollAnswer(bytes32 domainSeparator, uint64 epoch) external pure returns (bytes32) {
        return SigningRoots.rollAnswer(domainSeparator, epoch);
    }

    function voluntaryExit(bytes32 domainSeparator, uint32 validator, uint64 epoch) external pure returns (bytes32) {
        return SigningRoots.voluntaryExit(domainSeparator, validator, epoch);
    }

    function proofOfPossession(
        bytes32 domainSeparator,
        bytes32 publicKeyHash,
        address withdrawalAddress
    ) external pure returns (bytes32) {
        return SigningRoots.proofOfPossession(domainSeparator, publicKeyHash, withdrawalAddress);
    }

    function batchProofOfPossession(
        bytes32 domainSeparator,
        bytes32 publicKeysHash,
        uint32 count,
        address withdrawalAddress
    ) external pure returns (bytes32) {
        return SigningRoots.batchProofOfPossession(domainSeparator, publicKeysHash, count, withdrawalAddress);
    }

    function checkpointBody(
        uint64 epoch,
        uint64 sourceEpoch,
        bytes32 sourceRoot,
        bytes32 rewardsRoot
    ) external pure returns (bytes32) {
        return SigningRoots.checkpointBody(epoch, sourceEpoch, sourceRoot, rewardsRoot);
    }
}
