// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Bls} from "../libraries/Bls.sol";
import {CommitReveal} from "../libraries/CommitReveal.sol";
import {KeyBlobs} from "../libraries/KeyBlobs.sol";
import {ListedKeys} from "../libraries/ListedKeys.sol";
import {Sha256} from "../libraries/Sha256.sol";
import {SigningRoots} from "../libraries/SigningRoots.sol";
import {SlashableVotes} from "../libraries/SlashableVotes.sol";
import {ValidatorList} from "../libraries/ValidatorList.sol";
import {IShardRegistry} from "../shards/IShardRegistry.sol";
import {BlockHeader} from "../types/BlockHeader.sol";
import {Crosslink} from "../types/Crosslink.sol";
import {SignedAttestation, SignedHeader, SignedProposal, SignedVote, Signers, VoteForm} from "../types/Evidence.sol";
import {G1Point} from "../types/G1Point.sol";
import {G2Point} from "../types/G2Point.sol";
import {Vote} from "../types/Vote.sol";
import {IBeaconRegistry} from "./IBeaconRegistry.sol";
import {ICrosslinkAnchors} from "./ICrosslinkAnchors.sol";
import {ISlashings, Offence} from "./ISlashings.sol";
import {IStaking} from "./IStaking.sol";

/// @title Slashing: evidence of what nobody may sign, and its consequences
/// @notice See ISlashings.
contract Slashings is ISlashings, CommitReveal, Multicall {
    using ValidatorList for bytes;

    uint256 private constant SIGNATURE_LENGTH = 256;
    uint256 private constant OPENING_LENGTH = 64;
    uint256 private constant HEADER_SIGNATURE_LENGTH = 65;

    IBeaconRegistry private immutable REGISTRY;
    IStaking private immutable STAKING;
    ICrosslinkAnchors private immutable ANCHORS;
    IShardRegistry private immutable SHARDS;

    mapping(bytes32 id => address reporter) private _reporters;

    constructor(IBeaconRegistry registry, IStaking staking, ICrosslinkAnchors anchors, IShardRegistry shards) {
        REGISTRY = registry;
        STAKING = staking;
        ANCHORS = anchors;
        SHARDS = shards;
    }

    // ---------------------------------------------------------------- evidence

    /// @inheritdoc ISlashings
    function reportVotes(SignedVote calldata a, SignedVote calldata b, bytes32 salt) external returns (bytes32 id) {
        _reveal(keccak256(abi.encode(a, b)), salt);
        bool isDouble = SlashableVotes.isDoubleVote(a.vote, b.vote);
        if (!isDouble && !SlashableVotes.isSurroundVote(a.vote, b.vote)) revert Slashings_VotesNotSlashable();
        bytes32 domainSeparator = REGISTRY.domainSeparator();
        _requireVote(domainSeparator, a);
        _requireVote(domainSeparator, b);
        return _record(isDouble ? Offence.DoubleVote : Offence.SurroundVote, _signersOf(a), _signersOf(b));
    }

    /// @inheritdoc ISlashings
    function reportAttestations(
        SignedAttestation calldata a,
        SignedAttestation calldata b,
        bytes32 salt
    ) external returns (bytes32 id) {
        _reveal(keccak256(abi.encode(a, b)), salt);
        (Crosslink calldata x, Crosslink calldata y) = (a.crosslink, b.crosslink);
        if (x.shardId != y.shardId || x.generation != y.generation || x.epoch != y.epoch) {
            revert Slashings_DifferentDuties();
        }
        bytes32 domainSeparator = REGISTRY.domainSeparator();
        bytes32 digestOfA = SigningRoots.crosslink(domainSeparator, x);
        bytes32 digestOfB = SigningRoots.crosslink(domainSeparator, y);
        if (digestOfA == digestOfB) revert Slashings_SameMessage(digestOfA);
        _requireSignature(ListedKeys.sum(a.signers, REGISTRY.keyOf), digestOfA, a.signature);
        _requireSignature(ListedKeys.sum(b.signers, REGISTRY.keyOf), digestOfB, b.signature);
        return _record(Offence.DoubleAttestation, _listed(a.signers), _listed(b.signers));
    }

    /// @inheritdoc ISlashings
    function reportProposals(
        uint32 validator,
        uint64 epoch,
        SignedProposal calldata a,
        SignedProposal calldata b,
        bytes32 salt
    ) external returns (bytes32 id) {
        _reveal(keccak256(abi.encode(validator, epoch, a, b)), salt);
        bytes32 domainSeparator = REGISTRY.domainSeparator();
        bytes32 digestOfA = SigningRoots.proposal(domainSeparator, epoch, a.checkpointRoot);
        bytes32 digestOfB = SigningRoots.proposal(domainSeparator, epoch, b.checkpointRoot);
        if (digestOfA == digestOfB) revert Slashings_SameMessage(digestOfA);
        G1Point memory key = REGISTRY.keyOf(validator);
        _requireSignature(key, digestOfA, a.signature);
        _requireSignature(key, digestOfB, b.signature);
        Signers memory proposer = _listed(abi.encodePacked(validator));
        return _record(Offence.DoubleProposal, proposer, proposer);
    }

    /// @inheritdoc ISlashings
    function reportHeaders(SignedHeader calldata a, SignedHeader calldata b, bytes32 salt) external {
        _reveal(keccak256(abi.encode(a, b)), salt);
        (BlockHeader calldata x, BlockHeader calldata y) = (a.header, b.header);
        if (x.shardId != y.shardId || x.generation != y.generation || x.number != y.number) {
            revert Slashings_DifferentDuties();
        }
        bytes32 domainSeparator = REGISTRY.domainSeparator();
        bytes32 hashOfA = SigningRoots.blockHeader(domainSeparator, x);
        bytes32 hashOfB = SigningRoots.blockHeader(domainSeparator, y);
        if (hashOfA == hashOfB) revert Slashings_SameMessage(hashOfA);
        address operator = SHARDS.operatorOf(x.shardId, x.generation);
        _requireOperator(operator, hashOfA, a.signature);
        _requireOperator(operator, hashOfB, b.signature);
        uint256 penalty = SHARDS.slashBond(x.shardId, x.generation, msg.sender);
        if (penalty == 0) revert Slashings_NoBond(x.shardId);
        emit OperatorPunished(x.shardId, x.generation, x.number, msg.sender, penalty);
    }

    /// @inheritdoc ISlashings
    function punish(
        Signers calldata a,
        Signers calldata b,
        uint256 first,
        uint256 count
    ) external returns (uint256 punished) {
        bytes32 id = keccak256(abi.encode(a, b));
        address reporter = _reporters[id];
        if (reporter == address(0)) revert Slashings_NotReported(id);
        uint256 total = a.isList ? a.members.count() : REGISTRY.seatCount(a.epoch);
        uint256 end = Math.min(Math.saturatingAdd(first, count), total);
        uint32[] memory occupants;
        for (uint256 i = first; i < end; ++i) {
            uint32 validator;
            if (a.isList) {
                validator = a.members.validatorAt(i);
            } else {
                if (i == first || i % KeyBlobs.GROUP == 0) {
                    occupants = REGISTRY.groupOccupants(uint32(i / KeyBlobs.GROUP), a.epoch);
                }
                validator = _isListed(a.members, i) ? 0 : occupants[i % KeyBlobs.GROUP];
            }
            if (validator == 0 || !_isAmong(b, validator)) continue;
            uint96 penalty = STAKING.slash(validator, reporter);
            if (penalty == 0) continue;
            ++punished;
            emit OffenderPunished(id, validator, penalty);
        }
    }

    // ---------------------------------------------------------------- reads

    /// @inheritdoc ISlashings
    function reporterOf(bytes32 id) external view returns (address) {
        return _reporters[id];
    }

    /// @inheritdoc ISlashings
    function maxListed() external pure returns (uint256) {
        return ListedKeys.MAX_LISTED;
    }

    // ---------------------------------------------------------------- private: reports

    function _record(Offence offence, Signers memory a, Signers memory b) private returns (bytes32 id) {
        id = keccak256(abi.encode(a, b));
        if (_reporters[id] != address(0)) revert Slashings_AlreadyReported(id);
        _reporters[id] = msg.sender;
        emit OffenceReported(id, msg.sender, offence, a, b);
    }

    function _signersOf(SignedVote calldata v) private pure returns (Signers memory) {
        if (v.form == VoteForm.List) return _listed(v.signers);
        return Signers({isList: false, epoch: v.vote.targetEpoch, members: v.signers});
    }

    function _listed(bytes memory list) private pure returns (Signers memory) {
        return Signers({isList: true, epoch: 0, members: list});
    }

    // ---------------------------------------------------------------- private: who is guilty

    /// @dev Whoever has been verified to be among the signers signed: nobody else could, because of the proofs of
    ///      possession. The reverse does not hold (see AbsentSeats).
    function _isAmong(Signers calldata signers, uint32 validator) private view returns (bool) {
        if (signers.isList) return signers.members.contains(validator);
        // A seat changes hands, so it is the occupant of that epoch that counts.
        (uint32 seat, uint64 activationEpoch, uint64 exitEpoch) = REGISTRY.tenure(validator);
        if (signers.epoch < activationEpoch || signers.epoch >= exitEpoch) return false;
        return !_isListed(signers.members, seat);
    }

    /// @dev Whether a canonical bitmap, which is empty if no bit is set, has the seat.
    function _isListed(bytes calldata bitmap, uint256 seat) private pure returns (bool) {
        return bitmap.length != 0 && (uint8(bitmap[seat / 8]) >> (seat % 8)) & 1 == 1;
    }

    // ---------------------------------------------------------------- private: signatures

    function _requireVote(bytes32 domainSeparator, SignedVote calldata v) private view {
        if (v.form == VoteForm.Accepted) return _requireAccepted(v);
        G1Point memory key =
            v.form == VoteForm.List
                ? ListedKeys.sum(v.signers, REGISTRY.keyOf)
                : REGISTRY.ballot(v.vote.targetEpoch, v.signers).presentKey;
        Vote calldata vote = v.vote;
        bytes32 digest = SigningRoots.vote(
            domainSeparator,
            vote.sourceEpoch,
            vote.sourceRoot,
            vote.targetEpoch,
            vote.targetRoot
        );
        _requireSignature(key, digest, v.proof);
    }

    /// @dev The contract keeps neither the root nor the source of a checkpoint: the one is in its commitment, and the
    ///      other in the root. The checkpoint of epoch 0 is there without a vote.
    function _requireAccepted(SignedVote calldata v) private view {
        if (v.proof.length != OPENING_LENGTH) revert Slashings_ProofLength(v.proof.length, OPENING_LENGTH);
        Vote calldata vote = v.vote;
        bytes32 bodyRoot = SigningRoots.checkpointBody(
            vote.targetEpoch,
            vote.sourceEpoch,
            vote.sourceRoot,
            bytes32(v.proof[32:])
        );
        bytes32 root = Sha256.pair(bytes32(v.proof[:32]), bodyRoot);
        if (root != vote.targetRoot) revert Slashings_WrongOpening(root, vote.targetRoot);
        bytes32 absentHash = v.signers.length == 0 ? bytes32(0) : keccak256(v.signers);
        bytes32 commitment = ANCHORS.checkpoint(vote.targetEpoch).commitment;
        if (vote.targetEpoch == 0 || Hashes.efficientKeccak256(root, absentHash) != commitment) {
            revert Slashings_NotAccepted(vote.targetEpoch);
        }
    }

    function _requireSignature(G1Point memory key, bytes32 digest, bytes calldata signature) private view {
        if (signature.length != SIGNATURE_LENGTH) revert Slashings_ProofLength(signature.length, SIGNATURE_LENGTH);
        if (!Bls.verify(key, digest, abi.decode(signature, (G2Point)), Bls.SIGNATURE_TAG)) {
            revert Slashings_InvalidSignature(digest);
        }
    }

    function _requireOperator(address operator, bytes32 hash, bytes calldata signature) private pure {
        if (signature.length != HEADER_SIGNATURE_LENGTH) {
            revert Slashings_ProofLength(signature.length, HEADER_SIGNATURE_LENGTH);
        }
        // Nobody's for a malformed one, among them those with a high s.
        (address signer, , ) = ECDSA.tryRecoverCalldata(hash, signature);
        if (signer != operator || operator == address(0)) revert Slashings_NotOperator(signer, operator);
    }
}
