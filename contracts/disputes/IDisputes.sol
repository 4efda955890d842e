// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommitReveal} from "../libraries/ICommitReveal.sol";
import {HeaderOpening} from "../types/DisputeEvidence.sol";
import {Crosslink} from "../types/Crosslink.sol";
import {Fault, Predicate} from "../types/Fault.sol";
import {CrosslinkProof} from "../types/Proofs.sol";

/// @notice What was found of a crosslink.
struct Verdict {
    // zero if nobody is to be paid for it
    address reporter;
    uint40 blockNumber;
    Fault fault;
    // of the block at fault in the crosslink, 0xffff if the fault is in none
    uint16 blockIndex;
}

/**
 * @title Disputes: what is wrong is made void, and who signed it pays
 * @notice Anybody who shows that an accepted, not yet settled crosslink is at fault makes it and all that builds on it
 * void. Those who signed it lose their whole stakes, its operator the bond. For silence (Fault.Unanswered) validators
 * pay a small fine only, as nothing shows that it is they who are silent.
 *
 * The reporter gets an eighth of what is taken, and commits to the evidence before it shows it (ICommitReveal), to
 * keccak256(abi.encode(Predicate predicate, Crosslink crosslink, bytes evidence)): not to the proof, which changes with
 * every late vote. When there is no time for that, a
 * dispute without a commitment makes void at once; who had committed before may become the reporter still, by the same
 * call, within `adoptBlocks`. Until these are over nobody is punished for a crosslink without a reporter.
 *
 * A crosslink that is void already, because one is that it builds on, can be disputed like others, for those who signed
 * it to be punished, but not for silence; so can one that is void for silence, which must not save who lied.
 */
interface IDisputes is ICommitReveal {
    /// @notice The crosslink is at fault, and void.
    event CrosslinkDisputed(
        bytes32 indexed crosslinkHash,
        uint32 indexed shardId,
        uint64 indexed epoch,
        Predicate predicate,
        Fault fault,
        uint16 blockIndex,
        address reporter
    );
    /// @notice Somebody who had committed before the crosslink was disputed, without a reporter, is its reporter.
    event ReporterAdopted(bytes32 indexed crosslinkHash, address indexed reporter);
    /// @notice The validator signed the crosslink.
    event SignerPunished(bytes32 indexed crosslinkHash, uint32 indexed validator, uint96 penalty);
    /// @notice The operator signed the crosslink, or the block at fault in it.
    event OperatorPunished(bytes32 indexed crosslinkHash, uint32 indexed shardId, uint96 penalty);

    /// @notice The judge found no fault.
    error Disputes_Sound();
    /// @notice The crosslink has not been disputed with success.
    error Disputes_NoVerdict(bytes32 crosslinkHash);
    /// @notice There is a verdict of that kind already, and a reporter, or it is too late to become one.
    error Disputes_AlreadyJudged(bytes32 crosslinkHash);
    /// @notice What is void needs not be shown, so nobody is silent about it.
    error Disputes_AlreadyVoid(bytes32 crosslinkHash);
    /// @notice Who had committed to it may still become the reporter, in blocks before this one.
    error Disputes_TooEarly(uint256 fromBlock);
    /// @notice The bitmap is not the one that the checkpoint's commitment names.
    error Disputes_WrongAbsent(bytes32 absentHash, bytes32 expected);
    error Disputes_SignatureLength(uint256 length, uint256 expected);
    error Disputes_InvalidSignature(bytes32 digest);
    /// @notice `signer` is zero if the signature is nobody's, `operator` if there was none.
    error Disputes_NotOperator(address signer, address operator);
    /// @notice Nothing is wrong with a block alone: with the crosslink, or with where a block stands in it.
    error Disputes_NoBlockAtFault(bytes32 crosslinkHash);
    /// @notice The header is of another shard or generation than the crosslink.
    error Disputes_ForeignBlock(uint32 shardId, uint32 generation);
    /// @notice No bond stands for that generation any more.
    error Disputes_NoBond(uint32 shardId, uint32 generation);

    /**
     * @notice Makes the crosslink void if the judge of the predicate finds a fault.
     * @param proof of the crosslink in the checkpoint of its epoch
     * @param salt opens a commitment of the caller, who is then the reporter; zero: there is none, and nobody is paid
     */
    function dispute(
        Predicate predicate,
        CrosslinkProof calldata proof,
        bytes calldata evidence,
        bytes32 salt
    ) external returns (bytes32 crosslinkHash);

    /**
     * @notice Punishes the members `first` to `first + count - 1` of the committee of a crosslink at fault, as far as
     * they voted for it: those who have been before, or have no stake left, are passed over.
     * @param proof of the crosslink in the checkpoint of its epoch; its absent hash is that of `absent`
     * @param absent bitmap of the seats that have not voted for that checkpoint
     * @return punished how many were
     */
    function punishCommittee(
        CrosslinkProof calldata proof,
        bytes calldata absent,
        uint256 first,
        uint256 count
    ) external returns (uint256 punished);

    /// @notice Punishes validators (a list, formats section 8) whose aggregate signature on a crosslink at fault is
    ///         shown.
    /// @return punished how many were
    function punishAttesters(
        Crosslink calldata crosslink,
        bytes calldata signers,
        bytes calldata signature
    ) external returns (uint256 punished);

    /// @notice Takes the bond of the operator who signed a crosslink at fault.
    function punishOperator(Crosslink calldata crosslink, bytes calldata signature) external returns (uint96 penalty);

    /// @notice Takes the bond of the operator who signed the block at fault in a crosslink.
    function punishOperatorByHeader(
        Crosslink calldata crosslink,
        HeaderOpening calldata header,
        bytes calldata signature
    ) external returns (uint96 penalty);

    /// @notice What was found of the crosslink; all zero if nothing was. A crosslink without a verdict may be void all
    ///         the same, with one that it builds on.
    function verdictOn(bytes32 crosslinkHash) external view returns (Verdict memory);

    /// @notice Whether the validator was fined for the silence about that crosslink.
    function isFined(bytes32 crosslinkHash, uint32 validator) external view returns (bool);

    /// @notice Who judges by that predicate.
    function judgeOf(Predicate predicate) external view returns (address);

    /// @notice For how many blocks after a dispute without a reporter one may be adopted.
    function adoptBlocks() external pure returns (uint256);
}
