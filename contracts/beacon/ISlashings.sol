// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICommitReveal} from "../libraries/ICommitReveal.sol";
import {SignedAttestation, SignedHeader, SignedProposal, SignedVote, Signers} from "../types/Evidence.sol";

/// @notice What a validator must not do.
enum Offence {
    DoubleVote,
    SurroundVote,
    DoubleAttestation,
    DoubleProposal
}

/**
 * @title Slashing: evidence of what nobody may sign, and its consequences
 * @notice Evidence is two signed messages that one key must not sign both. Whoever signed both is guilty, whichever of
 * them came first, as long as its stake has not been withdrawn: evidence does not age. Who is guilty of several
 * offences, or reported several times, is punished once.
 *
 * The reporter gets a part of what is taken (IStaking, IShardRegistry), and commits to its evidence before it shows it
 * (ICommitReveal): the arguments of its report without the salt. A report fixes who is guilty; `punish` is called for
 * as many of them at a time as fit in a transaction, by anybody: the reward is the reporter's. `multicall` does both in
 * one transaction.
 */
interface ISlashings is ICommitReveal {
    /// @notice Whoever is in `a` and in `b` is guilty, and may be punished.
    event OffenceReported(bytes32 indexed id, address indexed reporter, Offence offence, Signers a, Signers b);
    /// @notice The validator was slashed.
    /// @param penalty taken at once, in wei; more may follow at withdrawal
    event OffenderPunished(bytes32 indexed id, uint32 indexed validator, uint96 penalty);
    /// @notice The shard's operator has signed two blocks of one number; its bond is taken.
    event OperatorPunished(
        uint32 indexed shardId,
        uint32 generation,
        uint64 number,
        address indexed reporter,
        uint256 penalty
    );

    /// @notice The votes do not contradict each other.
    error Slashings_VotesNotSlashable();
    /// @notice The messages are of different shards, generations, epochs or numbers: one may sign both.
    error Slashings_DifferentDuties();
    /// @notice Both messages are the same.
    error Slashings_SameMessage(bytes32 digest);
    error Slashings_ProofLength(uint256 length, uint256 expected);
    /// @notice The signature of this message is not the signers'.
    error Slashings_InvalidSignature(bytes32 digest);
    /// @notice The parts of the root do not make it.
    error Slashings_WrongOpening(bytes32 root, bytes32 expected);
    /// @notice Not this vote, or not by these signers, was accepted for that epoch.
    error Slashings_NotAccepted(uint64 targetEpoch);
    /// @notice `signer` is zero if the signature is nobody's, `operator` if the shard had none in that generation.
    error Slashings_NotOperator(address signer, address operator);
    /// @notice These two sets of signers may be punished already, for this offence or another one of theirs.
    error Slashings_AlreadyReported(bytes32 id);
    /// @notice The bond that stood for that operator is gone.
    error Slashings_NoBond(uint32 shardId);
    error Slashings_NotReported(bytes32 id);

    // ------------------------------------------------------------------ evidence

    /// @notice Two votes of which one key may sign only one: for one epoch, or one around the other.
    /// @return id of the offence
    function reportVotes(SignedVote calldata a, SignedVote calldata b, bytes32 salt) external returns (bytes32 id);

    /// @notice Two attestations for one shard, generation and epoch.
    /// @return id of the offence
    function reportAttestations(
        SignedAttestation calldata a,
        SignedAttestation calldata b,
        bytes32 salt
    ) external returns (bytes32 id);

    /// @notice Two proposals of one validator for one epoch.
    /// @return id of the offence
    function reportProposals(
        uint32 validator,
        uint64 epoch,
        SignedProposal calldata a,
        SignedProposal calldata b,
        bytes32 salt
    ) external returns (bytes32 id);

    /// @notice Two blocks of one shard, generation and number by its operator: takes the shard's bond.
    function reportHeaders(SignedHeader calldata a, SignedHeader calldata b, bytes32 salt) external;

    /**
     * @notice Punishes those who are guilty of a reported offence, among `count` members of `a` from index `first` on:
     * of a list by their place in it, else by seat. Who has been punished before is passed over.
     * @return punished how many were
     */
    function punish(
        Signers calldata a,
        Signers calldata b,
        uint256 first,
        uint256 count
    ) external returns (uint256 punished);

    // ------------------------------------------------------------------ reads

    /// @notice Who reported the offence; zero if nobody did.
    function reporterOf(bytes32 id) external view returns (address);

    /// @notice How many validators a list may have: more are shown by those who are absent.
    function maxListed() external view returns (uint256);
}
