// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {IBeaconRegistry} from "../beacon/IBeaconRegistry.sol";
import {ICrosslinkAnchors} from "../beacon/ICrosslinkAnchors.sol";
import {IStaking} from "../beacon/IStaking.sol";
import {Bls} from "../libraries/Bls.sol";
import {CommitReveal} from "../libraries/CommitReveal.sol";
import {KeyBlobs} from "../libraries/KeyBlobs.sol";
import {ListedKeys} from "../libraries/ListedKeys.sol";
import {Openings} from "../libraries/Openings.sol";
import {SeatBitmap} from "../libraries/SeatBitmap.sol";
import {SigningRoots} from "../libraries/SigningRoots.sol";
import {SwapOrNotShuffle} from "../libraries/SwapOrNotShuffle.sol";
import {ValidatorList} from "../libraries/ValidatorList.sol";
import {IShardRegistry} from "../shards/IShardRegistry.sol";
import {BlockHeader} from "../types/BlockHeader.sol";
import {Crosslink} from "../types/Crosslink.sol";
import {HeaderOpening} from "../types/DisputeEvidence.sol";
import {Fault, NO_BLOCK, Predicate} from "../types/Fault.sol";
import {G1Point} from "../types/G1Point.sol";
import {G2Point} from "../types/G2Point.sol";
import {CrosslinkProof} from "../types/Proofs.sol";
import {IDisputes, Verdict} from "./IDisputes.sol";
import {IJudge} from "./IJudge.sol";

/// @title Disputes: what is wrong is made void, and who signed it pays
/// @notice See IDisputes.
contract Disputes is IDisputes, CommitReveal, Multicall {
    using BitMaps for BitMaps.BitMap;
    using SafeCast for uint256;
    using SeatBitmap for bytes;
    using SeatBitmap for uint256;
    using ValidatorList for bytes;

    uint256 private constant SIGNATURE_LENGTH = 256;
    uint256 private constant OPERATOR_SIGNATURE_LENGTH = 65;

    /// @dev Who had committed has that many blocks to get a transaction in.
    uint256 private constant ADOPT_BLOCKS = 64;

    IBeaconRegistry private immutable REGISTRY;
    ICrosslinkAnchors private immutable ANCHORS;
    IStaking private immutable STAKING;
    IShardRegistry private immutable SHARDS;
    uint256 private immutable SHUFFLE_ROUNDS;

    mapping(Predicate predicate => IJudge judge) private _judges;
    mapping(bytes32 crosslinkHash => Verdict verdict) private _verdicts;
    mapping(bytes32 crosslinkHash => BitMaps.BitMap validators) private _fined;

    /// @notice The judges are for ever.
    /// @param judges by predicate, in their order. They are there before, and do not know this contract.
    constructor(
        IBeaconRegistry registry,
        ICrosslinkAnchors anchors,
        IStaking staking,
        IShardRegistry shards,
        IJudge[9] memory judges
    ) {
        REGISTRY = registry;
        ANCHORS = anchors;
        STAKING = staking;
        SHARDS = shards;
        SHUFFLE_ROUNDS = registry.parameters().shuffleRounds;
        for (uint8 i = 0; i < judges.length; ++i) _judges[Predicate(i)] = judges[i];
    }

    // ---------------------------------------------------------------- disputes

    /// @inheritdoc IDisputes
    function dispute(
        Predicate predicate,
        CrosslinkProof calldata proof,
        bytes calldata evidence,
        bytes32 salt
    ) external returns (bytes32 crosslinkHash) {
        Crosslink calldata crosslink = proof.crosslink;
        // Nothing stays of this unless the judge agrees: it is cheaper than to open the crosslink twice.
        bool wasVoid = ANCHORS.isVoid(proof.position, proof.checkpointEpoch);
        crosslinkHash = wasVoid ? ANCHORS.openAccepted(proof) : ANCHORS.voidEntry(proof);
        (address reporter, uint256 committed) = (address(0), block.number);
        if (salt != 0) {
            (reporter, committed) = (msg.sender, _reveal(keccak256(abi.encode(predicate, crosslink, evidence)), salt));
        }
        (Fault fault, uint16 blockIndex) = _judges[predicate].judge(predicate, crosslink, evidence);
        if (fault == Fault.None) revert Disputes_Sound();

        Verdict memory known = _verdicts[crosslinkHash];
        bool isSameKind = (known.fault == Fault.Unanswered) == (fault == Fault.Unanswered);
        if (known.fault != Fault.None && (isSameKind || fault == Fault.Unanswered)) {
            // Who saw the evidence before all others is not outrun by whoever copies it.
            bool isAdopted =
                isSameKind &&
                    known.reporter == address(0) &&
                    committed < known.blockNumber &&
                    block.number <= known.blockNumber + ADOPT_BLOCKS;
            if (!isAdopted) revert Disputes_AlreadyJudged(crosslinkHash);
            _verdicts[crosslinkHash].reporter = reporter;
            emit ReporterAdopted(crosslinkHash, reporter);
            return crosslinkHash;
        }
        // Nobody has to show what is void, or even can.
        if (wasVoid && fault == Fault.Unanswered) revert Disputes_AlreadyVoid(crosslinkHash);
        _verdicts[crosslinkHash] = Verdict({
            reporter: reporter,
            blockNumber: block.number.toUint40(),
            fault: fault,
            blockIndex: blockIndex
        });
        emit CrosslinkDisputed(
            crosslinkHash,
            crosslink.shardId,
            crosslink.epoch,
            predicate,
            fault,
            blockIndex,
            reporter
        );
    }

    // ---------------------------------------------------------------- punishment

    /// @inheritdoc IDisputes
    function punishCommittee(
        CrosslinkProof calldata proof,
        bytes calldata absent,
        uint256 first,
        uint256 count
    ) external returns (uint256 punished) {
        bytes32 absentHash = absent.length == 0 ? bytes32(0) : keccak256(absent);
        if (absentHash != proof.absentHash) revert Disputes_WrongAbsent(absentHash, proof.absentHash);
        bytes32 crosslinkHash = ANCHORS.openAccepted(proof);
        Verdict memory verdict = _verdictFor(crosslinkHash);
        uint64 epoch = proof.checkpointEpoch;
        uint256 seats = REGISTRY.seatCount(epoch);
        bytes32 seed = REGISTRY.seed(epoch);
        (uint256 start, uint256 end) = SwapOrNotShuffle.committeeSlice(
            proof.position,
            REGISTRY.committeeCount(epoch),
            seats
        );
        uint256 last = Math.min(Math.saturatingAdd(first, count), end - start);
        for (uint256 i = first; i < last; ++i) {
            uint256 seat = SwapOrNotShuffle.computeShuffledIndex(start + i, seats, seed, SHUFFLE_ROUNDS);
            if (absent.word(seat / KeyBlobs.GROUP).has(seat % KeyBlobs.GROUP)) continue;
            // Whoever sat there then, whoever does now.
            uint32 validator = REGISTRY.occupant(uint32(seat), epoch);
            if (validator != 0 && _punish(crosslinkHash, verdict, validator)) ++punished;
        }
    }

    /// @inheritdoc IDisputes
    function punishAttesters(
        Crosslink calldata crosslink,
        bytes calldata signers,
        bytes calldata signature
    ) external returns (uint256 punished) {
        bytes32 crosslinkHash = SigningRoots.crosslink(REGISTRY.domainSeparator(), crosslink);
        Verdict memory verdict = _verdictFor(crosslinkHash);
        G1Point memory key = ListedKeys.sum(signers, REGISTRY.keyOf);
        _requireLength(signature, SIGNATURE_LENGTH);
        if (!Bls.verify(key, crosslinkHash, abi.decode(signature, (G2Point)), Bls.SIGNATURE_TAG)) {
            revert Disputes_InvalidSignature(crosslinkHash);
        }
        uint256 total = signers.count();
        for (uint256 i = 0; i < total; ++i) {
            if (_punish(crosslinkHash, verdict, signers.validatorAt(i))) ++punished;
        }
    }

    /// @inheritdoc IDisputes
    function punishOperator(Crosslink calldata crosslink, bytes calldata signature) external returns (uint96 penalty) {
        bytes32 crosslinkHash = SigningRoots.crosslink(REGISTRY.domainSeparator(), crosslink);
        return _takeBond(crosslinkHash, _verdictFor(crosslinkHash), crosslink, crosslinkHash, signature);
    }

    /// @inheritdoc IDisputes
    function punishOperatorByHeader(
        Crosslink calldata crosslink,
        HeaderOpening calldata opening,
        bytes calldata signature
    ) external returns (uint96 penalty) {
        bytes32 domainSeparator = REGISTRY.domainSeparator();
        bytes32 crosslinkHash = SigningRoots.crosslink(domainSeparator, crosslink);
        Verdict memory verdict = _verdictFor(crosslinkHash);
        if (verdict.blockIndex == NO_BLOCK || !_isOfBlock(verdict.fault)) {
            revert Disputes_NoBlockAtFault(crosslinkHash);
        }
        BlockHeader calldata header = opening.header;
        // The operator's of another shard has signed it for that one, and cannot help where it was put.
        if (header.shardId != crosslink.shardId || header.generation != crosslink.generation) {
            revert Disputes_ForeignBlock(header.shardId, header.generation);
        }
        bytes32 blockHash = Openings.requireHeader(domainSeparator, crosslink, verdict.blockIndex, opening);
        return _takeBond(crosslinkHash, verdict, crosslink, blockHash, signature);
    }

    // ---------------------------------------------------------------- reads

    /// @inheritdoc IDisputes
    function verdictOn(bytes32 crosslinkHash) external view returns (Verdict memory) {
        return _verdicts[crosslinkHash];
    }

    /// @inheritdoc IDisputes
    function isFined(bytes32 crosslinkHash, uint32 validator) external view returns (bool) {
        return _fined[crosslinkHash].get(validator);
    }

    /// @inheritdoc IDisputes
    function judgeOf(Predicate predicate) external view returns (address) {
        return address(_judges[predicate]);
    }

    /// @inheritdoc IDisputes
    function adoptBlocks() external pure returns (uint256) {
        return ADOPT_BLOCKS;
    }

    // ---------------------------------------------------------------- private

    /// @dev The verdict by which may be punished.
    function _verdictFor(bytes32 crosslinkHash) private view returns (Verdict memory verdict) {
        verdict = _verdicts[crosslinkHash];
        if (verdict.fault == Fault.None) revert Disputes_NoVerdict(crosslinkHash);
        uint256 lastAdoption = verdict.blockNumber + ADOPT_BLOCKS;
        if (verdict.reporter == address(0) && block.number <= lastAdoption) revert Disputes_TooEarly(lastAdoption + 1);
    }

    /// @dev Whether who signed the header has signed the fault. Else a good block may stand in a wrong place, or on
    ///      another one than it names.
    function _isOfBlock(Fault fault) private pure returns (bool) {
        return fault == Fault.StepCountOutOfRange || (fault >= Fault.TracePadding && fault <= Fault.WrongStepState);
    }

    /// @notice Takes what the verdict costs who signed the crosslink.
    /// @return isPunished whether anything was taken
    function _punish(
        bytes32 crosslinkHash,
        Verdict memory verdict,
        uint32 validator
    ) private returns (bool isPunished) {
        uint96 penalty;
        if (verdict.fault != Fault.Unanswered) {
            penalty = STAKING.slashWhole(validator, verdict.reporter);
        } else {
            if (_fined[crosslinkHash].get(validator)) return false;
            _fined[crosslinkHash].set(validator);
            penalty = STAKING.fine(validator, verdict.reporter);
        }
        if (penalty == 0) return false;
        emit SignerPunished(crosslinkHash, validator, penalty);
        return true;
    }

    /// @notice Takes the bond of the operator who signed the crosslink, or its block at fault.
    /// @param signed what the operator of the crosslink's generation is to have signed
    function _takeBond(
        bytes32 crosslinkHash,
        Verdict memory verdict,
        Crosslink calldata crosslink,
        bytes32 signed,
        bytes calldata signature
    ) private returns (uint96 penalty) {
        _requireLength(signature, OPERATOR_SIGNATURE_LENGTH);
        (uint32 shardId, uint32 generation) = (crosslink.shardId, crosslink.generation);
        // Nobody's for a malformed one, among them those with a high s; and nobody may be the operator.
        (address signer, , ) = ECDSA.tryRecoverCalldata(signed, signature);
        address operator = SHARDS.operatorOf(shardId, generation);
        if (signer == address(0) || signer != operator) revert Disputes_NotOperator(signer, operator);
        penalty = SHARDS.slashBond(shardId, generation, verdict.reporter);
        if (penalty == 0) revert Disputes_NoBond(shardId, generation);
        emit OperatorPunished(crosslinkHash, shardId, penalty);
    }

    function _requireLength(bytes calldata signature, uint256 expected) private pure {
        if (signature.length != expected) revert Disputes_SignatureLength(signature.length, expected);
    }
}
