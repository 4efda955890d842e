// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBeaconRegistry} from "../beacon/IBeaconRegistry.sol";
import {ICrosslinkAnchors} from "../beacon/ICrosslinkAnchors.sol";
import {Bits} from "../libraries/Bits.sol";
import {Forfeits} from "../libraries/Forfeits.sol";
import {Openings} from "../libraries/Openings.sol";
import {PaddedTree} from "../libraries/PaddedTree.sol";
import {Sha256} from "../libraries/Sha256.sol";
import {SigningRoots} from "../libraries/SigningRoots.sol";
import {BlockHeader} from "../types/BlockHeader.sol";
import {Checkpoint} from "../types/Checkpoint.sol";
import {Crosslink} from "../types/Crosslink.sol";
import {HeaderEvidence} from "../types/DisputeEvidence.sol";
import {EntryStanding} from "../types/EntryStanding.sol";
import {Fault, NO_BLOCK, Predicate} from "../types/Fault.sol";
import {Parameters} from "../types/Parameters.sol";
import {CrosslinkProof} from "../types/Proofs.sol";
import {DataChallenge, IDataChallenges, TraceStep} from "./IDataChallenges.sol";
import {IJudge} from "./IJudge.sol";

/// @title Data challenges: what was anchored has to be shown
/// @notice See IDataChallenges.
contract DataChallenges is IDataChallenges, Forfeits {
    using SafeCast for uint256;

    /// @dev How often was asked at a position while the latest checkpoint that had settled there was that of the epoch.
    struct Asked {
        uint32 settledEpoch;
        uint32 count;
    }

    /// @dev An answer of up to 64 KiB fits in a transaction, which eight payloads of the greatest length make.
    uint256 private constant GROUP = 8;
    uint256 private constant CHUNK = 256;
    uint256 private constant CHUNK_DEPTH = 8;

    /// @dev As in ledger/: more in a header is a fault.
    uint256 private constant MAX_STEPS = 16_384;

    uint256 private constant MAX_OPEN = 64;

    uint256 private constant BOND_QUOTIENT = 64;
    /// @dev What the answers to a chunk of 256 steps cost whose payloads have three kilobytes each, as messages of
    ///      other shards have.
    uint256 private constant ANSWER_GAS = 32_000_000;
    /// @dev The part of a bond that is the answerer's.
    uint256 private constant ANSWER_QUOTIENT = 2;

    IBeaconRegistry private immutable REGISTRY;
    ICrosslinkAnchors private immutable ANCHORS;
    uint256 private immutable WINDOW_SECONDS;
    uint256 private immutable WINDOW_BLOCKS;
    uint256 private immutable MIN_BOND;

    mapping(uint256 id => DataChallenge challenge) private _challenges;
    mapping(bytes32 crosslinkHash => uint256 count) private _openCounts;
    mapping(uint256 position => Asked asked) private _asked;

    constructor(IBeaconRegistry registry, ICrosslinkAnchors anchors) {
        REGISTRY = registry;
        ANCHORS = anchors;
        Parameters memory p = registry.parameters();
        WINDOW_SECONDS = uint256(p.challengeEpochs) * p.slotsPerEpoch * p.secondsPerSlot;
        WINDOW_BLOCKS = p.challengeBlocks;
        MIN_BOND = Math.ceilDiv(p.shardBond, BOND_QUOTIENT);
    }

    // ---------------------------------------------------------------- challenges

    /// @inheritdoc IDataChallenges
    function challengeHeaders(CrosslinkProof calldata proof) external payable returns (uint256 id) {
        DataChallenge memory c;
        c.crosslinkHash = ANCHORS.openEntry(proof);
        c.root = proof.crosslink.blocksRoot;
        c.count = uint32(Openings.blockCount(proof.crosslink));
        c.blockIndex = NO_BLOCK;
        c.missing = 1;
        return _ask(proof, c, 0);
    }

    /// @inheritdoc IDataChallenges
    function challengeChunk(
        CrosslinkProof calldata proof,
        HeaderEvidence calldata evidence,
        uint32 chunk
    ) external payable returns (uint256 id) {
        DataChallenge memory c;
        c.crosslinkHash = ANCHORS.openEntry(proof);
        BlockHeader calldata header = evidence.header.header;
        bytes32 blockHash = Openings.requireHeader(
            REGISTRY.domainSeparator(),
            proof.crosslink,
            evidence.index,
            evidence.header
        );
        uint256 stepCount = header.stepCount;
        uint256 chunks = stepCount > MAX_STEPS ? 0 : Math.ceilDiv(stepCount, CHUNK);
        if (chunk >= chunks) revert DataChallenges_NoSuchChunk(chunk, chunks);
        c.root = header.traceRoot;
        c.count = uint32(stepCount);
        c.blockIndex = uint16(evidence.index);
        c.chunk = uint8(chunk);
        c.missing = _groups(0, Math.min(CHUNK, stepCount - chunk * CHUNK));
        return _ask(proof, c, blockHash);
    }

    /// @inheritdoc IDataChallenges
    function reclaim(uint256 id) external {
        DataChallenge memory c = _challengeOf(id);
        if (c.bond == 0) revert DataChallenges_NoBond(id);
        if (!_isOverdue(c) && !ANCHORS.isVoid(c.position, c.epoch)) revert DataChallenges_NotDue(id);
        _challenges[id].bond = 0;
        --_openCounts[c.crosslinkHash];
        emit BondReturned(id, c.challenger, c.bond);
        _credit(c.challenger, c.bond);
    }

    // ---------------------------------------------------------------- answers

    /// @inheritdoc IDataChallenges
    function answerHeaders(uint256 id, BlockHeader[] calldata headers) external {
        DataChallenge memory c = _openChallenge(id);
        if (c.blockIndex != NO_BLOCK) revert DataChallenges_WrongKind(id);
        if (headers.length != c.count) revert DataChallenges_WrongCount(headers.length, c.count);
        bytes32 domainSeparator = REGISTRY.domainSeparator();
        bytes32[] memory hashes = new bytes32[](headers.length);
        for (uint256 i = 0; i < headers.length; ++i) {
            hashes[i] = SigningRoots.blockHeader(domainSeparator, headers[i]);
        }
        _requireRoot(PaddedTree.root(hashes), c.root);
        emit HeadersAnswered(id, msg.sender, headers);
        _pay(id, c, c.missing);
    }

    /// @inheritdoc IDataChallenges
    function answerSteps(
        uint256 id,
        uint32 first,
        TraceStep[] calldata steps,
        bytes32[] calldata siblings,
        bytes32[] calldata chunkRoots
    ) external {
        DataChallenge memory c = _openChallenge(id);
        if (c.blockIndex == NO_BLOCK) revert DataChallenges_WrongKind(id);
        uint256 depth = _partDepth(c, first, steps.length);
        uint32 answered = _groups(first % CHUNK, steps.length) & c.missing;
        if (answered == 0) revert DataChallenges_NotOpen(id);

        uint256 traceDepth = PaddedTree.depth(c.count);
        uint256 chunkDepth = Math.min(traceDepth, CHUNK_DEPTH);
        uint256 chunks = 1 << (traceDepth - chunkDepth);
        if (chunkRoots.length != chunks) revert DataChallenges_WrongCount(chunkRoots.length, chunks);
        if (siblings.length != chunkDepth - depth) {
            revert DataChallenges_WrongCount(siblings.length, chunkDepth - depth);
        }
        bytes32 part = _rootOfSteps(steps, depth);
        uint256 index = (first % CHUNK) >> depth;
        _requireRoot(PaddedTree.rootOf(part, index, 1 << siblings.length, siblings), chunkRoots[c.chunk]);
        _requireRoot(PaddedTree.root(chunkRoots), c.root);
        emit StepsAnswered(id, msg.sender, c.missing ^ answered, first, steps, siblings, chunkRoots);
        _pay(id, c, answered);
    }

    // ---------------------------------------------------------------- judgement

    /// @inheritdoc IJudge
    function judge(
        Predicate predicate,
        Crosslink calldata crosslink,
        bytes calldata evidence
    ) external view returns (Fault fault, uint16 blockIndex) {
        if (predicate != Predicate.Silence) revert Judge_WrongPredicate(predicate);
        uint256 id = abi.decode(evidence, (uint256));
        DataChallenge memory c = _challengeOf(id);
        bytes32 crosslinkHash = SigningRoots.crosslink(REGISTRY.domainSeparator(), crosslink);
        if (crosslinkHash != c.crosslinkHash) revert DataChallenges_Unknown(id);
        if (c.missing == 0) return (Fault.None, NO_BLOCK);
        if (!_isOverdue(c)) revert DataChallenges_NotDue(id);
        return (Fault.Unanswered, NO_BLOCK);
    }

    // ---------------------------------------------------------------- reads

    /// @inheritdoc IDataChallenges
    function challenge(uint256 id) external view returns (DataChallenge memory) {
        return _challenges[id];
    }

    /// @inheritdoc IDataChallenges
    function openCount(bytes32 crosslinkHash) external view returns (uint256) {
        return _openCounts[crosslinkHash];
    }

    /// @inheritdoc IDataChallenges
    function nextBond(uint16 position) external view returns (uint256) {
        return _bondOf(_nextAt(position));
    }

    // ---------------------------------------------------------------- private: challenges

    /// @notice Records a challenge and holds what it asks about.
    /// @param c of which the crosslink, the root and what is asked for under it are there
    function _ask(
        CrosslinkProof calldata proof,
        DataChallenge memory c,
        bytes32 blockHash
    ) private returns (uint256 id) {
        id = uint256(keccak256(abi.encode(c.crosslinkHash, c.blockIndex, c.chunk)));
        if (_challenges[id].challenger != address(0)) revert DataChallenges_AlreadyAsked(id);
        Asked memory asked = _nextAt(proof.position);
        _asked[proof.position] = asked;
        uint256 bond = _bondOf(asked);
        if (msg.value < bond) revert DataChallenges_BondTooLow(msg.value, bond);
        if (++_openCounts[c.crosslinkHash] > MAX_OPEN) revert DataChallenges_TooMany(c.crosslinkHash, MAX_OPEN);

        (c.challenger, c.bond) = (msg.sender, bond.toUint96());
        (c.epoch, c.position) = (proof.crosslink.epoch, proof.position);
        (uint40 untilTime, uint40 untilBlock) = _setDeadline(c);
        _challenges[id] = c;
        emit DataChallenged(
            id,
            c.crosslinkHash,
            blockHash,
            c.chunk,
            c.missing,
            msg.sender,
            c.bond,
            c.deadlineTime,
            c.deadlineBlock
        );
        ANCHORS.hold(c.position, c.epoch, untilTime, untilBlock);
        // The base fee, and with it the bond, is not known before the transaction is in a block.
        if (msg.value != bond) Address.sendValue(payable(msg.sender), msg.value - bond);
    }

    /// @dev The next challenge at the position, counted.
    function _nextAt(uint16 position) private view returns (Asked memory asked) {
        asked = _asked[position];
        (EntryStanding memory standing, ) = ANCHORS.standing(position);
        if (asked.settledEpoch != standing.settledEpoch) asked = Asked(standing.settledEpoch, 0);
        ++asked.count;
    }

    function _bondOf(Asked memory asked) private view returns (uint256) {
        return asked.count * Math.max(MIN_BOND, block.basefee * ANSWER_GAS * ANSWER_QUOTIENT);
    }

    /// @notice Gives half a window to answer, whenever it was asked.
    /// @return untilTime until when the entry does not settle
    function _setDeadline(DataChallenge memory c) private view returns (uint40 untilTime, uint40 untilBlock) {
        Checkpoint memory accepted = ANCHORS.checkpoint(c.epoch);
        if (
            block.timestamp >= _lastStart(accepted.acceptedAt, WINDOW_SECONDS) &&
            block.number >= _lastStart(accepted.acceptedBlock, WINDOW_BLOCKS)
        ) revert DataChallenges_TooLate(c.crosslinkHash);
        c.deadlineTime = (block.timestamp + Math.ceilDiv(WINDOW_SECONDS, 2)).toUint40();
        c.deadlineBlock = (block.number + Math.ceilDiv(WINDOW_BLOCKS, 2)).toUint40();
        untilTime = _endOfHold(accepted.acceptedAt, block.timestamp, WINDOW_SECONDS).toUint40();
        untilBlock = _endOfHold(accepted.acceptedBlock, block.number, WINDOW_BLOCKS).toUint40();
    }

    /// @dev From then on three quarters of a window lead beyond the second one. It is later than the first, so that
    ///      what is withheld until the last moment cannot keep off the questions that follow from it.
    function _lastStart(uint256 accepted, uint256 window) private pure returns (uint256) {
        return accepted + window + window / 4;
    }

    /// @dev A window, half of it to dispute what was answered; where that leads beyond the second window, a quarter.
    function _endOfHold(uint256 accepted, uint256 start, uint256 window) private pure returns (uint256) {
        uint256 least = start + window - window / 4;
        return Math.max(least, Math.min(start + window, accepted + 2 * window));
    }

    function _challengeOf(uint256 id) private view returns (DataChallenge memory c) {
        c = _challenges[id];
        if (c.challenger == address(0)) revert DataChallenges_Unknown(id);
    }

    function _isOverdue(DataChallenge memory c) private view returns (bool) {
        return block.timestamp >= c.deadlineTime && block.number >= c.deadlineBlock;
    }

    // ---------------------------------------------------------------- private: answers

    /// @dev What can still be answered. Of a void crosslink the bond is the challenger's.
    function _openChallenge(uint256 id) private view returns (DataChallenge memory c) {
        c = _challengeOf(id);
        if (c.missing == 0 || _isOverdue(c) || ANCHORS.isVoid(c.position, c.epoch)) {
            revert DataChallenges_NotOpen(id);
        }
    }

    /// @dev How deep the subtree of the steps is: the smallest that holds them, but at least that of a group, or of the
    ///      whole trace if that is smaller.
    function _partDepth(DataChallenge memory c, uint256 first, uint256 count) private pure returns (uint256 depth) {
        uint256 end = first + count;
        if (count == 0 || count > CHUNK || first / CHUNK != c.chunk || end > c.count) {
            revert DataChallenges_WrongRange(first, count);
        }
        uint256 size = Math.max(GROUP, 1 << PaddedTree.depth(count));
        if (first % size != 0 || (count != size && end != c.count)) revert DataChallenges_WrongRange(first, count);
        return Math.min(PaddedTree.depth(size), PaddedTree.depth(c.count));
    }

    /// @dev The bits of `count` steps from number `start` of the chunk on, which a group begins with.
    function _groups(uint256 start, uint256 count) private pure returns (uint32) {
        return uint32(((1 << Math.ceilDiv(count, GROUP)) - 1) << (start / GROUP));
    }

    function _rootOfSteps(TraceStep[] calldata steps, uint256 depth) private view returns (bytes32) {
        bytes32[] memory leaves = new bytes32[](1 << depth);
        for (uint256 i = 0; i < steps.length; ++i) {
            TraceStep calldata s = steps[i];
            leaves[i] = Sha256.pair(Sha256.pair(s.word, keccak256(s.payload)), s.stateRoot);
        }
        return PaddedTree.root(leaves);
    }

    function _requireRoot(bytes32 root, bytes32 expected) private pure {
        if (root != expected) revert DataChallenges_WrongAnswer(root, expected);
    }

    /// @dev For the bits that were answered, their share of what is left of the bond.
    function _pay(uint256 id, DataChallenge memory c, uint32 answered) private {
        uint32 missing = c.missing ^ answered;
        uint256 share = missing == 0 ? c.bond : (c.bond * Bits.count(answered)) / Bits.count(c.missing);
        _challenges[id].missing = missing;
        _challenges[id].bond = uint96(c.bond - share);
        if (missing == 0) --_openCounts[c.crosslinkHash];
        uint256 reward = share / ANSWER_QUOTIENT;
        _credit(msg.sender, reward);
        _burn(share - reward);
    }
}
