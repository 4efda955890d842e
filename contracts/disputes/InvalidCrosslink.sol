// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBeaconRegistry} from "../beacon/IBeaconRegistry.sol";
import {Openings} from "../libraries/Openings.sol";
import {BlockHeader} from "../types/BlockHeader.sol";
import {Crosslink} from "../types/Crosslink.sol";
import {
    BoundaryEvidence,
    CrosslinkEvidence,
    HeaderEvidence,
    LeafEvidence,
    LeafOpening,
    LinkEvidence
} from "../types/DisputeEvidence.sol";
import {Fault, NO_BLOCK, Predicate} from "../types/Fault.sol";
import {IJudge} from "./IJudge.sol";

/**
 * @title Judges everything about a crosslink that shows without executing a step
 * @notice Order and links of its blocks, their headers, the shape of their steps, and that what follows from the last
 * step is what block and crosslink say. See IJudge; the rules are in formats, sections 4 and 5.
 */
contract InvalidCrosslink is IJudge {
    using Openings for LeafOpening;

    uint256 private constant MAX_STEPS = 16_384;

    IBeaconRegistry private immutable REGISTRY;
    uint256 private immutable SLOTS_PER_EPOCH;

    constructor(IBeaconRegistry registry) {
        REGISTRY = registry;
        SLOTS_PER_EPOCH = registry.parameters().slotsPerEpoch;
    }

    /// @inheritdoc IJudge
    function judge(
        Predicate predicate,
        Crosslink calldata crosslink,
        bytes calldata evidence
    ) external view returns (Fault fault, uint16 blockIndex) {
        bytes32 domainSeparator = REGISTRY.domainSeparator();
        if (predicate == Predicate.Crosslink) {
            return _judgeCrosslink(domainSeparator, crosslink, abi.decode(evidence, (CrosslinkEvidence)));
        }
        if (predicate == Predicate.Header) {
            return _judgeHeader(domainSeparator, crosslink, abi.decode(evidence, (HeaderEvidence)));
        }
        if (predicate == Predicate.HeaderLink) {
            return _judgeLink(domainSeparator, crosslink, abi.decode(evidence, (LinkEvidence)));
        }
        if (predicate == Predicate.Boundary) {
            return _judgeBoundary(domainSeparator, crosslink, abi.decode(evidence, (BoundaryEvidence)));
        }
        if (predicate == Predicate.Leaf) {
            return _judgeLeaf(domainSeparator, crosslink, abi.decode(evidence, (LeafEvidence)));
        }
        revert Judge_WrongPredicate(predicate);
    }

    /// @dev The rest of what a crosslink says of itself is checked when it is accepted, or here by its blocks.
    function _judgeCrosslink(
        bytes32 domainSeparator,
        Crosslink memory crosslink,
        CrosslinkEvidence memory e
    ) private pure returns (Fault, uint16) {
        Openings.requireParent(domainSeparator, crosslink, e.parent);
        if (crosslink.firstBlock != uint256(e.parent.lastBlock) + 1) return (Fault.WrongFirstBlock, NO_BLOCK);
        return (Fault.None, NO_BLOCK);
    }

    function _judgeHeader(
        bytes32 domainSeparator,
        Crosslink memory crosslink,
        HeaderEvidence memory e
    ) private view returns (Fault fault, uint16 blockIndex) {
        Openings.requireHeader(domainSeparator, crosslink, e.index, e.header);
        return (_faultOf(e.header.header, crosslink, e.index), _blockIndex(e.index));
    }

    function _judgeLink(
        bytes32 domainSeparator,
        Crosslink memory crosslink,
        LinkEvidence memory e
    ) private view returns (Fault fault, uint16 blockIndex) {
        Openings.requireHeader(domainSeparator, crosslink, e.index, e.header);
        (bool isGenesis, bytes32 parentHash, BlockHeader memory below) = Openings.requireBelow(
            domainSeparator,
            crosslink,
            e.index,
            e.below
        );
        blockIndex = _blockIndex(e.index);
        if (e.header.header.parentHash != parentHash) return (Fault.WrongParentHash, blockIndex);
        // On genesis any slot will do.
        if (!isGenesis && e.header.header.slot <= below.slot) return (Fault.SlotNotLater, blockIndex);
    }

    /// @dev The leaf is opened unless the fault is the crosslink's: then nobody need know it.
    function _judgeBoundary(
        bytes32 domainSeparator,
        Crosslink memory crosslink,
        BoundaryEvidence memory e
    ) private view returns (Fault fault, uint16 blockIndex) {
        Openings.requireHeader(domainSeparator, crosslink, e.index, e.header);
        BlockHeader memory header = e.header.header;
        uint256 blockCount = Openings.blockCount(crosslink);
        if (e.index == blockCount - 1) {
            if (crosslink.stateRoot != header.stateRoot) return (Fault.CrosslinkStateMismatch, NO_BLOCK);
            if (Openings.hasHiddenLeaves(blockCount, e.header.siblings)) return (Fault.BlocksPadding, NO_BLOCK);
        }
        // One without steps has no last one: it fails as a header.
        Openings.requireLeaf(header, uint256(header.stepCount) - 1, e.leaf);
        blockIndex = _blockIndex(e.index);
        if (Openings.hasHiddenLeaves(header.stepCount, e.leaf.siblings)) return (Fault.TracePadding, blockIndex);
        if (header.stateRoot != e.leaf.stateRoot) return (Fault.HeaderStateMismatch, blockIndex);
        if (header.fees != e.leaf.feesOf()) return (Fault.HeaderFeesMismatch, blockIndex);
    }

    function _judgeLeaf(
        bytes32 domainSeparator,
        Crosslink memory crosslink,
        LeafEvidence memory e
    ) private view returns (Fault fault, uint16 blockIndex) {
        Openings.requireHeader(domainSeparator, crosslink, e.index, e.header);
        Openings.requireLeaf(e.header.header, e.step, e.leaf);
        return (e.leaf.faultOf(e.step), _blockIndex(e.index));
    }

    function _faultOf(
        BlockHeader memory header,
        Crosslink memory crosslink,
        uint256 index
    ) private view returns (Fault) {
        if (header.shardId != crosslink.shardId) return Fault.HeaderOfOtherShard;
        if (header.generation != crosslink.generation) return Fault.HeaderOfOtherGeneration;
        if (header.number != uint256(crosslink.firstBlock) + index) return Fault.WrongBlockNumber;
        if (header.stepCount == 0 || header.stepCount > MAX_STEPS) return Fault.StepCountOutOfRange;
        if (header.slot / SLOTS_PER_EPOCH > crosslink.epoch) return Fault.SlotAfterEpoch;
        return Fault.None;
    }

    /// @dev Of a header that was opened, so it is less than the number of blocks, of which there are few.
    function _blockIndex(uint32 index) private pure returns (uint16) {
        return uint16(index);
    }
}
