// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HeaderOpening} from "../types/DisputeEvidence.sol";
import {Crosslink} from "../types/Crosslink.sol";
import {Fault, Predicate} from "../types/Fault.sol";
import {CrosslinkProof} from "../types/Proofs.sol";

/// @notice What is known of a void crosslink.
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
 * void. Those who signed it lose their whole stakes, its operator the bond; for silence it is a small penalty.
 */
interface IDisputes {
    /// @notice The crosslink is void.
    event CrosslinkDisputed(
        bytes32 indexed crosslinkHash,
        uint32 indexed shardId,
        uint64 indexed epoch,
        Predicate predicate,
        Fault fault,
        uint16 blockIndex,
        address reporter
    );
    /// @notice Somebody who had committed before the crosslink became void, without a reporter, is its reporter.
    event ReporterAdopted(bytes32 indexed crosslinkHash, address indexed reporter);
    /// @notice The validator signed a void crosslink.
    event SignerPunished(bytes32 indexed crosslinkHash, uint32 indexed validator, uint96 penalty);
    /// @notice The operator signed a void crosslink, or the block at fault in it.
    event OperatorPunished(bytes32 indexed crosslinkHash, uint32 indexed shardId, uint96 penalty);

    /// @notice The judge found no fault.
    error Disputes_Sound();
    error Disputes_NotVoid(bytes32 crosslinkHash);
    /// @notice There is a reporter already, or it is too late to become one.
    error Disputes_AlreadyVoid(bytes32 crosslinkHash);
    /// @notice Until that block somebody who had committed may still become the reporter.
    error Disputes_TooEarly(uint256 fromBlock);
    error Disputes_SignatureLength(uint256 length, uint256 expected);
    error Disputes_InvalidSignature(bytes32 digest);
    error Disputes_NotOperator(address signer, address operator);
    /// @notice The fault is in no block, or in another one.
    error Disputes_WrongBlock(uint16 blockIndex);
    error Disputes_NoBond(uint32 shardId);

    /**
     * @notice Makes the crosslink void if the judge of the predicate finds a fault.
     * @param salt opens a commitment to keccak256(abi.encode(predicate, proof, evidence)) of the caller, who is then the
     * reporter; zero: there is none, and nobody is paid
     */
    function dispute(
        Predicate predicate,
        CrosslinkProof calldata proof,
        bytes calldata evidence,
        bytes32 salt
    ) external returns (bytes32 crosslinkHash);

    /**
     * @notice Punishes the members `first` to `first + count - 1` of the committee of a void crosslink that voted.
     * @param proof of the crosslink in the checkpoint of its epoch; its absent hash is that of `absent`
     * @param absent bitmap of the seats that have not voted for that checkpoint
     */
    function punishCommittee(
        CrosslinkProof calldata proof,
        bytes calldata absent,
        uint256 first,
        uint256 count
    ) external returns (uint256 punished);

    /// @notice Punishes validators (a list, formats section 8) whose aggregate signature on a void crosslink is shown.
    function punishAttesters(
        Crosslink calldata crosslink,
        bytes calldata signers,
        bytes calldata signature
    ) external returns (uint256 punished);

    /// @notice Takes the bond of the operator who signed a void crosslink.
    function punishOperator(Crosslink calldata crosslink, bytes calldata signature) external returns (uint96 penalty);

    /// @notice Takes the bond of the operator who signed the block at fault in a void crosslink.
    function punishOperatorByHeader(
        Crosslink calldata crosslink,
        HeaderOpening calldata header,
        bytes calldata signature
    ) external returns (uint96 penalty);

    /// @notice What made the crosslink void; all zero if nothing did.
    function verdictOn(bytes32 crosslinkHash) external view returns (Verdict memory);

    /// @notice Who judges by that predicate.
    function judgeOf(Predicate predicate) external view returns (address);
}
