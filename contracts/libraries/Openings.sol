// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockHeader} from "../types/BlockHeader.sol";
import {Crosslink} from "../types/Crosslink.sol";
import {BelowOpening, HeaderOpening, LeafOpening} from "../types/DisputeEvidence.sol";
import {Fault} from "../types/Fault.sol";
import {PaddedTree} from "./PaddedTree.sol";
import {Sha256} from "./Sha256.sol";
import {SigningRoots} from "./SigningRoots.sol";

/**
 * @title From a crosslink down to its blocks and their steps
 * @notice What a judge looks at is what the crosslink binds, or it reverts: no opening that the caller got wrong is
 * ever taken for a fault. The crosslink itself is one that was accepted: its blocks are in order, and not too many.
 */
library Openings {
    uint256 private constant MAX_PAYLOAD_BYTES = 8192;
    uint8 private constant BLOCK_START = 0;
    uint8 private constant LAST_KIND = 3;

    /// @notice The block with this hash is not number `index` of the crosslink, by these siblings.
    error Openings_WrongHeader(uint256 index, bytes32 blocksRoot, bytes32 actual);
    /// @notice The leaf is not number `step` of the trace, by these siblings.
    error Openings_WrongLeaf(uint256 step, bytes32 traceRoot, bytes32 actual);
    /// @notice The crosslink is not the one that is built on.
    error Openings_WrongParent(bytes32 parent, bytes32 actual);

    // ------------------------------------------------------------------ crosslinks and headers

    /// @notice Number of blocks of an accepted crosslink that is not the genesis one.
    function blockCount(Crosslink memory crosslink) internal pure returns (uint256) {
        return uint256(crosslink.lastBlock) - crosslink.firstBlock + 1;
    }

    /// @notice Reverts unless the crosslink builds on `parent`.
    /// @return isGenesis the shard's genesis crosslink: there is no block below
    function requireParent(
        bytes32 domainSeparator,
        Crosslink memory crosslink,
        Crosslink memory parent
    ) internal pure returns (bool isGenesis) {
        bytes32 actual = SigningRoots.crosslink(domainSeparator, parent);
        if (actual != crosslink.parent) revert Openings_WrongParent(crosslink.parent, actual);
        return isOnGenesis(domainSeparator, crosslink);
    }

    /// @notice Whether the crosslink is the first of its shard that is not void.
    function isOnGenesis(bytes32 domainSeparator, Crosslink memory crosslink) internal pure returns (bool) {
        return crosslink.parent == SigningRoots.genesisCrosslink(domainSeparator, crosslink.shardId);
    }

    /// @notice Reverts unless the header is number `index`, from 0, of the crosslink's blocks.
    /// @return blockHash of the header
    function requireHeader(
        bytes32 domainSeparator,
        Crosslink memory crosslink,
        uint256 index,
        HeaderOpening memory opening
    ) internal view returns (bytes32 blockHash) {
        blockHash = SigningRoots.blockHeader(domainSeparator, opening.header);
        bytes32 actual = PaddedTree.rootOf(blockHash, index, blockCount(crosslink), opening.siblings);
        if (actual != crosslink.blocksRoot) revert Openings_WrongHeader(index, crosslink.blocksRoot, actual);
    }

    /**
     * @notice Reverts unless `below` opens the block below number `index` of the crosslink: the one before, or for the
     * first one the parent's last.
     * @return isGenesis there is none, the crosslink is built on the genesis crosslink; `header` is then empty
     * @return parentHash what the block has to name: the hash of `header`, or of the genesis crosslink
     */
    function requireBelow(
        bytes32 domainSeparator,
        Crosslink memory crosslink,
        uint256 index,
        BelowOpening memory below
    ) internal view returns (bool isGenesis, bytes32 parentHash, BlockHeader memory header) {
        if (index != 0) {
            parentHash = requireHeader(domainSeparator, crosslink, index - 1, below.header);
            return (false, parentHash, below.header.header);
        }
        if (isOnGenesis(domainSeparator, crosslink)) return (true, crosslink.parent, header);
        requireParent(domainSeparator, crosslink, below.parent);
        parentHash = requireHeader(domainSeparator, below.parent, blockCount(below.parent) - 1, below.header);
        return (false, parentHash, below.header.header);
    }

    // ------------------------------------------------------------------ leaves

    /// @notice Reverts unless the leaf is number `step` of the header's trace. What it claims is not looked at.
    function requireLeaf(BlockHeader memory header, uint256 step, LeafOpening memory opening) internal view {
        bytes32 actual = PaddedTree.rootOf(_hashOf(opening), step, header.stepCount, opening.siblings);
        if (actual != header.traceRoot) revert Openings_WrongLeaf(step, header.traceRoot, actual);
    }

    /**
     * @notice Reverts unless `previous` is the leaf before `leaf`, which is number `step` of a trace, by a path that
     * was checked. On that path, where the lowest set bit of the step is, stands the subtree that ends with the leaf
     * before: the siblings lead only so far.
     */
    function requireLeafBefore(uint256 step, LeafOpening memory leaf, LeafOpening memory previous) internal view {
        uint256 height;
        while ((step >> height) & 1 == 0) ++height;
        bytes32 actual = PaddedTree.rootOf(_hashOf(previous), (1 << height) - 1, 1 << height, previous.siblings);
        bytes32 expected = leaf.siblings[height];
        if (actual != expected) revert Openings_WrongLeaf(step - 1, expected, actual);
    }

    function _hashOf(LeafOpening memory leaf) private view returns (bytes32) {
        return Sha256.pair(Sha256.pair(leaf.word, leaf.payloadHash), leaf.stateRoot);
    }

    /// @notice What is wrong with the leaf of number `step` by itself, whatever its payload is.
    function faultOf(LeafOpening memory leaf, uint256 step) internal pure returns (Fault) {
        if (indexOf(leaf) != step) return Fault.WrongLeafIndex;
        uint8 kind = kindOf(leaf);
        if (kind > LAST_KIND) return Fault.UnknownStepKind;
        if (lengthOf(leaf) > MAX_PAYLOAD_BYTES) return Fault.PayloadTooLong;
        if ((kind == BLOCK_START) != (step == 0)) return Fault.MisplacedBlockStart;
        if (paddingOf(leaf) != 0) return Fault.LeafPadding;
        return Fault.None;
    }

    function indexOf(LeafOpening memory leaf) internal pure returns (uint64) {
        return uint64(uint256(leaf.word) >> 192);
    }

    function kindOf(LeafOpening memory leaf) internal pure returns (uint8) {
        return uint8(uint256(leaf.word) >> 184);
    }

    /// @notice Claimed length of the payload, in bytes.
    function lengthOf(LeafOpening memory leaf) internal pure returns (uint32) {
        return uint32(uint256(leaf.word) >> 152);
    }

    /// @notice Claimed fees of the block up to and including the step.
    function feesOf(LeafOpening memory leaf) internal pure returns (uint128) {
        return uint128(uint256(leaf.word) >> 24);
    }

    /// @notice The three bytes that are zero in a sound leaf.
    function paddingOf(LeafOpening memory leaf) internal pure returns (uint24) {
        return uint24(uint256(leaf.word));
    }

    // ------------------------------------------------------------------ padding

    /**
     * @notice Whether anything but zero stands behind the last of `count` leaves.
     * @param siblings of the last leaf, as many as the tree is deep, bottom up: the right ones among them are the roots
     * of all that is behind it
     */
    function hasHiddenLeaves(uint256 count, bytes32[] memory siblings) internal view returns (bool) {
        uint256 last = count - 1;
        bytes32 unused;
        for (uint256 i = 0; i < siblings.length; ++i) {
            if ((last >> i) & 1 == 0 && siblings[i] != unused) return true;
            unused = Sha256.pair(unused, unused);
        }
        return false;
    }
}
