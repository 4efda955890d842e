// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IForfeits} from "../libraries/IForfeits.sol";
import {BlockHeader} from "../types/BlockHeader.sol";
import {HeaderEvidence} from "../types/DisputeEvidence.sol";
import {CrosslinkProof} from "../types/Proofs.sol";
import {IJudge} from "./IJudge.sol";

/// @notice A leaf of a trace as it is claimed (see LeafOpening), and the payload with its hash.
struct TraceStep {
    bytes32 word;
    bytes32 stateRoot;
    bytes payload;
}

/// @notice What is asked for, and how far it is answered.
struct DataChallenge {
    bytes32 crosslinkHash;
    // the blocks root of the crosslink, or the trace root of the header whose steps are asked for
    bytes32 root;
    address challenger;
    // what is left of it, in wei
    uint96 bond;
    uint64 epoch;
    uint16 position;
    // of the header in the crosslink; 0xffff if all headers are asked for
    uint16 blockIndex;
    uint8 chunk;
    // leaves under the root: blocks of the crosslink, or steps of the block
    uint32 count;
    // to be answered before this time, or before this block: until both are reached
    uint40 deadlineTime;
    uint40 deadlineBlock;
    // bit i: the steps 8 i to 8 i + 7 of the chunk are not answered yet; 1 for headers that are not; zero when all is
    uint32 missing;
}

/**
 * @title Data challenges: what was anchored has to be shown
 * @notice Whoever misses data of an accepted, unsettled crosslink asks for it with a bond, for all its headers or for
 * 256 steps of one of them. Anybody may answer, until half a challenge window later, and is credited half of the bond;
 * the other half is burnt, so that it costs something to answer oneself. What stays unanswered is void
 * (Predicate.Silence, whose evidence is the ABI encoding of the challenge's id), and the challenger gets the bond back.
 *
 * The k-th challenge at a position since something has settled there costs k bonds: so who puts settlement off for ever
 * by one challenge after the other pays more and more for it.
 *
 * A challenge defers the settlement of what it asks for, and of what is built on that, until there has been time to
 * dispute what the last possible moment brought to light: half a window, or a quarter if it would be more than two
 * windows from acceptance on. All durations have to pass in time and in blocks of the parent chain.
 */
interface IDataChallenges is IForfeits, IJudge {
    /// @notice Somebody asks for data of the crosslink.
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
    /// @notice All headers of the crosslink.
    event HeadersAnswered(uint256 indexed id, address indexed by, BlockHeader[] headers);
    /// @notice Steps of a chunk.
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
    /// @notice What was left of the bond is the challenger's again.
    event BondReturned(uint256 indexed id, address indexed challenger, uint96 bond);

    error DataChallenges_BondTooLow(uint256 value, uint256 bond);
    /// @notice It could not be answered and disputed any more within two windows from acceptance on.
    error DataChallenges_TooLate(bytes32 crosslinkHash);
    error DataChallenges_TooMany(bytes32 crosslinkHash, uint256 max);
    /// @notice The same was asked before: it is answered, or will be, or the crosslink can be made void.
    error DataChallenges_AlreadyAsked(uint256 id);
    /// @notice The block has so many chunks; none if its number of steps is 0 or more than a block may have.
    error DataChallenges_NoSuchChunk(uint32 chunk, uint256 chunks);
    error DataChallenges_Unknown(uint256 id);
    /// @notice The challenge asks for the other kind of data.
    error DataChallenges_WrongKind(uint256 id);
    /// @notice All of it is answered already, or it is too late to answer, or the crosslink is void.
    error DataChallenges_NotOpen(uint256 id);
    /// @notice The data are not what the crosslink or the block commits to.
    error DataChallenges_WrongAnswer(bytes32 root, bytes32 expected);
    /// @notice So many headers, siblings or chunk roots make the answer.
    error DataChallenges_WrongCount(uint256 count, uint256 expected);
    /// @notice The steps are no aligned part of the chunk.
    error DataChallenges_WrongRange(uint256 first, uint256 count);
    /// @notice The challenge may still be answered, and its crosslink is not void.
    error DataChallenges_NotDue(uint256 id);
    /// @notice The bond is answered for, or was returned.
    error DataChallenges_NoBond(uint256 id);

    /**
     * @notice Asks for all headers of the crosslink, with at least `nextBond(position)`; what is more is returned.
     * @return id keccak256(abi.encode(bytes32 crosslinkHash, uint16 0xffff, uint8 0))
     */
    function challengeHeaders(CrosslinkProof calldata proof) external payable returns (uint256 id);

    /**
     * @notice Asks for the steps 256 * chunk to 256 * chunk + 255 of a header of the crosslink, likewise.
     * @return id keccak256(abi.encode(bytes32 crosslinkHash, uint16 index of the header, uint8 chunk))
     */
    function challengeChunk(
        CrosslinkProof calldata proof,
        HeaderEvidence calldata header,
        uint32 chunk
    ) external payable returns (uint256 id);

    /// @notice Answers with all headers of the crosslink, in order.
    function answerHeaders(uint256 id, BlockHeader[] calldata headers) external;

    /**
     * @notice Answers with steps of the chunk: 8 * 2^k of them, aligned, or fewer if they reach the end of the trace.
     * The caller is credited its share, for steps that were not answered before.
     * @param first index of the first step in the trace
     * @param siblings from the subtree of these steps up to the chunk, bottom up
     * @param chunkRoots of all chunks of the padded trace, as they are: a power of two of them
     */
    function answerSteps(
        uint256 id,
        uint32 first,
        TraceStep[] calldata steps,
        bytes32[] calldata siblings,
        bytes32[] calldata chunkRoots
    ) external;

    /// @notice Credits the challenger what is left of the bond of a challenge that was not answered in time, or whose
    ///         crosslink is void.
    function reclaim(uint256 id) external;

    /// @notice All zero if there is no such challenge.
    function challenge(uint256 id) external view returns (DataChallenge memory);

    /// @notice How many challenges to the crosslink are open: neither answered nor reclaimed.
    function openCount(bytes32 crosslinkHash) external view returns (uint256);

    /// @notice What the next challenge at the position costs, in wei, at the base fee of this block.
    function nextBond(uint16 position) external view returns (uint256);
}
