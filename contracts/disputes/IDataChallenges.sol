// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockHeader} from "../types/BlockHeader.sol";
import {HeaderEvidence} from "../types/DisputeEvidence.sol";
import {CrosslinkProof} from "../types/Proofs.sol";

/// @notice A leaf of a trace as it is claimed (see LeafOpening), and the payload with its hash.
struct TraceStep {
    bytes32 word;
    bytes32 stateRoot;
    bytes payload;
}

struct DataChallenge {
    bytes32 crosslinkHash;
    address challenger;
    uint16 position;
    uint64 epoch;
    uint96 bond;
    // of the chunk's header; zero if the headers of the crosslink are asked for
    bytes32 blockHash;
    uint32 chunk;
    // to be answered before this time, or this block, whichever comes last
    uint40 deadlineTime;
    uint40 deadlineBlock;
    // bit i: the steps 8 i to 8 i + 7 of the chunk are not answered yet; zero when all is
    uint32 missing;
}

/**
 * @title Data challenges: what was anchored has to be shown
 * @notice Whoever misses data of an accepted, unsettled crosslink asks for it with a bond, for all its headers or for 256
 * steps of one of them. Anybody may answer, and earns the bond. What stays unanswered is void (Predicate.Silence).
 */
interface IDataChallenges {
    /// @param blockHash of the header whose steps are asked for, zero for all headers
    /// @param missing bit i: the steps 8 i to 8 i + 7 of the chunk, as many as there are; 1 for all headers
    event DataChallenged(
        uint256 indexed id,
        bytes32 indexed crosslinkHash,
        bytes32 blockHash,
        uint32 chunk,
        uint32 missing,
        address challenger,
        uint96 bond,
        uint40 deadlineTime,
        uint40 deadlineBlock
    );
    event HeadersAnswered(uint256 indexed id, address indexed by, BlockHeader[] headers);
    /// @param missing what of the chunk is still not answered
    /// @param first index of the first step in the trace
    /// @param siblings as given, so that a path that hides leaves in the padding shows
    /// @param chunkRoots of all chunks of the padded trace
    event StepsAnswered(
        uint256 indexed id,
        address indexed by,
        uint32 missing,
        uint32 first,
        TraceStep[] steps,
        bytes32[] siblings,
        bytes32[] chunkRoots
    );
    event BondReturned(uint256 indexed id, address indexed challenger, uint96 bond);

    error DataChallenges_WrongBond(uint256 value, uint256 expected);
    /// @notice The window of the crosslink is over, or as long as it may become.
    error DataChallenges_TooLate(bytes32 crosslinkHash);
    error DataChallenges_TooMany(bytes32 crosslinkHash, uint256 max);
    error DataChallenges_AlreadyAsked(uint256 id);
    error DataChallenges_NoSuchChunk(uint32 chunk, uint256 chunks);
    error DataChallenges_Unknown(uint256 id);
    /// @notice It is answered, or void.
    error DataChallenges_NotOpen(uint256 id);
    error DataChallenges_WrongAnswer(bytes32 root, bytes32 expected);
    error DataChallenges_WrongRange(uint256 first, uint256 count);
    error DataChallenges_NotDue(uint256 id);

    /// @notice Asks for all headers of the crosslink, with `bondFor(crosslinkHash)`.
    function challengeHeaders(CrosslinkProof calldata proof) external payable returns (uint256 id);

    /// @notice Asks for the steps 256 * chunk to 256 * chunk + 255 of a header of the crosslink.
    function challengeChunk(
        CrosslinkProof calldata proof,
        HeaderEvidence calldata header,
        uint32 chunk
    ) external payable returns (uint256 id);

    /// @notice Answers with all headers of the crosslink, in order. The bond is the caller's.
    function answerHeaders(uint256 id, bytes32 blocksRoot, BlockHeader[] calldata headers) external;

    /**
     * @notice Answers with steps of the chunk: 8 * 2^k of them, aligned, or up to the end of the trace. The bond is that
     * of whoever answers the last of them.
     * @param siblings from the subtree of these steps up to the chunk, bottom up
     * @param chunkRoots of all chunks of the padded trace, as they are: a power of two of them
     */
    function answerSteps(
        uint256 id,
        BlockHeader calldata header,
        uint32 first,
        TraceStep[] calldata steps,
        bytes32[] calldata siblings,
        bytes32[] calldata chunkRoots
    ) external;

    /// @notice Returns the bond of a challenge that was not answered in time, or whose crosslink is void.
    function reclaim(uint256 id) external;

    function challenge(uint256 id) external view returns (DataChallenge memory);

    /// @notice Number of challenges so far; the last id.
    function challengeCount() external view returns (uint256);

    /// @notice What the next challenge to the crosslink costs, in wei, at the base fee of this block.
    function bondFor(bytes32 crosslinkHash) external view returns (uint256);
}
