// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {AppendTree} from "../libraries/AppendTree.sol";
import {Bls} from "../libraries/Bls.sol";
import {CheckpointEntries} from "../libraries/CheckpointEntries.sol";
import {EntryStandings} from "../libraries/EntryStandings.sol";
import {PaddedTree} from "../libraries/PaddedTree.sol";
import {SeatBitmap} from "../libraries/SeatBitmap.sol";
import {Sha256} from "../libraries/Sha256.sol";
import {SigningRoots} from "../libraries/SigningRoots.sol";
import {SparseMerkleTree} from "../libraries/SparseMerkleTree.sol";
import {SubmissionEncoding} from "../libraries/SubmissionEncoding.sol";
import {StateKeys} from "../libraries/StateKeys.sol";
import {IDisputes} from "../disputes/IDisputes.sol";
import {IShardRegistry} from "../shards/IShardRegistry.sol";
import {Checkpoint, CheckpointSubmission, Settlement, VoteSupplement} from "../types/Checkpoint.sol";
import {Crosslink} from "../types/Crosslink.sol";
import {EntryStanding} from "../types/EntryStanding.sol";
import {Predicate} from "../types/Fault.sol";
import {G1Point} from "../types/G1Point.sol";
import {G2Point} from "../types/G2Point.sol";
import {Message} from "../types/Message.sol";
import {Parameters} from "../types/Parameters.sol";
import {CrosslinkProof, MessageProof, StateProof} from "../types/Proofs.sol";
import {Ballot, IBeaconRegistry} from "./IBeaconRegistry.sol";
import {ICrosslinkAnchors} from "./ICrosslinkAnchors.sol";

/// @title Checkpoints: what the validators voted, what is final, what may be read
/// @notice See ICrosslinkAnchors. Which entries are void or held is kept by `EntryStandings`.
contract CrosslinkAnchors is ICrosslinkAnchors {
    using EntryStandings for EntryStandings.State;
    using SafeCast for uint256;
    using SeatBitmap for bytes;

    /// @dev One slot, which every vote writes. `times` are those of the slot in `_times` that is not full yet: of up to
    ///      two epochs, the last of which is `justified`.
    struct Finality {
        uint32 justified;
        uint32 finalized;
        uint32 settled;
        uint160 times;
    }

    /// @dev Of a checkpoint, what its neighbours cannot tell: the source, and the one built on it, where
    ///      epochs without a checkpoint lie between.
    struct Gap {
        uint64 sourceEpoch;
        uint64 nextEpoch;
    }

    uint256 private constant SIGNATURE_LENGTH = 256;

    /// @dev Time and block of acceptance, 40 bits each: three epochs share a slot. It is written when it is full, or
    ///      the next vote is of an epoch beyond it.
    uint256 private constant TIMES_PER_SLOT = 3;

    IBeaconRegistry private immutable REGISTRY;
    IShardRegistry private immutable SHARDS;
    uint256 private immutable SHARD_COUNT;
    uint256 private immutable MAX_BLOCKS;
    uint256 private immutable SUBMIT_EPOCHS;
    uint256 private immutable EPOCH_SECONDS;
    uint256 private immutable CHALLENGE_SECONDS;
    uint256 private immutable CHALLENGE_BLOCKS;

    Finality private _finality;
    // Keccak-256 of root and entries of the latest justified checkpoint: opens it for the next one at a fraction of
    // what its root would cost.
    bytes32 private _openingHash;
    // Keccak-256 of root and absent list, in one slot: who reads the one brings the hash of the other.
    mapping(uint256 epoch => bytes32 commitment) private _commitments;
    mapping(uint256 index => uint256 word) private _times;
    mapping(uint256 epoch => Gap gap) private _gaps;
    mapping(uint256 epoch => Settlement settlement) private _settlements;
    EntryStandings.State private _standings;

    constructor(IBeaconRegistry registry, IShardRegistry shards) {
        REGISTRY = registry;
        SHARDS = shards;
        Parameters memory p = registry.parameters();
        SHARD_COUNT = p.shardCount;
        MAX_BLOCKS = p.maxBlocks;
        SUBMIT_EPOCHS = p.submitEpochs;
        EPOCH_SECONDS = uint256(p.slotsPerEpoch) * p.secondsPerSlot;
        CHALLENGE_SECONDS = p.challengeEpochs * EPOCH_SECONDS;
        CHALLENGE_BLOCKS = p.challengeBlocks;
        // The genesis checkpoint, of epoch 0. It is justified, finalised and settled, and nothing can be read from it.
        bytes32 body = SigningRoots.checkpointBody(0, 0, 0, 0);
        bytes32[] memory entries = new bytes32[](p.shardCount);
        bytes32 root = Sha256.pair(PaddedTree.root(entries), body);
        _commitments[0] = Hashes.efficientKeccak256(root, 0);
        _openingHash = _hashOpening(entries, root);
        _finality.times = _pushTimes(_finality, 0);
        _standings.initialize();
    }

    // ---------------------------------------------------------------- votes

    /// @inheritdoc ICrosslinkAnchors
    function submit(CheckpointSubmission calldata s) external {
        // The entries must stand in the input of a transaction, where everybody finds them; a call between contracts
        // leaves none.
        // solhint-disable-next-line avoid-tx-origin
        if (msg.sender != tx.origin || msg.sender.code.length != 0) revert CrosslinkAnchors_NotPlainAccount(msg.sender);
        // There it has to be in the one encoding that every decoder reads alike: this contract follows offsets, and
        // overlooks bytes, that others refuse.
        if (!SubmissionEncoding.isCanonical(s)) revert CrosslinkAnchors_NotCanonical();
        uint64 justified = _finality.justified;
        if (s.sourceEpoch != justified) revert CrosslinkAnchors_NotLatestJustified(s.sourceEpoch, justified);
        if (s.targetEpoch <= justified) revert CrosslinkAnchors_TargetNotAfterSource(s.targetEpoch, justified);
        Ballot memory ballot = _openBallot(s);
        (bytes32[] memory entries, uint256 voided) = _nextEntries(s, ballot);
        bytes32 entriesRoot = PaddedTree.root(entries);
        bytes32 bodyRoot = SigningRoots.checkpointBody(s.targetEpoch, s.sourceEpoch, s.sourceRoot, s.rewardsRoot);
        bytes32 targetRoot = Sha256.pair(entriesRoot, bodyRoot);

        _requireVote(s, ballot, targetRoot);
        _openingHash = _hashOpening(entries, targetRoot);
        _accept(s, targetRoot);
        emit CheckpointAccepted(s.targetEpoch, s.sourceEpoch, targetRoot, entriesRoot, s.rewardsRoot, s.changed);
        if (voided != 0) emit EntriesVoided(s.targetEpoch, voided);
        if (s.targetEpoch == s.sourceEpoch + 1) emit CheckpointFinalized(s.sourceEpoch);
    }

    /// @inheritdoc ICrosslinkAnchors
    function supplement(VoteSupplement calldata s) external {
        bytes32 bodyRoot = SigningRoots.checkpointBody(s.targetEpoch, s.sourceEpoch, s.sourceRoot, s.rewardsRoot);
        bytes32 root = Sha256.pair(s.entriesRoot, bodyRoot);
        bytes32 commitment = Hashes.efficientKeccak256(root, _absentHash(s.absent));
        if (commitment != _commitments[s.targetEpoch]) {
            revert CrosslinkAnchors_WrongCheckpoint(commitment, _commitments[s.targetEpoch]);
        }
        // The challenge window is not shorter, so what has settled does not change any more.
        (uint256 acceptedAt, ) = _timesOf(s.targetEpoch);
        uint256 deadline = acceptedAt + EPOCH_SECONDS;
        if (block.timestamp >= deadline) revert CrosslinkAnchors_SupplementTooLate(s.targetEpoch, deadline);
        (bool isPart, bytes memory absent) = s.absent.without(s.added);
        if (!isPart) revert CrosslinkAnchors_NotAbsent();

        (, G1Point memory keys) = REGISTRY.sumOfKeys(s.targetEpoch, s.added);
        bytes32 digest = SigningRoots.vote(
            REGISTRY.domainSeparator(),
            s.sourceEpoch,
            s.sourceRoot,
            s.targetEpoch,
            root
        );
        if (!Bls.verify(keys, digest, _decodeSignature(s.signature), Bls.SIGNATURE_TAG)) {
            revert CrosslinkAnchors_InvalidSignature();
        }
        bytes32 absentHash = _absentHash(absent);
        _commitments[s.targetEpoch] = Hashes.efficientKeccak256(root, absentHash);
        emit VotesSupplemented(s.targetEpoch, s.added, absentHash);
    }

    /// @inheritdoc ICrosslinkAnchors
    function settle(uint256 max) external returns (uint256 settled) {
        Finality memory f = _finality;
        uint64 currentEpoch = REGISTRY.currentEpoch();
        for (; settled < max; ++settled) {
            uint64 next = _next(f.settled);
            if (next == 0 || next > f.finalized || !_isWindowOver(next)) break;
            uint192 exceptions = uint192(_standings.settle(next));
            _settlements[next] = Settlement({settledEpoch: currentEpoch, exceptions: exceptions});
            f.settled = uint32(next);
            emit CheckpointSettled(next, exceptions);
        }
        if (settled != 0) _finality.settled = f.settled;
    }

    // ---------------------------------------------------------------- disputes

    /// @inheritdoc ICrosslinkAnchors
    function voidEntry(CrosslinkProof calldata proof) external returns (bytes32 crosslinkHash) {
        if (msg.sender != REGISTRY.disputes()) revert CrosslinkAnchors_NotDisputes(msg.sender);
        crosslinkHash = openEntry(proof);
        Crosslink calldata crosslink = proof.crosslink;
        _standings.open(proof.position, crosslink.epoch, crosslink.parent, _finality.settled);
        emit CrosslinkVoided(crosslink.shardId, proof.position, crosslink.epoch, crosslinkHash, crosslink.parent);
        SHARDS.advanceGeneration(crosslink.shardId);
    }

    /// @inheritdoc ICrosslinkAnchors
    function hold(uint16 position, uint64 epoch, uint40 untilTime, uint40 untilBlock) external {
        if (msg.sender != IDisputes(REGISTRY.disputes()).judgeOf(Predicate.Silence)) {
            revert CrosslinkAnchors_NotDataChallenges(msg.sender);
        }
        _standings.hold(position, epoch, untilTime, untilBlock, _finality.settled);
        emit EntryHeld(position, epoch, untilTime, untilBlock);
    }

    /// @inheritdoc ICrosslinkAnchors
    function openEntry(CrosslinkProof calldata proof) public view returns (bytes32 crosslinkHash) {
        crosslinkHash = openAccepted(proof);
        (uint64 epoch, uint16 position) = (proof.checkpointEpoch, proof.position);
        if (_standings.isVoid(position, epoch)) revert CrosslinkAnchors_AlreadyVoid(epoch, position);
        if (epoch <= _standings.settledAt(position, _finality.settled)) {
            revert CrosslinkAnchors_AlreadySettled(epoch, position);
        }
    }

    /// @inheritdoc ICrosslinkAnchors
    function openAccepted(CrosslinkProof calldata proof) public view returns (bytes32 crosslinkHash) {
        if (proof.checkpointEpoch != proof.crosslink.epoch) {
            revert CrosslinkAnchors_NotItsCheckpoint(proof.checkpointEpoch, proof.crosslink.epoch);
        }
        return _openCrosslink(proof, REGISTRY.domainSeparator());
    }

    /// @inheritdoc ICrosslinkAnchors
    function isVoid(uint16 position, uint64 epoch) external view returns (bool) {
        return _standings.isVoid(position, epoch);
    }

    /// @inheritdoc ICrosslinkAnchors
    function standing(uint16 position) external view returns (EntryStanding memory s, bytes32 resume) {
        s = _standings.standings[position];
        s.settledEpoch = uint32(_standings.settledAt(position, _finality.settled));
        if (s.voidTo == EntryStandings.NEVER) resume = _standings.resumes[position];
    }

    // ---------------------------------------------------------------- finality

    /// @inheritdoc ICrosslinkAnchors
    function finality() external view returns (uint64 justified, uint64 finalized, uint64 settled) {
        Finality memory f = _finality;
        return (f.justified, f.finalized, f.settled);
    }

    /// @inheritdoc ICrosslinkAnchors
    function checkpoint(uint64 epoch) external view returns (Checkpoint memory c) {
        c.commitment = _commitments[epoch];
        if (c.commitment == 0) return c;
        (c.acceptedAt, c.acceptedBlock) = _timesOf(epoch);
        if (epoch != 0) c.sourceEpoch = _commitments[epoch - 1] != 0 ? epoch - 1 : _gaps[epoch].sourceEpoch;
        c.nextEpoch = _next(epoch);
    }

    /// @inheritdoc ICrosslinkAnchors
    function settlement(uint64 epoch) external view returns (Settlement memory) {
        return _settlements[epoch];
    }

    // ---------------------------------------------------------------- reads of settled state

    /// @inheritdoc ICrosslinkAnchors
    function verifyCrosslink(CrosslinkProof calldata proof) external view returns (bytes32 crosslinkHash) {
        return _verifyCrosslink(proof, REGISTRY.domainSeparator());
    }

    /// @inheritdoc ICrosslinkAnchors
    function verifyState(
        CrosslinkProof calldata proof,
        bytes32 key,
        bytes32 word,
        StateProof calldata state
    ) external view {
        _verifyCrosslink(proof, REGISTRY.domainSeparator());
        _verifyState(proof.crosslink.stateRoot, key, word, state.siblings);
    }

    /// @inheritdoc ICrosslinkAnchors
    function verifyMessage(Message calldata message, MessageProof calldata proof) external view {
        if (message.source != proof.crosslink.crosslink.shardId) {
            revert CrosslinkAnchors_WrongShard(proof.crosslink.crosslink.shardId, message.source);
        }
        bytes32 domainSeparator = REGISTRY.domainSeparator();
        _verifyCrosslink(proof.crosslink, domainSeparator);
        bytes32 digest = SigningRoots.message(domainSeparator, message);
        bytes32 outboxRoot = AppendTree.rootOf(digest, message.index, proof.count, proof.siblings);
        _verifyState(
            proof.crosslink.crosslink.stateRoot,
            StateKeys.outbox(message.destination),
            AppendTree.word(proof.count, outboxRoot),
            proof.stateSiblings
        );
    }

    // ---------------------------------------------------------------- private: votes

    /// @dev Mixes the reveal in before it is verified: one call instead of two, and a bad one reverts both.
    function _openBallot(CheckpointSubmission calldata s) private returns (Ballot memory ballot) {
        uint64 target = s.targetEpoch;
        uint64 current;
        (current, ballot) = REGISTRY.openBallot(target, s.absent, keccak256(s.reveal));
        if (target + SUBMIT_EPOCHS < current) revert CrosslinkAnchors_TooLate(target, current);
    }

    /// @dev Opens the source's entries and replaces those that change. What begins or ends to be void by that is
    ///      written down at once; nothing stays of it if the vote is bad.
    function _nextEntries(
        CheckpointSubmission calldata s,
        Ballot memory ballot
    ) private returns (bytes32[] memory entries, uint256 voided) {
        if (s.previousEntries.length != SHARD_COUNT) {
            revert CrosslinkAnchors_EntryCount(s.previousEntries.length, SHARD_COUNT);
        }
        if (s.changed >> ballot.committeeCount != 0) {
            revert CrosslinkAnchors_NoCommittee(s.changed, ballot.committeeCount);
        }
        entries = _copy(s.previousEntries);
        bytes32 opened = _hashOpening(entries, s.sourceRoot);
        if (opened != _openingHash) revert CrosslinkAnchors_WrongSource(opened, _openingHash);
        (uint256 plain, uint256[] memory allocation) = SHARDS.allocation(s.changed);
        // A shard in generation 0 has nothing that is void.
        uint256 special = s.changed & ~plain;
        uint256 open = special == 0 ? 0 : _standings.openAmong(special);
        voided = CheckpointEntries.replace(
            entries,
            s.changed,
            s.entries,
            plain,
            allocation,
            _resumes(open),
            ballot.domainSeparator,
            s.targetEpoch,
            MAX_BLOCKS
        );
        if (open & ~voided != 0) _close(open & ~voided, s.targetEpoch);
        if (voided & ~open != 0) _open(voided & ~open, s, allocation, ballot.domainSeparator);
    }

    /// @dev By position; empty if nothing is open.
    function _resumes(uint256 open) private view returns (bytes32[] memory parents) {
        if (open == 0) return parents;
        parents = new bytes32[](SHARD_COUNT);
        for (uint256 p = 0; p < SHARD_COUNT; ++p) {
            if ((open >> p) & 1 == 1) parents[p] = _standings.resumes[p];
        }
    }

    /// @dev At these positions an entry has come that is built on what was to be resumed.
    function _close(uint256 positions, uint64 epoch) private {
        for (uint256 p = 0; p < SHARD_COUNT; ++p) {
            if ((positions >> p) & 1 == 1) _standings.close(p, epoch);
        }
    }

    /// @dev At these positions an entry has come of a generation that its shard has left: it is passed over.
    function _open(
        uint256 positions,
        CheckpointSubmission calldata s,
        uint256[] memory allocation,
        bytes32 domainSeparator
    ) private {
        uint64 settled = _finality.settled;
        for (uint256 p = 0; p < SHARD_COUNT; ++p) {
            if ((positions >> p) & 1 == 0) continue;
            bytes32 resume = s.previousEntries[p];
            if (resume == 0) {
                uint32 shardId = uint32(CheckpointEntries.shardAt(allocation, p));
                resume = SigningRoots.genesisCrosslink(domainSeparator, shardId);
            }
            _standings.open(p, s.targetEpoch, resume, settled);
        }
    }

    /// @dev Of a list of fixed length, so that no two checkpoints have the same.
    function _hashOpening(bytes32[] memory entries, bytes32 root) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            // The root takes the place of the length meanwhile.
            let length := mload(entries)
            mstore(entries, root)
            hash := keccak256(entries, shl(5, add(length, 1)))
            mstore(entries, length)
        }
    }

    /// @dev The compiler would check and copy word by word.
    function _copy(bytes32[] calldata list) private pure returns (bytes32[] memory copy) {
        copy = new bytes32[](list.length);
        assembly ("memory-safe") {
            calldatacopy(add(copy, 32), list.offset, shl(5, list.length))
        }
    }

    function _requireVote(CheckpointSubmission calldata s, Ballot memory ballot, bytes32 targetRoot) private view {
        uint256 present = ballot.occupiedCount - ballot.absentCount;
        if (present * 3 < uint256(ballot.occupiedCount) * 2) {
            revert CrosslinkAnchors_NoQuorum(present, ballot.occupiedCount);
        }
        if (ballot.proposerKey.isInfinity()) revert CrosslinkAnchors_NoProposer(s.targetEpoch);
        bool isSigned = Bls.verifyVoteAndReveal(
            ballot.presentKey,
            SigningRoots.vote(ballot.domainSeparator, s.sourceEpoch, s.sourceRoot, s.targetEpoch, targetRoot),
            ballot.proposerKey,
            SigningRoots.randaoReveal(ballot.domainSeparator, s.targetEpoch),
            _decodeSignature(s.signature),
            _decodeSignature(s.reveal)
        );
        if (!isSigned) revert CrosslinkAnchors_InvalidSignature();
    }

    function _accept(CheckpointSubmission calldata s, bytes32 targetRoot) private {
        _commitments[s.targetEpoch] = Hashes.efficientKeccak256(targetRoot, _absentHash(s.absent));
        if (s.targetEpoch != s.sourceEpoch + 1) {
            _gaps[s.targetEpoch].sourceEpoch = s.sourceEpoch;
            _gaps[s.sourceEpoch].nextEpoch = s.targetEpoch;
        }
        Finality memory f = _finality;
        f.times = _pushTimes(f, s.targetEpoch);
        f.justified = uint256(s.targetEpoch).toUint32();
        // Its ancestors are finalised with it.
        if (s.targetEpoch == s.sourceEpoch + 1) f.finalized = uint32(s.sourceEpoch);
        _finality = f;
    }

    function _absentHash(bytes memory absent) private pure returns (bytes32) {
        return absent.length == 0 ? bytes32(0) : keccak256(absent);
    }

    function _decodeSignature(bytes calldata signature) private pure returns (G2Point memory) {
        if (signature.length != SIGNATURE_LENGTH) revert CrosslinkAnchors_SignatureLength(signature.length);
        return abi.decode(signature, (G2Point));
    }

    /// @dev Both clocks have to run: parent time stops for nobody, but a chain that stands still takes no challenges.
    function _isWindowOver(uint64 epoch) private view returns (bool) {
        (uint64 acceptedAt, uint64 acceptedBlock) = _timesOf(epoch);
        return block.timestamp >= acceptedAt + CHALLENGE_SECONDS && block.number >= acceptedBlock + CHALLENGE_BLOCKS;
    }

    /// @dev The checkpoint that took the one of `epoch` as its source; 0 if there is none. Each is built on the one
    ///      before it, so if the next epoch has one, that is it; only what comes after a gap is written down.
    function _next(uint64 epoch) private view returns (uint64) {
        unchecked {
            // After the last epoch that there can be comes the one of genesis, which is next to none.
            if (_commitments[epoch + 1] != 0) return epoch + 1;
        }
        return _gaps[epoch].nextEpoch;
    }

    /// @dev Adds the time and the block of a vote, which comes after the one of `f.justified`, to the slot of its
    ///      epoch, and returns the new `times` of `f`.
    function _pushTimes(Finality memory f, uint64 epoch) private returns (uint160) {
        uint256 slot = epoch / TIMES_PER_SLOT;
        uint256 word = f.times;
        if (f.justified / TIMES_PER_SLOT != slot) {
            if (word != 0) _times[f.justified / TIMES_PER_SLOT] = word;
            word = 0;
        }
        uint256 place = epoch % TIMES_PER_SLOT;
        word |= ((uint256(block.timestamp.toUint40()) << 40) | block.number.toUint40()) << (place * 80);
        if (place != TIMES_PER_SLOT - 1) return uint160(word);
        _times[slot] = word;
        return 0;
    }

    function _timesOf(uint64 epoch) private view returns (uint64 acceptedAt, uint64 acceptedBlock) {
        uint256 slot = epoch / TIMES_PER_SLOT;
        uint256 word = _times[slot];
        if (word == 0 && _finality.justified / TIMES_PER_SLOT == slot) word = _finality.times;
        uint256 times = word >> ((epoch % TIMES_PER_SLOT) * 80);
        return (uint40(times >> 40), uint40(times));
    }

    // ---------------------------------------------------------------- private: reads

    function _verifyCrosslink(
        CrosslinkProof calldata proof,
        bytes32 domainSeparator
    ) private view returns (bytes32 crosslinkHash) {
        uint64 epoch = proof.checkpointEpoch;
        Settlement memory s = _settlements[epoch];
        if (s.settledEpoch == 0) revert CrosslinkAnchors_NotSettled(epoch);
        crosslinkHash = _openCrosslink(proof, domainSeparator);
        if ((s.exceptions >> proof.position) & 1 == 1) revert CrosslinkAnchors_Excepted(epoch, proof.position);
    }

    function _openCrosslink(
        CrosslinkProof calldata proof,
        bytes32 domainSeparator
    ) private view returns (bytes32 crosslinkHash) {
        uint64 epoch = proof.checkpointEpoch;
        crosslinkHash = SigningRoots.crosslink(domainSeparator, proof.crosslink);
        bytes32 entriesRoot = PaddedTree.rootOf(crosslinkHash, proof.position, SHARD_COUNT, proof.siblings);
        bytes32 root = Sha256.pair(entriesRoot, proof.bodyRoot);
        bytes32 commitment = Hashes.efficientKeccak256(root, proof.absentHash);
        if (commitment != _commitments[epoch]) {
            revert CrosslinkAnchors_WrongCrosslink(commitment, _commitments[epoch]);
        }
    }

    function _verifyState(bytes32 stateRoot, bytes32 key, bytes32 word, bytes32[] calldata siblings) private view {
        bytes32 root = SparseMerkleTree.rootOf(key, word, siblings);
        if (root != stateRoot) revert CrosslinkAnchors_WrongState(root, stateRoot);
    }
}
